"""A job in batches that is killed, anywhere, ends like the live lane's and buys nothing twice."""

import random
import signal
import time
from pathlib import Path

import pytest

from tests.crash.batch_jobs import SERVER, Job, run_live
from tests.crash.runs import finish, size_of, write_documents
from tests.openai_server import start_openai_server

SOON_S = 0.2  # no machine is through with a job after rounds of that
ROUNDS_TO_MEET = 3  # a boundary: a round may be over before its batch is
KILLS = 8  # scripts/benchmarks/kill_batches.py kills 200 times
# In the order in which a job comes to them, so that one job meets them all.
BOUNDARIES = (
    *("spool", "pack", "packed", "intent", "outbox", "upload", "uploaded", "create", "created"),
    *("passed", "poll", "polled", "download", "journal", "collected", "delete", "deleted"),
)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "documents"
    write_documents(folder, ("LICENSE", "changing-a-run.md"))
    return folder


@pytest.fixture(scope="module")
def undisturbed(
    documents: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[bytes]]:
    return run_live(documents, tmp_path_factory.mktemp("undisturbed") / "run")


def test_job_killed_once_at_every_boundary_loses_and_repeats_nothing(
    documents: Path, undisturbed: dict[str, list[bytes]], tmp_path: Path
) -> None:
    killed_at = []

    with start_openai_server(SERVER) as server:
        job = Job(server, tmp_path / "run", documents, tmp_path / "state")
        for boundary in BOUNDARIES:
            prefix = ("-m", "tests.crash.killed_at", boundary)
            for _ in range(ROUNDS_TO_MEET):
                code, output = finish(job.start(*prefix))
                assert code in (-signal.SIGKILL, 75), output
                if code == -signal.SIGKILL:
                    killed_at.append(boundary)
                    break
        job.finish()
        faults = job.faults(undisturbed)

    assert killed_at == list(BOUNDARIES)
    assert not any(faults.values()), faults


def test_job_killed_at_random_moments_loses_and_repeats_nothing(
    documents: Path, undisturbed: dict[str, list[bytes]], tmp_path: Path
) -> None:
    rng = random.Random(5)

    with start_openai_server(SERVER) as server:
        job = Job(server, tmp_path / "run", documents, tmp_path / "state")
        kill_count = job.kill_at_random(rng, SOON_S, KILLS)
        job.finish()
        faults = job.faults(undisturbed)

    assert kill_count >= 3
    assert not any(faults.values()), faults


def test_second_round_says_who_holds_the_run_and_leaves(documents: Path, tmp_path: Path) -> None:
    with start_openai_server(SERVER) as server:
        job = Job(server, tmp_path / "run", documents, tmp_path / "state")
        first = job.start()
        while not size_of(job.run_dir / "lock"):
            time.sleep(0.002)
        code, output = finish(job.start())
        first_code, first_output = finish(first)

    assert code == 75
    assert f"in use by process {first.pid}" in output
    assert "since 20" in output
    assert first_code == 75, first_output
