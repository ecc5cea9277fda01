"""`distill send` killed again and again: every request settled once, next to nothing paid twice."""

import random
from pathlib import Path

from tests.crash.runs import kill_when, size_of
from tests.integration.jobs.send.sending import read_lines, send, start_send, write_requests
from tests.openai_server import start_openai_server

IN_FLIGHT = 8
COUNT = 600
FAULTS = {"server_error": 0.03, "invalid_request": 0.03, "cut_off": 0.02}


def test_killed_again_and_again_every_request_is_settled_exactly_once(tmp_path: Path) -> None:
    ids = [f"request-{number}" for number in range(COUNT)]
    in_path, out_path = write_requests(tmp_path / "in.jsonl", ids), tmp_path / "out.jsonl"
    flags = ("--max-in-flight", str(IN_FLIGHT))
    chance = random.Random(11)
    kill_count = 0

    latency = {"median_s": 0.01, "sigma": 0.5}
    with start_openai_server({"latency": latency, "faults": {"probabilities": FAULTS}}) as server:
        for _ in range(6):
            kill_at_bytes = size_of(out_path) + chance.randrange(1, 60_000)
            process = start_send(server, in_path, out_path, *flags)
            kill_count += kill_when(process, lambda: size_of(out_path) >= kill_at_bytes)  # noqa: B023
        server.control.settled_totals()
        ended = send(server, in_path, out_path, *flags)
        bills = server.control.bills()

    answered, failed = read_lines(out_path), read_lines(tmp_path / "out.jsonl.errors")
    assert kill_count >= 3
    assert ended.code == 1, ended.said
    assert answered.keys().isdisjoint(failed)
    assert sorted([*answered, *failed]) == sorted(ids)
    bought_again = sum(max(0, bill["billed"] - bill["lost"] - 1) for bill in bills.values())
    assert bought_again <= kill_count * IN_FLIGHT


def test_torn_last_line_is_dropped_and_sent_again(tmp_path: Path) -> None:
    in_path = write_requests(tmp_path / "in.jsonl", ["a", "b"])
    out_path = tmp_path / "out.jsonl"

    with start_openai_server({}) as server:
        send(server, in_path, out_path)
        whole = out_path.read_bytes()
        out_path.write_bytes(whole[:-10])
        ended = send(server, in_path, out_path)

    assert ended.code == 0, ended.said
    assert "its last line was cut off by a crash" in ended.said
    assert sorted(read_lines(out_path)) == ["a", "b"]
