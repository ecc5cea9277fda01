"""A run whose machines are lost, folder and all, ends as if they had not been."""

import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.batch_jobs import SERVER, Job, run_live
from tests.crash.runs import comparable_files, finish, paid_twice, write_documents
from tests.integration.outside.stored_runs import IN_FLIGHT, Machines
from tests.openai_server import RunningServer, start_openai_server
from tests.openai_server.bill import bill_usd

MODELS = {"models": [{"id": "gpt-6.1-terra", "caches_prompts": False}]}
AWAY_AT_BYTES = 20_000
# In the order in which a job comes to them.
BOUNDARIES = ("upload", "uploaded", "create", "created", "journal", "collected")
ROUNDS_TO_MEET = 6
MOST_KILLS = 3
CAP_USD = 0.2


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "documents"
    write_documents(folder)
    return folder


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with start_openai_server({**MODELS, "latency": {"median_s": 0.1, "sigma": 0.5}}) as running:
        yield running


@pytest.fixture
def machines(tmp_path: Path, server: RunningServer, documents: Path) -> Machines:
    (tmp_path / "store").mkdir()
    return Machines(tmp_path, (tmp_path / "store").as_uri(), server, documents, {})


def lose_again_and_again(
    machines: Machines, first: str, rng: random.Random, codes: tuple[int, ...]
) -> int:
    """Lose one machine after the other; the most requests that may have been bought twice."""
    process, unsealed_count = machines.start("--store", machines.url, *first.split()), 0
    for _ in range(MOST_KILLS):
        until_bytes = machines.journal_bytes() + rng.randrange(1, 60_000)
        lost = machines.lose(process, lambda: machines.journal_bytes() >= until_bytes)  # noqa: B023
        if lost is None:
            break
        code, said = machines.fetch("--take-over")
        assert code == 0, said
        kept = machines.journal_ids()
        assert set(kept) <= set(lost)
        unsealed_count += len(lost) - len(kept) + IN_FLIGHT
        code, said = machines.call("audit", str(machines.run_dir))
        assert code == 0, said
        process = machines.start()
    code, said = finish(process)
    assert code in codes, said
    return unsealed_count


def test_run_whose_machines_are_lost_is_whole_and_buys_only_what_was_not_sealed(
    machines: Machines, server: RunningServer, documents: Path, tmp_path: Path
) -> None:
    with start_openai_server(MODELS) as calm:
        alone = Machines(tmp_path / "alone", "", calm, documents, {})
        code, said = finish(alone.start("--budget-usd", "5"))
    assert code == 0, said

    unsealed_count = lose_again_and_again(machines, "--budget-usd 5", random.Random(11), (0,))

    assert unsealed_count > 0
    assert paid_twice(server) <= unsealed_count
    assert comparable_files(machines.run_dir) == comparable_files(alone.run_dir)
    code, said = machines.call("audit", str(machines.run_dir))
    assert code == 0, said
    assert "not ok" not in said


def test_batches_that_a_lost_machine_has_made_are_collected_by_another_and_none_is_made_twice(
    documents: Path, tmp_path: Path
) -> None:
    undisturbed, state_dirs = run_live(documents, tmp_path / "undisturbed"), tmp_path / "state"
    (tmp_path / "store").mkdir()
    url, killed_at = (tmp_path / "store").as_uri(), list[str]()

    with start_openai_server(SERVER) as batch_server:
        job = Job(batch_server, tmp_path / "run", documents, state_dirs / "first")
        code, said = finish(job.start(flags=("--store", url)))
        assert code == 75, said
        for boundary in BOUNDARIES:
            for _ in range(ROUNDS_TO_MEET):
                code, said = finish(job.start("-m", "tests.crash.killed_at", boundary))
                if code != -signal.SIGKILL:
                    assert code == 75, said
                    continue
                killed_at.append(boundary)
                shutil.rmtree(job.run_dir)
                job = job._replace(state_dir=state_dirs / boundary)
                fetching = job.call("-m", "jobs", "fetch", url, str(job.run_dir), "--take-over")
                code, said = finish(fetching)
                assert code == 0, said
                break
        job.finish()
        faults = job.faults(undisturbed)

    assert killed_at == list(BOUNDARIES)
    assert not any(faults.values()), faults


def test_store_that_goes_away_ends_the_run_with_75_and_it_goes_on_when_it_is_back(
    machines: Machines, server: RunningServer
) -> None:
    first = machines.start("--store", machines.url, "--set", "limits.max_outage_s=2")
    while machines.journal_bytes() < AWAY_AT_BYTES:
        assert first.poll() is None, finish(first)
        time.sleep(0.01)

    code, said = machines.finish_without_store(first)
    kept = machines.journal_ids()
    ended = finish(machines.start())

    assert code == 75, said
    assert "cannot be stored, so nothing is sent" in said
    assert "the same command again goes on" in said
    assert ended[0] == 0, ended[1]
    assert set(kept) <= set(machines.journal_ids())
    assert paid_twice(server) == 0
    assert (machines.fetch("--take-over"))[0] == 0
    code, said = machines.call("audit", str(machines.run_dir))
    assert code == 0, said


def test_cap_holds_though_what_was_spent_last_is_lost_with_its_machines(
    machines: Machines, server: RunningServer
) -> None:
    lose_again_and_again(machines, f"--budget-usd {CAP_USD}", random.Random(3), (3,))

    assert bill_usd(server) <= CAP_USD
    code, said = machines.call("audit", str(machines.run_dir))
    assert code == 0, said
    assert "above the budget" not in said
