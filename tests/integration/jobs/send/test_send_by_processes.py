"""`distill send --workers N`: real processes of this machine, which are killed."""

import os
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
from tests.openai_server import RunningServer, start_openai_server

IN_FLIGHT = 8  # of both senders together
COUNT = 200
IDS = [f"request-{number}" for number in range(COUNT)]
POLL_S = 0.01
CAP_USD = 0.015  # less than two thirds of what all cost
LONG_AGO_S = 3600.0


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with start_openai_server({"latency": {"median_s": 0.05, "sigma": 0.3}}) as running:
        yield running


@pytest.fixture
def in_path(tmp_path: Path) -> Path:
    return write_requests(tmp_path / "in.jsonl", IDS)


def start_by_two(server: RunningServer, in_path: Path, *flags: str) -> ForkedProcess:
    in_flight = ("--max-in-flight", str(IN_FLIGHT))
    out_path = in_path.with_name("out.jsonl")
    return start_send(server, in_path, out_path, "--workers", "2", *in_flight, *flags)


def wait_for(server: RunningServer, calls: int, process: ForkedProcess) -> None:
    while server.control.totals()["calls"] < calls:
        assert process.poll() is None, finish(process)
        time.sleep(POLL_S)


def senders_of(process: ForkedProcess) -> list[int]:
    return [
        int(pid)
        for children in Path(f"/proc/{process.pid}/task").glob("*/children")
        for pid in children.read_text().split()
    ]


def assert_all_is_there(in_path: Path, ended: Ended) -> None:
    out_path = in_path.with_name("out.jsonl")
    assert ended.code == 0, ended.said
    assert sorted(read_lines(out_path)) == sorted(IDS)
    assert not out_path.with_name("out.jsonl.shards").exists()


def bought_again(server: RunningServer) -> int:
    bills = server.control.bills().values()
    return sum(max(0, bill["billed"] - bill["lost"] - 1) for bill in bills)


def test_two_processes_keep_one_limit_and_their_replies_are_those_of_one(in_path: Path) -> None:
    limits = {"*": {"requests_per_minute": 12_000}}
    with start_openai_server({"latency": {"median_s": 0.02}, "limits": limits}) as server:
        ended = finish(start_by_two(server, in_path, "--rpm", "11_400"))

        totals = server.control.totals()
    assert_all_is_there(in_path, ended)
    assert f"answered         {COUNT}" in ended.said
    assert (totals["calls"], totals["refused"]) == (COUNT, 0)


def test_sender_that_is_killed_loses_nothing_and_buys_little_twice(
    server: RunningServer, in_path: Path
) -> None:
    process = start_by_two(server, in_path, "--budget-usd", "5")
    wait_for(server, COUNT // 4, process)

    os.kill(senders_of(process)[0], signal.SIGKILL)
    ended = finish(process)

    assert_all_is_there(in_path, ended)
    assert bought_again(server) <= IN_FLIGHT // 2
    assert "a worker is lost (its process has ended: signal SIGKILL)" in ended.said


def test_cap_is_kept_by_all_senders_together(server: RunningServer, in_path: Path) -> None:
    budget = ("--budget-usd", str(CAP_USD))

    ended = finish(start_by_two(server, in_path, *budget))
    again = send(server, in_path, in_path.with_name("out.jsonl"), *budget)

    assert (ended.code, again.code) == (3, 3), ended.said
    assert f"the budget of ${CAP_USD:.4f} has no room for the next request" in ended.said
    assert 0.8 * CAP_USD < _dollars(ended) + _dollars(again) <= CAP_USD
    assert 0 < len(read_lines(in_path.with_name("out.jsonl"))) < COUNT
    assert bought_again(server) == 0


def test_interrupted_it_lands_what_is_in_flight_and_goes_on_without_workers(
    server: RunningServer, in_path: Path
) -> None:
    process = start_by_two(server, in_path)
    wait_for(server, COUNT // 4, process)

    process.send_signal(signal.SIGINT)
    stopped = finish(process)
    settled = len(read_lines(in_path.with_name("out.jsonl")))
    ended = send(server, in_path, in_path.with_name("out.jsonl"))

    assert stopped.code == 130, stopped.said
    assert COUNT // 4 <= settled < COUNT
    assert_all_is_there(in_path, ended)
    assert bought_again(server) == 0


def test_killed_command_leaves_senders_that_land_their_calls_and_end(
    server: RunningServer, in_path: Path
) -> None:
    process = start_by_two(server, in_path)
    wait_for(server, COUNT // 4, process)

    process.kill()
    process.wait()
    _age_leases(in_path)
    ended = send(server, in_path, in_path.with_name("out.jsonl"))
    finish(process)

    assert "what an earlier call's workers had written is taken in" in ended.said
    assert_all_is_there(in_path, ended)
    assert bought_again(server) == 0


def test_key_is_in_no_command_line_and_no_environment(server: RunningServer, in_path: Path) -> None:
    process = start_by_two(server, in_path)
    wait_for(server, COUNT // 4, process)

    seen = [
        Path(f"/proc/{pid}/{file}").read_bytes()
        for pid in senders_of(process)
        for file in ("cmdline", "environ")
    ]

    assert len(seen) == 4
    assert not any(server.api_key.encode() in each for each in seen)
    process.kill()
    finish(process)


def _age_leases(in_path: Path) -> None:
    """As if the command had been killed long ago: then nobody is waited for."""
    [path] = in_path.with_name("out.jsonl.shards").glob("*/leases.jsonl")
    os.utime(path, (path.stat().st_atime, time.time() - LONG_AGO_S))


def _dollars(ended: Ended) -> float:
    line = next(line for line in ended.said.splitlines() if line.startswith("dollars "))
    return float(line.split()[1])
