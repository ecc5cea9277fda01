"""An evaluation of a stored run is lost with its machine, and goes on on a cluster."""

import shutil
from pathlib import Path

from engine.run_folder import RunFolder
from jobs.stored.open import stored_run
from tests.crash.runs import comparable_files, finish, kill_when, size_of
from tests.forked import PIPE, STDOUT, ForkedProcess, run_forked
from tests.integration.ray.cluster import RunningCluster
from tests.integration.ray.conftest import SLOW
from tests.integration.ray.runs import IN_FLIGHT, bought_again
from tests.integration.ray.test_evaluate_on_ray import (
    MODELS,
    SETTINGS,
    WHO,
    environment_for,
)
from tests.openai_server import start_openai_server
from tests.unit.jobs.evaluation.made_run import make_run

LOST_IN_FLIGHT = 2 * IN_FLIGHT
MOST_UNSEALED = LOST_IN_FLIGHT * 20  # what two workers may buy in 5 s


def test_evaluation_goes_on_on_a_cluster_after_the_loss_of_its_machine(
    cluster: RunningCluster, tmp_path: Path
) -> None:
    here, url = make_run(tmp_path / "here" / "run", SETTINGS), (tmp_path / "store").as_uri()
    there = make_run(tmp_path / "there" / "run", SETTINGS)
    (tmp_path / "store").mkdir()
    with stored_run(there, url, {}):
        """All that there is gets sealed."""
    command = ("-m", "jobs", "evaluate")
    with start_openai_server({"models": MODELS}) as quick_server:
        ended_here = run_forked(
            [*command, str(here.run_dir), *WHO], env=environment_for(quick_server)
        )
        alike = bought_again(quick_server)

    at = ("--on", "ray", "--address", cluster.address, "--workers", "2", "--budget-usd", "5")
    with start_openai_server({"models": MODELS, "latency": SLOW}) as server:

        def start(folder: RunFolder) -> ForkedProcess:
            return ForkedProcess(
                [*command, str(folder.run_dir), *WHO, *at],
                env={**environment_for(server), **cluster.environment},
                stdout=PIPE,
                stderr=STDOUT,
            )

        is_answered = there.results_path("evaluation/answers")
        was_lost = kill_when(start(there), lambda: size_of(is_answered) > 0)
        shutil.rmtree(there.run_dir, ignore_errors=True)
        fetched = run_forked([*command[:2], "fetch", url, str(tmp_path / "again"), "--take-over"])
        code, said = finish(start(RunFolder(tmp_path / "again")))
        again = bought_again(server) - alike

    assert ended_here.returncode == 0, ended_here.stderr
    assert was_lost
    assert fetched.returncode == 0, fetched.stderr
    assert code == 0, said
    assert again <= MOST_UNSEALED
    assert comparable_files(tmp_path / "again") == comparable_files(here.run_dir)
    assert not RunFolder(tmp_path / "again").shards_dir.exists()
