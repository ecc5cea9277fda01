"""`distill send` as a user runs it: exit codes, resuming, what stands in which file."""

import signal
import socket
import time
from pathlib import Path

import pytest

from tests.integration.jobs.send.sending import (
    IDS,
    calls,
    finish,
    read_lines,
    send,
    start_send,
    write_requests,
)
from tests.openai_server import RunningServer, start_openai_server


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
