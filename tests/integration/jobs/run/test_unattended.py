"""Runs that nobody watches: what they tell, and to whom."""

import socket
import time
import urllib.request
from pathlib import Path

from tests.crash.runs import finish, start
from tests.integration.jobs.run.command_runs import SPEED, rows
from tests.openai_server import RunningServer, start_openai_server

SLOW = {
    "models": [{"id": "gpt-6.1-terra", "caches_prompts": False}],
    "latency": {"median_s": 0.05, "sigma": 0.0},
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tell(path: Path) -> tuple[str, str]:
    names = ("DISTILL_COMMAND", "DISTILL_RUN", "DISTILL_STATE", "DISTILL_REASON")
    text = "".join(f"${name}\\n" for name in names)
    return "--notify", f'printf "{text}" >> {path}'


def test_end_is_told_to_the_users_command_whichever_it_is(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir, told = tmp_path / "run", tmp_path / "told"
    arguments = ("--documents", str(documents), *SPEED, *tell(told))

    failed, _ = finish(start(server, run_dir, *arguments, "--budget-usd", "0.05"))
    complete, output = finish(start(server, run_dir, *arguments, "--budget-usd", "50"))
    wrong, _ = finish(start(server, run_dir, *arguments, "--set", "limits.burst_s=99"))

    assert (failed, complete, wrong) == (3, 0, 2), output
    lines = told.read_text().splitlines()
    assert lines[:3] == ["run", str(run_dir), "failed"]
    assert "the budget of $0.0500 has no room" in lines[3]
    assert lines[4:8] == ["run", str(run_dir), "complete", ""]
    assert lines[10] == "failed"
    assert "limits.burst_s" in lines[11]


def test_command_that_fails_is_said_and_changes_nothing(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    arguments = ("--documents", str(documents), *SPEED, "--notify", "exit 7")

    code, output = finish(start(server, tmp_path / "run", *arguments))

    assert code == 0, output
    assert "--notify: the command ended with exit code 7" in output


def test_quiet_run_says_warnings_and_its_result_and_its_log_has_the_rest(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"

    code, output = finish(start(server, run_dir, "--documents", str(documents), *SPEED, "--quiet"))
    logged = [line["message"] for line in rows(run_dir / "log.jsonl")]

    assert code == 0, output
    told = output.splitlines()
    first = next(number for number, line in enumerate(told) if line.startswith("run  "))
    assert all("reasons before it writes" in line for line in told[:first])
    assert not [line for line in told if "item/s" in line]
    assert any(message.startswith("held-out text: ") for message in logged)


def test_counters_of_a_run_are_served_while_it_works(tmp_path: Path, documents: Path) -> None:
    port = free_port()
    with start_openai_server(SLOW) as server:
        arguments = ("--documents", str(documents), "--max-in-flight", "2")
        process = start(server, tmp_path / "run", *arguments, "--metrics-port", str(port))
        page = ""
        while "distill_settled_total" not in page and process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as got:
                    page = got.read().decode()
            except OSError:
                time.sleep(0.05)
        code, output = finish(process)

    assert "distill_settled_total" in page
    assert code == 0, output
