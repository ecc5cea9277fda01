"""`distill run --store s3://...` on a real server of the S3 protocol."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("s3fs")

from tests.crash.runs import comparable_files, finish, paid_twice, write_documents
from tests.forked import ForkedProcess
from tests.integration.outside.s3_server import BUCKET, S3Server
from tests.integration.outside.stored_runs import IN_FLIGHT, Machines, stop
from tests.openai_server import RunningServer, start_openai_server

MODELS = {"models": [{"id": "gpt-6.1-terra", "caches_prompts": False}]}
LATENCY = {"median_s": 0.2, "sigma": 0.3}
SOON_BYTES, LATER_BYTES = 20_000, 60_000
POLL_S = 0.02
MOST_OBJECTS = 40


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "documents"
    write_documents(folder)
    return folder


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with start_openai_server({**MODELS, "latency": LATENCY}) as running:
        yield running


@pytest.fixture
def machines(
    tmp_path: Path, server: RunningServer, documents: Path, s3_server: S3Server
) -> Machines:
    url = f"s3://{BUCKET}/{tmp_path.name}"
    return Machines(tmp_path, url, server, documents, s3_server.environment)


def when(is_time: Callable[[], bool], process: ForkedProcess) -> None:
    while not is_time():
        assert process.poll() is None, finish(process)
        time.sleep(POLL_S)


def test_machine_is_lost_and_another_goes_on_to_the_same_files(
    machines: Machines,
    server: RunningServer,
    documents: Path,
    s3_server: S3Server,
    tmp_path: Path,
) -> None:
    with start_openai_server(MODELS) as calm:
        alone = Machines(tmp_path / "alone", "", calm, documents, {})
        finish(alone.start("--budget-usd", "5"))
    first = machines.start("--store", machines.url, "--budget-usd", "5")

    lost = machines.lose(first, lambda: machines.journal_bytes() > LATER_BYTES)
    code, said = machines.fetch("--take-over")
    kept = machines.journal_ids()
    ended = finish(machines.start())

    assert lost is not None
    assert code == 0, said
    assert "may have been spent that the store does not tell" in said
    assert 0 < len(kept) <= len(lost)
    assert ended[0] == 0, ended[1]
    assert paid_twice(server) <= len(lost) - len(kept) + IN_FLIGHT
    assert comparable_files(machines.run_dir) == comparable_files(alone.run_dir)
    names = s3_server.open_store(tmp_path.name).names("")
    assert len(names) < MOST_OBJECTS
    secret = s3_server.keys.secret.encode()
    files = [path for path in machines.run_dir.rglob("*") if path.is_file()]
    assert [path for path in files if secret in path.read_bytes()] == []


def test_machine_whose_run_is_taken_over_stops_and_buys_nothing_further(
    machines: Machines, server: RunningServer, tmp_path: Path
) -> None:
    first_dir = machines.run_dir
    first = machines.start("--store", machines.url)
    when(lambda: machines.journal_bytes() > SOON_BYTES, first)

    code, said = machines.fetch("--take-over")
    code_of_first, said_of_first = finish(first)
    calls = server.control.totals()["calls"]
    again = machines.call("run", str(first_dir))
    ended = finish(machines.start())

    assert code == 0, said
    assert code_of_first == 75, said_of_first
    assert "goes on with this run" in said_of_first
    assert again[0] == 75
    assert f"distill fetch {machines.url}" in again[1]
    assert server.control.totals()["calls"] > calls
    assert ended[0] == 0, ended[1]
    code, said = machines.call("audit", str(machines.run_dir))
    assert code == 0, said


def test_copy_is_fetched_while_the_run_goes_on_and_cannot_go_on_itself(
    machines: Machines, server: RunningServer
) -> None:
    first_dir = machines.run_dir
    first = machines.start("--store", machines.url)
    when(lambda: machines.journal_bytes() > SOON_BYTES, first)

    fetched = machines.fetch()
    status = machines.call("status", str(machines.run_dir))
    refused = finish(machines.start())
    stopped = stop(first)
    code, said = finish(machines.start(run_dir=first_dir))

    assert fetched[0] == 0, fetched[1]
    assert "a copy, to look at" in fetched[1]
    assert status[0] == 0, status[1]
    assert refused[0] == 2
    assert "is a copy of the run" in refused[1]
    assert stopped[0] == 128 + signal.SIGTERM, stopped[1]
    assert code == 0, said
    assert paid_twice(server) == 0


def test_keys_that_may_not_write_and_a_host_that_is_silent_are_told_before_anything_is_begun(
    machines: Machines, server: RunningServer, documents: Path, s3_server: S3Server, tmp_path: Path
) -> None:
    keys = s3_server.environment
    environments = (
        {**keys, "AWS_SECRET_ACCESS_KEY": "wrong"},
        s3_server.reader_environment,
        {**keys, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
    )

    ended = [
        finish(
            Machines(tmp_path / str(number), machines.url, server, documents, each).start(
                "--store", machines.url
            )
        )
        for number, each in enumerate(environments)
    ]

    assert [code for code, _ in ended] == [2, 2, 75], ended
    for _, said in ended[:2]:
        assert "see that the key may read, write, list and delete there" in said
    assert "127.0.0.1:9" in ended[2][1]
    assert server.control.totals()["calls"] == 0
