"""`distill send --on ray` on a real cluster of two raylets, whose actors are killed."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked import ForkedProcess
from tests.integration.jobs.send.sending import (
    Ended,
    finish,
    read_lines,
    send,
    start_send,
    write_requests,
)
from tests.integration.ray.cluster import RunningCluster, children_of, kill
from tests.openai_server import RunningServer, start_openai_server

IN_FLIGHT = 8
COUNT = 400
IDS = [f"request-{number}" for number in range(COUNT)]
LATENCY = {"median_s": 0.2, "sigma": 0.3}
HELD = {"median_s": 5.0, "sigma": 0.0}  # no reply while a test waits for something else
POLL_S = 0.02
PER_MINUTE, ALLOWED_PER_MINUTE = 2_850, 3_000  # of two workers without a limit: 4,800
CAP_USD = 0.03  # less than two thirds of what all cost


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with start_openai_server({"latency": LATENCY}) as running:
        yield running


@pytest.fixture
def in_path(tmp_path: Path) -> Path:
    return write_requests(tmp_path / "in.jsonl", IDS)


def start_on_ray(
    cluster: RunningCluster, server: RunningServer, in_path: Path, *flags: str
) -> ForkedProcess:
    return start_send(
        server,
        in_path,
        in_path.with_name("out.jsonl"),
        *("--on", "ray", "--address", cluster.address, "--workers", "2"),
        *("--max-in-flight", str(IN_FLIGHT), *flags),
        environment=cluster.environment,
    )


def wait_for(server: RunningServer, calls: int, process: ForkedProcess) -> None:
    while server.control.totals()["calls"] < calls:
        assert process.poll() is None, finish(process)
        time.sleep(POLL_S)


def wait_for_another(in_path: Path, process: ForkedProcess) -> None:
    """Wait until a worker goes on with the shard of one that was lost."""
    shards = in_path.with_name("out.jsonl.shards")
    while not any(shards.glob("*/*/epoch-2")):
        assert process.poll() is None, finish(process)
        time.sleep(POLL_S)


def assert_all_is_there(in_path: Path, ended: Ended) -> None:
    out_path = in_path.with_name("out.jsonl")
    assert ended.code == 0, ended.said
    assert sorted(read_lines(out_path)) == sorted(IDS)
    assert not out_path.with_name("out.jsonl.shards").exists()


def bought_again(server: RunningServer) -> int:
    bills = server.control.bills().values()
    return sum(max(0, bill["billed"] - bill["lost"] - 1) for bill in bills)


def test_begun_here_with_a_worker_killed_there_and_ended_here_replies_and_limit_are_those_of_one(
    cluster: RunningCluster, server: RunningServer, in_path: Path
) -> None:
    out_path = in_path.with_name("out.jsonl")
    send(server, in_path, in_path.with_name("here.jsonl"))
    server.control.configure(limits={"*": {"requests_per_minute": ALLOWED_PER_MINUTE}})
    before = server.control.totals()["calls"]
    first = start_send(server, in_path, out_path, "--max-in-flight", str(IN_FLIGHT))
    wait_for(server, before + COUNT // 4, first)
    first.send_signal(signal.SIGINT)
    finish(first)

    limits = ("--budget-usd", "5", "--rpm", str(PER_MINUTE))
    second = start_on_ray(cluster, server, in_path, *limits)
    wait_for(server, before + COUNT // 2, second)
    kill(cluster.pids_of("ShardSender"))
    wait_for_another(in_path, second)
    second.send_signal(signal.SIGINT)
    stopped = finish(second)
    settled, refused = len(read_lines(out_path)), server.control.totals()["refused"]
    server.control.configure(limits={})
    ended = send(server, in_path, out_path)

    assert stopped.code == 130, stopped.said
    assert "a worker is lost" in stopped.said
    assert "(raylet" not in stopped.said
    assert COUNT // 2 - 2 * IN_FLIGHT < settled < COUNT
    assert refused == 0
    assert_all_is_there(in_path, ended)
    assert server.control.totals()["calls"] - before <= COUNT + IN_FLIGHT
    here, there = read_lines(in_path.with_name("here.jsonl")), read_lines(out_path)
    for name in IDS:
        assert _without_ids(here[name]) == _without_ids(there[name])


def test_cap_is_kept_by_all_workers_together_also_when_the_lender_is_killed(
    cluster: RunningCluster, server: RunningServer, in_path: Path
) -> None:
    budget = ("--budget-usd", str(CAP_USD))
    process = start_on_ray(cluster, server, in_path, *budget)
    wait_for(server, COUNT // 8, process)

    kill(cluster.pids_of("CallLender"))
    ended = finish(process)
    again = send(server, in_path, in_path.with_name("out.jsonl"), *budget)

    assert (ended.code, again.code) == (3, 3), ended.said
    assert f"the budget of ${CAP_USD:.4f} has no room for the next request" in ended.said
    assert "a worker is lost" not in ended.said
    assert 0.9 * CAP_USD < _dollars(ended) + _dollars(again) <= CAP_USD
    assert 0 < len(read_lines(in_path.with_name("out.jsonl"))) < COUNT
    assert bought_again(server) == 0


def test_key_is_in_no_file_of_the_cluster(cluster: RunningCluster, server: RunningServer) -> None:
    key = server.api_key.encode()
    files = [path for path in cluster.folder.rglob("*") if path.is_file()]

    assert len(files) > 10
    assert [str(path) for path in files if key in path.read_bytes()] == []


def test_machine_that_is_lost_is_replaced_and_a_lost_head_told_in_one_message(
    cluster: RunningCluster, server: RunningServer, in_path: Path
) -> None:
    process = start_on_ray(cluster, server, in_path)
    wait_for(server, COUNT // 4, process)
    server.control.configure(latency=HELD)
    cluster.lose_machine()  # its worker outlives it for a while
    cluster.add_machine()
    wait_for_another(in_path, process)
    kill(children_of(process.pid))  # as Ray does with what drives it, when the head is lost
    server.control.configure(latency=LATENCY)

    lost = finish(process)
    ended = send(server, in_path, in_path.with_name("out.jsonl"))

    assert lost.code == 75, lost.said
    assert "a worker is lost" in lost.said
    assert "the Ray cluster, or its head, is gone" in lost.said
    assert "Traceback" not in lost.said
    assert "what an earlier call's workers had written is taken in" in ended.said
    assert_all_is_there(in_path, ended)
    assert bought_again(server) <= 4 * IN_FLIGHT


def _without_ids(row: dict[str, object]) -> dict[str, object]:
    response = row["response"]
    assert isinstance(response, dict)
    body = {
        name: value for name, value in response["body"].items() if name not in ("id", "created")
    }
    return {**row, "id": "", "response": {**response, "request_id": "", "body": body}}


def _dollars(ended: Ended) -> float:
    line = next(line for line in ended.said.splitlines() if line.startswith("dollars "))
    return float(line.split()[1])
