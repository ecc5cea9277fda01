"""`distill send --lane batch` and `distill batches`, real processes against the stand-in."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from scripts.benchmarks.bench.request_files import write_requests
from tests.forked import run_forked
from tests.openai_server import RunningServer, start_openai_server

COUNT = 30
NO_WAIT = ("--lane", "batch", "--no-wait")
SLOW = {"in_progress_s": 99.0}
QUICK = {"in_progress_s": 0.1}


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with start_openai_server({"batches": SLOW}) as running:
        yield running


class Sending:
    """Calls on one file of requests, two batches of it at most."""

    def __init__(self, server: RunningServer, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self.out_path = folder / "out.jsonl"
        self.in_path = write_requests(folder / "in.jsonl", COUNT, body_bytes=200)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return run_forked(
            ["-m", "jobs", *arguments],
            env={
                **os.environ,
                "OPENAI_API_KEY": self._server.api_key,
                "OPENAI_BASE_URL": self._server.base_url,
                "XDG_STATE_HOME": str(self._folder / "state"),
            },
        )

    def send(self, *flags: str) -> "subprocess.CompletedProcess[str]":
        limits = ("--set", "batch.settle_s=0.1", "--set", f"batch.max_requests={COUNT // 2}")
        poll = ("--set", "batch.poll_s=0.1")
        command = ("send", str(self.in_path), "--out", str(self.out_path))
        return self.run(*command, *limits, *poll, *flags)

    def batches(self, *flags: str) -> "subprocess.CompletedProcess[str]":
        return self.run("batches", str(self.out_path), *flags)

    def answered(self) -> list[str]:
        lines = self.out_path.read_bytes().splitlines()
        return sorted(orjson.loads(line)["custom_id"] for line in lines)

    def await_state(self, number: int, status: str) -> None:
        until_s = time.monotonic() + 30
        while self.states()[number] != status:
            assert time.monotonic() < until_s
            time.sleep(0.05)

    def states(self) -> list[str]:
        return [str(batch["status"]) for batch in self._server.control.batches()]

    def totals(self) -> dict[str, Any]:
        return self._server.control.totals()


def test_file_goes_out_in_batches_and_comes_back_once(
    server: RunningServer, tmp_path: Path
) -> None:
    sending = Sending(server, tmp_path)

    submitted = sending.send(*NO_WAIT)
    server.control.configure(batches=QUICK)
    collected = sending.send("--lane", "batch")
    again = sending.send(*NO_WAIT)

    assert (submitted.returncode, collected.returncode, again.returncode) == (75, 0, 0)
    assert len(set(sending.answered())) == len(sending.answered()) == COUNT
    totals = sending.totals()
    assert (totals["batch_billed"], totals["custom_ids_billed_twice"]) == (COUNT, 0)
    assert totals["calls"] == 0


def test_lane_may_change_while_batches_are_out_and_nothing_is_bought_twice(
    server: RunningServer, tmp_path: Path
) -> None:
    sending = Sending(server, tmp_path)
    write_requests(sending.in_path, COUNT // 2, body_bytes=200)

    submitted = sending.send(*NO_WAIT)
    write_requests(sending.in_path, COUNT, body_bytes=200)
    live = sending.send("--no-wait")
    answered_live = len(sending.answered())
    server.control.configure(batches=QUICK)
    ended = sending.send()

    assert (submitted.returncode, live.returncode, ended.returncode) == (75, 75, 0), ended.stderr
    assert f"left             {COUNT // 2} (in a batch {COUNT // 2})" in live.stderr
    assert answered_live == COUNT // 2
    assert len(set(sending.answered())) == len(sending.answered()) == COUNT
    totals = sending.totals()
    assert (totals["batch_billed"], totals["calls"]) == (COUNT // 2, COUNT // 2)
    assert totals["custom_ids_billed_twice"] == 0


@pytest.mark.parametrize("lane", ["batch", "live", "flex", "auto"])
def test_what_an_emptied_ledger_lacks_is_found_whatever_the_lane(
    server: RunningServer, tmp_path: Path, lane: str
) -> None:
    sending = Sending(server, tmp_path)
    write_requests(sending.in_path, COUNT // 2, body_bytes=200)
    submitted = sending.send(*NO_WAIT)
    (sending.out_path.with_name("out.jsonl.batches") / "ledger.jsonl").write_bytes(b"")

    server.control.configure(batches=QUICK)
    ended = sending.send("--lane", lane)

    assert (submitted.returncode, ended.returncode) == (75, 0), ended.stderr
    assert "lacks batch 000001" in ended.stderr
    totals = sending.totals()
    assert (totals["batch_billed"], totals["calls"]) == (COUNT // 2, 0)
    assert len(sending.answered()) == COUNT // 2


def test_what_a_batch_gives_back_is_sent_live_where_that_is_the_lane(tmp_path: Path) -> None:
    rules = {"in_progress_s": 0.3, "endings": {1: "expired"}, "unanswered": "nowhere"}
    with start_openai_server({"batches": rules}) as server:
        sending = Sending(server, tmp_path)

        sending.send(*NO_WAIT)
        ended = sending.send()

        assert ended.returncode == 0, ended.stderr
        assert len(set(sending.answered())) == len(sending.answered()) == COUNT
        totals = sending.totals()
        assert totals["batch_billed"] + totals["calls"] == COUNT
        assert totals["calls"] > 0
        assert len(sending.states()) == 2


def test_reply_that_its_limit_cut_off_is_kept(tmp_path: Path) -> None:
    rules = {**QUICK, "line_faults": {"length": 1.0}}
    with start_openai_server({"batches": rules}) as server:
        sending = Sending(server, tmp_path)

        ended = sending.send("--lane", "batch")

        assert ended.returncode == 0, ended.stderr
        assert len(sending.answered()) == COUNT
        assert sending.totals()["batch_billed"] == COUNT


def test_batches_are_shown_and_given_up_one_by_one_or_all(
    server: RunningServer, tmp_path: Path
) -> None:
    sending = Sending(server, tmp_path)
    sending.send(*NO_WAIT)

    one = sending.batches("--cancel", "000001")
    sending.await_state(0, "cancelled")
    rest = sending.batches("--cancel")
    sending.await_state(1, "cancelled")
    shown = sending.batches()
    as_json = [orjson.loads(line) for line in sending.batches("--json").stdout.splitlines()]

    assert (one.returncode, rest.returncode) == (0, 0), rest.stderr
    assert "000001" in shown.stdout
    assert [batch["name"] for batch in as_json] == ["000001", "000002"]
    assert {batch["request_count"] for batch in as_json} == {COUNT // 2}

    server.control.configure(batches=QUICK)
    collected = sending.send("--lane", "batch")

    assert collected.returncode == 0, collected.stderr
    assert len(sending.answered()) == COUNT
    assert sending.totals()["custom_ids_billed_twice"] == 0


def test_batches_that_the_provider_does_not_know_are_given_up_and_asked_again(
    server: RunningServer, tmp_path: Path
) -> None:
    sending = Sending(server, tmp_path)
    sending.send(*NO_WAIT)
    ids = [str(batch["id"]) for batch in server.control.batches()]
    server.control.rename({known: f"lost-{known}" for known in ids})

    told = sending.send(*NO_WAIT)
    given_up = sending.batches("--forget", *ids)
    server.control.configure(batches=QUICK)
    ended = sending.send("--lane", "batch")

    assert told.returncode == 75
    assert f"`distill batches {sending.out_path} --forget {ids[0]}`" in told.stderr
    assert given_up.returncode == 0, given_up.stderr
    assert given_up.stdout.count("collected (forgotten)") == 2
    assert ended.returncode == 0, ended.stderr
    assert len(sending.answered()) == COUNT


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("000001",), "ids are for --cancel"),
        (("--cancel", "000009"), "no batch that is out is called 000009"),
        (("--forget", "000009"), "no batch that is out is called 000009"),
        (("--forget",), "expected the ids of the batches"),
        (("--forget", "--cancel", "000001"), "--cancel and --forget exclude each other"),
        (("--forget", "000001"), "is known to the provider (in_progress)"),
    ],
)
def test_wrong_ids_are_one_message(
    server: RunningServer, tmp_path: Path, flags: tuple[str, ...], message: str
) -> None:
    sending = Sending(server, tmp_path)
    sending.send(*NO_WAIT)

    ended = sending.batches(*flags)

    assert ended.returncode == 2
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


def test_standard_input_cannot_go_in_batches(server: RunningServer, tmp_path: Path) -> None:
    sending = Sending(server, tmp_path)

    ended = sending.run("send", "-", "--out", str(sending.out_path), "--lane", "batch")

    assert ended.returncode == 2
    assert "standard input cannot be sent in batches" in ended.stderr
