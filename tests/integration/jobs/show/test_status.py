"""`distill status` over the life of a run: real processes against the stand-in."""

import fcntl
import json
import os
import pty
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crash.runs import ROOT_DIR, finish, kill_when, size_of, start, write_documents
from tests.forked import run_forked
from tests.integration.jobs.run.command_runs import SPEED, rows
from tests.openai_server import RunningServer, start_openai_server

SLOW = {
    "models": [{"id": "gpt-6.1-terra", "caches_prompts": False}],
    "latency": {"median_s": 0.05, "sigma": 0.0},
}


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with start_openai_server(SLOW) as running:
        yield running


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    write_documents(folder)
    return folder


def status(run_dir: Path) -> str:
    done = run_forked(["-m", "jobs", "status", str(run_dir)])
    assert done.returncode == 0, done.stderr
    return done.stdout


def facts(run_dir: Path) -> dict[str, Any]:
    done = run_forked(["-m", "jobs", "status", str(run_dir), "--json"])
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_status_is_right_while_a_run_works_when_it_is_killed_and_when_it_is_complete(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    process = start(server, run_dir, "--documents", str(documents), "--max-in-flight", "2")
    while size_of(run_dir / "journal.jsonl") < 30_000:
        assert process.poll() is None
        time.sleep(0.01)
    server.control.configure(latency={"median_s": 600.0, "sigma": 0.0})  # it stays where it is

    at_work = facts(run_dir)
    assert kill_when(process, lambda: True)
    killed = facts(run_dir)
    server.control.configure(latency=SLOW["latency"])
    code, output = finish(start(server, run_dir, *SPEED))
    complete = facts(run_dir)

    assert (at_work["state"]["name"], at_work["state"]["command"]) == ("running", "run")
    assert str(process.pid) in at_work["writer"]
    assert killed["state"]["name"] == "interrupted"
    assert "was killed" in killed["state"]["message"]
    stage = killed["stages"][killed["state"]["stage"]]
    assert stage["finished"] < stage["total"]
    assert code == 0, output
    assert complete["state"]["name"] == "complete"
    assert complete["state"]["stage"] is None
    assert complete["remaining"]["requests"] == 0
    counts = complete["stages"]["answers"]
    rejected = [row for row in rows(run_dir / "rejected.jsonl") if row["stage"] == "answers"]
    ended_count = len(rows(run_dir / "answers.jsonl")) + len(rejected)
    assert counts["total"] == counts["finished"] == ended_count


def test_sample_says_of_how_many_chunks_it_is(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    code, output = finish(
        start(server, run_dir, "--documents", str(documents), *SPEED, "--limit-chunks", "12")
    )

    found = facts(run_dir)

    assert code == 0, output
    assert found["limit_chunks"] == found["stages"]["questions"]["total"] == 12
    assert found["usable_chunks"] == len(rows(run_dir / "chunks.jsonl"))
    assert f"about 12 of {found['usable_chunks']} chunks" in status(run_dir)


def test_budget_that_ended_is_the_last_error(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    code, _ = finish(
        start(server, run_dir, "--documents", str(documents), *SPEED, "--budget-usd", "0.05")
    )

    found = facts(run_dir)

    assert code == 3
    assert found["state"]["name"] == "failed"
    assert "the budget of $0.0500 has no room" in found["state"]["message"]
    assert found["cost_usd"] <= found["budget_usd"] == 0.05


def test_run_of_an_earlier_version_has_a_state_too(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    code, output = finish(start(server, run_dir, "--documents", str(documents), *SPEED))
    (run_dir / "last_call.json").unlink()

    complete = facts(run_dir)
    (run_dir / "finished" / "answers.jsonl").unlink()
    unfinished = facts(run_dir)

    assert code == 0, output
    assert (complete["state"]["name"], complete["state"]["command"]) == ("complete", None)
    assert unfinished["state"]["name"] == "unknown"
    assert unfinished["state"]["stage"] == "answers"


def test_live_view_of_a_dead_run_fits_the_terminal_and_leaves_at_ctrl_c(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    finish(start(server, run_dir, "--documents", str(documents), *SPEED))
    terminal, inside = pty.openpty()
    termios.tcsetwinsize(inside, (24, 80))
    process = subprocess.Popen(
        [sys.executable, "-m", "jobs", "status", str(run_dir), "--watch"],
        cwd=ROOT_DIR,
        env={**os.environ, "TERM": "xterm"},
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(inside)
    seen = b""
    while b"Ctrl-C leaves" not in seen:
        seen += os.read(terminal, 65536)
    os.write(terminal, b"\x03")
    code = process.wait(timeout=30)
    os.close(terminal)

    screen = seen.decode()
    assert "complete: distill run" in screen
    assert "answers" in screen
    assert code == 0


def test_live_view_wants_a_terminal(run_dir_without_terminal: Path) -> None:
    done = run_forked(["-m", "jobs", "status", str(run_dir_without_terminal), "--watch"])

    assert done.returncode == 2
    assert "--watch needs a terminal" in done.stderr


@pytest.fixture
def run_dir_without_terminal(tmp_path: Path) -> Path:
    (tmp_path / "lock").touch()
    return tmp_path
