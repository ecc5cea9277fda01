"""`distill evaluate --on ray` on a real cluster that loses workers and machines meanwhile."""

import os
from functools import partial
from pathlib import Path

from tests.crash.runs import comparable_files, finish
from tests.forked import PIPE, STDOUT, ForkedProcess, run_forked
from tests.integration.ray.cluster import RunningCluster, kill
from tests.integration.ray.conftest import VERY_SLOW
from tests.integration.ray.losses import at_work, call_of, stages_with_a_loss
from tests.integration.ray.runs import IN_FLIGHT, bought_again, when
from tests.openai_server import RunningServer, start_openai_server
from tests.unit.jobs.evaluation.made_run import make_run, make_settings

MODELS = [
    {"id": "gpt-4.1-mini", "caches_prompts": False},
    {"id": "gpt-4o-mini", "caches_prompts": False},
    {"id": "text-embedding-3-small", "dimensions": 16},
]
WHO = ("--models", "baseline,teacher", "--mode", "closed", "--pairwise")
SETTINGS = make_settings(f"limits.max_in_flight={IN_FLIGHT}")
ANSWERS, SCORES = "evaluation/answers", "evaluation/scores"


def environment_for(server: RunningServer) -> dict[str, str]:
    return {**os.environ, "OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.base_url}


def test_evaluation_that_loses_a_worker_and_a_machine_is_that_of_one_machine(
    cluster: RunningCluster, tmp_path: Path
) -> None:
    here = make_run(tmp_path / "here" / "run", SETTINGS)
    there = make_run(tmp_path / "there" / "run", SETTINGS)
    command = ("-m", "jobs", "evaluate")
    with start_openai_server({"models": MODELS}) as quick_server:
        ended_here = run_forked(
            [*command, str(here.run_dir), *WHO], env=environment_for(quick_server)
        )
        alike = bought_again(quick_server)  # some items ask the same

    def at_work_on(stage: str) -> list[int]:
        """The worker of the machine that was added last."""
        senders = partial(cluster.pids_of, "ShardSender", raylets=cluster.raylets[-1:])
        return at_work(senders, call_of(there.run_dir, stage))

    at = ("--on", "ray", "--address", cluster.address, "--workers", "2", "--budget-usd", "5")
    with start_openai_server({"models": MODELS, "latency": VERY_SLOW}) as server:
        process = ForkedProcess(
            [*command, str(there.run_dir), *WHO, *at],
            env={**environment_for(server), **cluster.environment},
            stdout=PIPE,
            stderr=STDOUT,
        )
        when(partial(at_work_on, ANSWERS), process)
        kill(at_work_on(ANSWERS))
        when(partial(at_work_on, SCORES), process)
        cluster.lose_machine()  # its worker outlives it for a while
        cluster.add_machine()
        code, said = finish(process)
        again = bought_again(server) - alike

    assert ended_here.returncode == 0, ended_here.stderr
    assert code == 0, said
    assert stages_with_a_loss(said) >= {ANSWERS, SCORES}
    assert again <= 2 * IN_FLIGHT
    assert comparable_files(there.run_dir) == comparable_files(here.run_dir)
    assert not there.shards_dir.exists()
