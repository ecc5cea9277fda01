"""The process that starts Ray clusters: orders come by standard input, and it ends with it.

A cluster has a head without a core, so that any machine with workers may be lost, and machines of
one core each, so that a call of two workers has one on each. One without machines has its head
work. Of Ray there is what our workers need:
servers, raylets and workers, which are forked (begin_worker.py). What starts in Python beside them,
for a dashboard, logs and environments of tasks, takes three quarters of the time, and is left out:
the cluster that a command starts by itself has it all (test_own_cluster.py).
"""

import os
import sys
from pathlib import Path
from typing import Any

import orjson
from ray._private import ray_constants, services
from ray._private.node import Node
from ray.cluster_utils import Cluster

HERE = Path(__file__).parent
AGENT = ["/bin/sh", str(HERE / "agent.sh")]
QUICK = {  # a machine that is gone is noticed in 1 to 2 s
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}
CALM = {  # of what its servers do while they wait, what nothing here looks at
    "enable_metrics_collection": False,
    "event_stats": False,
    "memory_monitor_refresh_ms": 0,
}
MACHINE = {
    "include_dashboard": False,
    "object_store_memory": 100 << 20,
    "worker_path": str(HERE / "begin_worker.py"),
}
HEAD = {
    **MACHINE,
    "no_monitor": True,  # there is nothing to scale
    "include_log_monitor": False,
    "_system_config": {**QUICK, **CALM},
}


def leave_out_the_rest() -> None:
    """Start no dashboard, and a stand-in for what a raylet does not live without."""
    python_command = services._build_python_executable_command_memory_profileable

    def command(kind: str, *arguments: Any, **options: Any) -> list[str]:
        agents = (
            ray_constants.PROCESS_TYPE_DASHBOARD_AGENT,
            ray_constants.PROCESS_TYPE_RUNTIME_ENV_AGENT,
        )
        return AGENT if kind in agents else python_command(kind, *arguments, **options)

    def no_server(node: Node, **_: Any) -> None:
        node._webui_url = ""

    services._build_python_executable_command_memory_profileable = command
    Node.start_api_server = no_server


def pid_of(kind: str, of_node: Any) -> int:
    pid: int = of_node.all_processes[kind][0].process.pid
    return pid


def start(machine_count: int) -> tuple[Cluster, dict[str, object]]:
    head = {**HEAD, "num_cpus": 0 if machine_count else 1}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    raylets = [pid_of(ray_constants.PROCESS_TYPE_RAYLET, cluster.head_node)]
    raylets += [add(cluster) for _ in range(machine_count)]
    return cluster, {
        "address": cluster.address,
        "raylets": raylets,
        "gcs": pid_of(ray_constants.PROCESS_TYPE_GCS_SERVER, cluster.head_node),
    }


def add(cluster: Cluster) -> int:
    return pid_of(ray_constants.PROCESS_TYPE_RAYLET, cluster.add_node(**MACHINE, num_cpus=1))


def main() -> None:
    out = os.dup(1)
    os.dup2(2, 1)
    leave_out_the_rest()
    clusters: dict[str, Cluster] = {}
    for line in sys.stdin.buffer:
        order = orjson.loads(line)
        said: object
        if isinstance(order, int):
            cluster, said = start(order)
            clusters[cluster.address] = cluster
        else:
            said = add(clusters[order])
        os.write(out, orjson.dumps(said) + b"\n")
    for cluster in clusters.values():
        cluster.shutdown()


if __name__ == "__main__":
    main()
