"""An evaluation of a stored run is lost with its machine, and goes on on a cluster."""

import shutil
from pathlib import Path

from engine.run_folder import RunFolder
from jobs.stored.open import stored_run
from tests.crash.runs import finish, kill_when, size_of
from tests.forked import run_forked
from tests.integration.ray.cluster import RunningCluster
from tests.integration.ray.jobs import Outcome, assert_is_that_of_one_machine, evaluation_job
from tests.integration.ray.runs import IN_FLIGHT, bought_again

MOST_UNSEALED = 2 * IN_FLIGHT * 20  # what two workers may buy in 5 s


def test_evaluation_goes_on_on_a_cluster_after_the_loss_of_its_machine(
    cluster: RunningCluster, evaluation_here: Outcome, tmp_path: Path
) -> None:
    url, again_dir = (tmp_path / "store").as_uri(), tmp_path / "again"
    (tmp_path / "store").mkdir()
    with evaluation_job(tmp_path) as job:
        there = RunFolder(job.run_dir)
        with stored_run(there, url, {}):
            """All that there is gets sealed."""
        is_answered = there.results_path("evaluation/answers")
        was_lost = kill_when(job.start(cluster), lambda: size_of(is_answered) > 0)
        shutil.rmtree(there.run_dir, ignore_errors=True)
        fetched = run_forked(["-m", "jobs", "fetch", url, str(again_dir), "--take-over"])
        command = ("evaluate", str(again_dir), *job.command[2:])
        again = job._replace(command=command, run_dir=again_dir)
        code, said = finish(again.start(cluster))

        assert was_lost
        assert fetched.returncode == 0, fetched.stderr
        assert code == 0, said
        assert bought_again(job.server) - evaluation_here.bought_again <= MOST_UNSEALED
        assert_is_that_of_one_machine(again, evaluation_here)
