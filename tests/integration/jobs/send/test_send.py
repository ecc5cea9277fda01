"""`distill send` as a user runs it: exit codes, resuming, what stands in which file."""

import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.jobs.send.sending import (
    finish,
    read_lines,
    send,
    start_send,
    write_requests,
)
from tests.openai_server import RunningServer, start_openai_server

IDS = [f"request-{number}" for number in range(40)]


@pytest.fixture(scope="module")
def running() -> Iterator[RunningServer]:
    with start_openai_server({}) as server:
        yield server


@pytest.fixture
def server(running: RunningServer) -> Iterator[RunningServer]:
    yield running
    running.control.configure(faults={}, latency={}, outage=None)


def calls(server: RunningServer) -> int:
    return int(server.control.settled_totals()["calls"])


def test_all_answered_is_0_and_a_second_call_sends_nothing(
    server: RunningServer, tmp_path: Path
) -> None:
    in_path, out_path = write_requests(tmp_path / "in.jsonl", IDS), tmp_path / "out.jsonl"

    first = send(server, in_path, out_path)
    sent = calls(server)
    second = send(server, in_path, out_path)

    assert first.code == 0, first.said
    assert second.code == 0, second.said
    assert calls(server) == sent
    rows = read_lines(out_path)
    assert sorted(rows) == sorted(IDS)
    assert all(row["response"]["body"]["object"] == "chat.completion" for row in rows.values())
    assert "settled before   40" in second.said


def test_failed_for_good_is_1_until_it_is_retried(server: RunningServer, tmp_path: Path) -> None:
    in_path, out_path = write_requests(tmp_path / "in.jsonl", IDS), tmp_path / "out.jsonl"
    number = calls(server)
    server.control.configure(faults={"calls": {str(number + 3): "invalid_request"}})

    first, second = send(server, in_path, out_path), send(server, in_path, out_path)
    sent = calls(server)
    retried = send(server, in_path, out_path, "--retry-failed")

    assert (first.code, second.code, retried.code) == (1, 1, 0)
    assert "failed           1 (invalid_value 1)" in first.said
    assert calls(server) == sent + 1
    assert sorted(read_lines(out_path)) == sorted(IDS)
    assert read_lines(tmp_path / "out.jsonl.errors") == {}


def test_bad_input_is_2_and_nothing_is_sent(server: RunningServer, tmp_path: Path) -> None:
    in_path, out_path = write_requests(tmp_path / "in.jsonl", ["a", "b", "a"]), tmp_path / "out"
    before = calls(server)

    ended = send(server, in_path, out_path)
    skipped = send(server, in_path, out_path, "--skip-bad-lines")

    assert ended.code == 2
    assert f"{in_path}:3: custom_id: found that of line 1 again" in ended.said
    assert "Traceback" not in ended.said
    assert skipped.code == 0, skipped.said
    assert calls(server) == before + 2


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--rpm", "-1"), "limits.requests_per_minute"),
        (("--base-url", "nowhere"), "teacher.base_url"),
        (("--base-url", "http://a/v1", "--endpoint", "http://b/v1"), "exclude each other"),
        (("--endpoint", "http://user:hush@b/v1"), "endpoints.0.base_url"),
    ],
)
def test_bad_settings_are_2_and_one_message(
    flags: tuple[str, ...], said: str, server: RunningServer, tmp_path: Path
) -> None:
    in_path = write_requests(tmp_path / "in.jsonl", ["a"])

    ended = send(server, in_path, tmp_path / "out.jsonl", *flags)

    assert ended.code == 2, ended.said
    assert said in ended.said
    assert "Traceback" not in ended.said
    assert "hush" not in ended.said


def test_output_that_cannot_be_is_refused_and_the_input_kept(
    server: RunningServer, tmp_path: Path
) -> None:
    in_path = write_requests(tmp_path / "in.jsonl", ["a"])
    text = in_path.read_bytes()

    ended = send(server, in_path, in_path)
    missing = send(server, in_path, tmp_path / "no" / "out.jsonl")
    folder = send(server, in_path, tmp_path)

    assert (ended.code, missing.code, folder.code) == (2, 2, 2)
    assert f"{tmp_path}: is a folder" in folder.said
    assert "its folder does not exist" in missing.said
    assert in_path.read_bytes() == text


def test_wrong_key_is_3_and_writes_nothing_off(server: RunningServer, tmp_path: Path) -> None:
    in_path, out_path = write_requests(tmp_path / "in.jsonl", IDS), tmp_path / "out.jsonl"

    wrong = finish(
        start_send(server, in_path, out_path, environment={"OPENAI_API_KEY": "sk-wrong-hush"})
    )
    right = send(server, in_path, out_path)

    assert wrong.code == 3, wrong.said
    assert "hush" not in wrong.said
    assert right.code == 0, right.said
    assert sorted(read_lines(out_path)) == sorted(IDS)


def test_damaged_file_of_results_is_4(server: RunningServer, tmp_path: Path) -> None:
    in_path, out_path = write_requests(tmp_path / "in.jsonl", ["a"]), tmp_path / "out.jsonl"
    out_path.write_bytes(b'{"custom_id":"x","id":"1"}\nnot ours\n{"custom_id":"y","id":"2"}\n')

    ended = send(server, in_path, out_path)

    assert ended.code == 4
    assert f"{out_path}:2: this line is damaged" in ended.said


def test_second_process_is_75_and_is_told_who_holds_the_file(
    server: RunningServer, tmp_path: Path
) -> None:
    out_path = tmp_path / "out.jsonl"

    first = start_send(server, "-", out_path)
    while not (tmp_path / "out.jsonl.stats").exists():
        time.sleep(0.01)
    second = send(server, write_requests(tmp_path / "in.jsonl", ["a"]), out_path)

    assert second.code == 75
    assert f"{out_path}: in use by process {first.pid}" in second.said
    assert finish(first).code == 0


def test_out_of_attempts_is_75_and_sent_by_the_next_call(
    server: RunningServer, tmp_path: Path
) -> None:
    in_path, out_path = write_requests(tmp_path / "in.jsonl", ["a"]), tmp_path / "out.jsonl"
    number = calls(server)
    server.control.configure(faults={"calls": {str(number + 1): "server_error"}})

    first = send(server, in_path, out_path, "--max-attempts", "1")
    left = read_lines(out_path), read_lines(tmp_path / "out.jsonl.errors")
    second = send(server, in_path, out_path)

    assert first.code == 75, first.said
    assert left == ({}, {})
    assert second.code == 0, second.said


def test_server_that_never_answers_is_75_after_the_longest_outage(tmp_path: Path) -> None:
    in_path, out_path = write_requests(tmp_path / "in.jsonl", IDS), tmp_path / "out.jsonl"
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    nobody = RunningServer(f"http://127.0.0.1:{port}/v1", "sk-x", None, 0)  # type: ignore[arg-type]

    ended = send(nobody, in_path, out_path, "--max-outage", "1")

    assert ended.code == 75, ended.said
    assert "longer than the 1 s allowed" in ended.said


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_calls_land_and_nothing_is_paid_twice(
    signum: signal.Signals, code: int, tmp_path: Path
) -> None:
    in_path, out_path = write_requests(tmp_path / "in.jsonl", IDS * 1), tmp_path / "out.jsonl"
    with start_openai_server({"latency": {"median_s": 0.2}}) as server:
        process = start_send(server, in_path, out_path, "--max-in-flight", "4")
        while server.control.totals()["calls"] < 6:
            time.sleep(0.01)
        process.send_signal(signum)
        interrupted = finish(process)
        landed = len(read_lines(out_path))
        completed = send(server, in_path, out_path)
        totals = server.control.settled_totals()

    assert interrupted.code == code, interrupted.said
    assert "Traceback" not in interrupted.said
    assert 4 <= landed < len(IDS)
    assert completed.code == 0, completed.said
    assert totals["billed_twice"] == 0
    assert totals["billed_calls"] == len(IDS)


def test_stream_is_sent_as_it_comes(server: RunningServer, tmp_path: Path) -> None:
    lines = write_requests(tmp_path / "in.jsonl", ["a", "b"]).read_bytes().splitlines(keepends=True)
    out_path = tmp_path / "out.jsonl"

    process = start_send(server, "-", out_path)
    assert process.stdin is not None
    process.stdin.write(lines[0])
    process.stdin.flush()
    while not out_path.exists() or not out_path.stat().st_size:
        time.sleep(0.01)
    ended = finish(process, lines[1] + b"{\n")

    assert ended.code == 2
    assert "standard input, line 3: found {" in ended.said
    assert sorted(read_lines(out_path)) == ["a", "b"]


def test_several_endpoints_share_the_work_each_with_its_key(tmp_path: Path) -> None:
    in_path, out_path = write_requests(tmp_path / "in.jsonl", IDS), tmp_path / "out.jsonl"
    latency = {"median_s": 0.05}
    with (
        start_openai_server({"api_keys": ["sk-one"], "latency": latency}) as one,
        start_openai_server({"api_keys": ["sk-two"], "latency": latency}) as two,
    ):
        process = start_send(
            one,
            in_path,
            out_path,
            "--endpoint",
            f"{one.base_url},key=KEY_ONE,rpm=6000",
            "--endpoint",
            f"{two.base_url},key=KEY_TWO,rpm=6000",
            environment={"KEY_ONE": "sk-one", "KEY_TWO": "sk-two"},
        )
        ended = finish(process)
        shares = one.control.totals()["billed_calls"], two.control.totals()["billed_calls"]

    assert ended.code == 0, ended.said
    assert sum(shares) == len(IDS)
    assert min(shares) > 0


def test_metrics_are_served_on_loopback_while_it_runs(
    server: RunningServer, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    out_path = tmp_path / "out.jsonl"

    process = start_send(server, "-", out_path, "--metrics-port", str(port))
    while not (tmp_path / "out.jsonl.stats").exists():
        time.sleep(0.01)
    deadline_s = time.monotonic() + 10.0
    text = ""
    while not text and time.monotonic() < deadline_s:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
                text = page.read().decode()
        except OSError:
            time.sleep(0.02)
    ended = finish(process)

    assert "# TYPE distill_sent_total counter\ndistill_sent_total 0\n" in text
    assert ended.code == 0, ended.said


def test_prompts_are_sent_once_and_their_answers_written_in_order(
    tmp_path: Path, server: RunningServer
) -> None:
    prompts, replies, text = (tmp_path / name for name in ("p.txt", "out.jsonl", "answers.txt"))
    flags = ("--model", "gpt-6.1-terra", "--text", str(text))
    prompts.write_text("What is a lathe?\nWhat is a kiln?\n")
    calls_before = server.control.settled_totals()["calls"]

    first = send(server, prompts, replies, *flags)
    before = text.read_text().splitlines()
    prompts.write_text("What is a loom?\nWhat is a lathe?\nWhat is a kiln?\n")
    second = send(server, prompts, replies, *flags)
    after = text.read_text().splitlines()

    assert (first.code, second.code) == (0, 0), first.said + second.said
    assert all(before)
    assert after[1:] == before
    assert after[0]
    assert server.control.settled_totals()["calls"] - calls_before == 3
