"""`distill run --on ray` on a real cluster of two raylets, beside the same run on one machine."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash.runs import comparable_files, finish, write_documents
from tests.forked import PIPE, STDOUT, ForkedProcess, run_forked
from tests.integration.ray.cluster import RunningCluster, kill
from tests.openai_server import RunningServer, start_openai_server

pytest.importorskip("ray")

IN_FLIGHT = 2
SLOW = {"median_s": 0.3, "sigma": 0.1}
QUESTIONS = 18  # requests, at least: one for each chunk
POLL_S = 0.02
MODELS = [{"id": "gpt-6.1-terra", "caches_prompts": False}]


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with start_openai_server({"models": MODELS, "latency": SLOW}) as running:
        yield running


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "documents"
    write_documents(folder)
    return folder


@pytest.fixture(scope="module")
def files_of_one_machine(
    tmp_path_factory: pytest.TempPathFactory, documents: Path
) -> dict[str, list[bytes]]:
    run_dir = tmp_path_factory.mktemp("one") / "run"
    with start_openai_server({"models": MODELS}) as server:
        code, said = finish(start_run(server, run_dir, documents))
    assert code == 0, said
    return comparable_files(run_dir)


def start_run(
    server: RunningServer,
    run_dir: Path,
    documents: Path,
    *flags: str,
    cluster: RunningCluster | None = None,
) -> ForkedProcess:
    keys = {"OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.base_url}
    at = ["--documents", str(documents), "--max-in-flight", str(IN_FLIGHT)]
    if cluster is not None:
        at += ["--on", "ray", "--address", cluster.address, "--workers", "2"]
    return ForkedProcess(
        ["-m", "jobs", "run", str(run_dir), *at, *flags],
        env={**os.environ, **keys, **(cluster.environment if cluster else {})},
        stdout=PIPE,
        stderr=STDOUT,
    )


def when(is_time: Callable[[], bool], process: ForkedProcess) -> None:
    while not is_time():
        assert process.poll() is None, finish(process)
        time.sleep(POLL_S)


def has_called(server: RunningServer, count: int) -> Callable[[], bool]:
    return lambda: server.control.totals()["calls"] >= count


def bought_again(server: RunningServer) -> int:
    bills = server.control.bills().values()
    return sum(max(0, bill["billed"] - bill["lost"] - 1) for bill in bills)


def distill(command: str, run_dir: Path) -> str:
    done = run_forked(["-m", "jobs", command, str(run_dir)])
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def assert_is_whole(run_dir: Path, files_of_one_machine: dict[str, list[bytes]]) -> None:
    assert comparable_files(run_dir) == files_of_one_machine
    assert not (run_dir / "shards").exists()
    assert "not ok" not in distill("audit", run_dir)


def test_worker_that_is_killed_changes_nothing_in_the_files(
    cluster: RunningCluster,
    server: RunningServer,
    documents: Path,
    files_of_one_machine: dict[str, list[bytes]],
    tmp_path: Path,
) -> None:
    run_dir = tmp_path / "run"
    process = start_run(server, run_dir, documents, "--budget-usd", "5", cluster=cluster)
    when(has_called(server, QUESTIONS // 3), process)

    kill(cluster.pids_of("ShardSender"))
    during = distill("status", run_dir)
    code, said = finish(process)

    assert "taken in" not in during
    assert code == 0, said
    assert "a worker is lost" in said
    assert "(raylet" not in said
    assert bought_again(server) <= IN_FLIGHT
    assert_is_whole(run_dir, files_of_one_machine)


def test_begun_here_stopped_there_and_ended_here_it_buys_nothing_twice(
    cluster: RunningCluster,
    server: RunningServer,
    documents: Path,
    files_of_one_machine: dict[str, list[bytes]],
    tmp_path: Path,
) -> None:
    run_dir = tmp_path / "run"
    first = start_run(server, run_dir, documents)
    when(has_called(server, QUESTIONS // 3), first)
    first.send_signal(signal.SIGINT)
    finish(first)

    second = start_run(server, run_dir, documents, cluster=cluster)
    when(has_called(server, QUESTIONS // 3 + 6), second)
    second.send_signal(signal.SIGINT)
    stopped, said = finish(second)
    assert not (run_dir / "shards").exists()
    code, last_said = finish(start_run(server, run_dir, documents))

    assert stopped == 130, said
    assert code == 0, last_said
    assert bought_again(server) == 0
    assert_is_whole(run_dir, files_of_one_machine)


def test_what_a_killed_command_leaves_is_taken_in_by_whoever_looks_and_ended_there(
    cluster: RunningCluster,
    server: RunningServer,
    documents: Path,
    files_of_one_machine: dict[str, list[bytes]],
    tmp_path: Path,
) -> None:
    run_dir = tmp_path / "run"
    process = start_run(server, run_dir, documents, cluster=cluster)
    when(has_called(server, QUESTIONS // 2), process)
    process.send_signal(signal.SIGKILL)
    finish(process)
    assert (run_dir / "shards").exists()

    said = distill("status", run_dir)
    settled = len((run_dir / "journal.jsonl").read_bytes().splitlines())
    audited = distill("audit", run_dir)
    code, last_said = finish(start_run(server, run_dir, documents))

    assert "what an earlier call's workers had written is taken in" in said
    assert f"questions        {settled} requests" in said
    assert "not ok" not in audited
    assert code == 0, last_said
    assert bought_again(server) <= 2 * IN_FLIGHT
    assert_is_whole(run_dir, files_of_one_machine)
