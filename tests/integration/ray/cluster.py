"""A Ray cluster of two raylets in a process of its own, and its actors by their process ids.

Each raylet has room for one worker, so that a call of two has one on each.

Run as a module it is that process: it prints where the cluster is, and ends with its input.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import orjson

ROOT_DIR = Path(__file__).parents[3]

QUICK = {  # a machine that is gone is noticed in 1 to 2 s
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}


class RunningCluster(NamedTuple):
    """`environment` is what joins it; its files lie in `folder`."""

    address: str
    raylets: list[int]  # the head's first
    gcs: int  # the process that a cluster has one of
    folder: Path
    environment: dict[str, str]
    process: "subprocess.Popen[bytes]"

    def is_alive(self) -> bool:
        """Whether its head has not been killed; a process that has ended is nobody's any more."""
        try:
            state = Path(f"/proc/{self.gcs}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False
        return state != "Z"

    def lose_head(self) -> None:
        """Kill the process that a cluster has one of: nothing of it can be used afterwards."""
        os.kill(self.gcs, signal.SIGKILL)

    def lose_machine(self) -> None:
        """Kill the raylet of a machine; what it has started outlives it for a while."""
        os.kill(self.raylets.pop(), signal.SIGKILL)

    def add_machine(self) -> None:
        """Add one in its place."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"add\n")
        self.process.stdin.flush()
        self.raylets.append(orjson.loads(self.process.stdout.readline()))

    def pids_of(self, actor: str, *, raylets: Sequence[int] = ()) -> list[int]:
        """The processes of actors of a class, on both machines or on those of these raylets."""
        children = (child for each in raylets or self.raylets for child in children_of(each))
        return [pid for pid in children if _command_of(pid).startswith(b"ray::" + actor.encode())]


@contextmanager
def start_cluster() -> Iterator[RunningCluster]:
    folder = Path(tempfile.mkdtemp(prefix="ray-"))
    environment = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_gcs_rpc_server_reconnect_timeout_s": "5",  # a minute by itself
        "RAY_worker_niceness": "0",  # or actors wait for the tests beside these
        "PYTHONPATH": os.pathsep.join([str(ROOT_DIR), os.environ.get("PYTHONPATH", "")]),
    }
    (folder / "ray").mkdir()  # where it expects its folder to be
    with (folder / "stderr.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.ray.cluster"],
            cwd=ROOT_DIR,
            env={**os.environ, **environment, "RAY_TMPDIR": str(folder), "TMPDIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, (folder / "stderr.log").read_text()
        said = orjson.loads(line)
        yield RunningCluster(**said, folder=folder, environment=environment, process=process)
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()
        shutil.rmtree(folder, ignore_errors=True)


def children_of(parent: int) -> list[int]:
    """Those that any of its threads has started, the first one's first: none, once it has ended."""
    found: list[int] = []
    threads = Path(f"/proc/{parent}/task").glob("*")
    for folder in sorted(threads, key=lambda folder: int(folder.name)):
        with suppress(OSError):  # the thread has ended
            found += map(int, (folder / "children").read_text().split())
    return found


def _command_of(pid: int) -> bytes:
    with suppress(OSError):  # it has ended
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def kill(pids: list[int]) -> None:
    """Kill the first of them, of which there must be one."""
    assert pids
    os.kill(pids[0], signal.SIGKILL)


def main() -> None:
    from ray._private import ray_constants
    from ray.cluster_utils import Cluster

    out = os.dup(1)
    os.dup2(2, 1)
    node = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 100 << 20}
    head = {**node, "no_monitor": True, "_system_config": QUICK}  # there is nothing to scale
    cluster = Cluster(initialize_head=True, head_node_args=head)
    added = cluster.add_node(**node)

    def pid_of(kind: str, of_node: Any) -> int:
        pid: int = of_node.all_processes[kind][0].process.pid
        return pid

    def say(what: object) -> None:
        os.write(out, orjson.dumps(what) + b"\n")

    raylet, gcs = ray_constants.PROCESS_TYPE_RAYLET, ray_constants.PROCESS_TYPE_GCS_SERVER
    raylets = [pid_of(raylet, each) for each in (cluster.head_node, added)]
    say({"address": cluster.address, "raylets": raylets, "gcs": pid_of(gcs, cluster.head_node)})
    for _ in sys.stdin.buffer:
        say(pid_of(raylet, cluster.add_node(**node)))
    cluster.shutdown()


if __name__ == "__main__":
    main()
