"""Where `distill send` reads from, where it sends, and what it serves and writes besides."""

import socket
import time
import urllib.request
from pathlib import Path

from tests.integration.jobs.send.sending import (
    IDS,
    finish,
    read_lines,
    send,
    start_send,
    write_requests,
)
from tests.openai_server import RunningServer, start_openai_server


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
