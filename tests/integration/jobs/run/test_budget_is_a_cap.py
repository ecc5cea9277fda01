"""The provider's own bill stays below the cap, whatever becomes of its replies and of us."""

import json
import time
from pathlib import Path

import pytest

from engine.wire.prices import make_price
from schemas.outcomes import Usage
from tests.crash.runs import finish, kill_when, size_of, start
from tests.integration.jobs.send.sending import finish as finish_send
from tests.integration.jobs.send.sending import send, start_send, write_requests
from tests.openai_server import RunningServer

LOSSES = {"probabilities": {"reset_after": 0.15, "cut_off": 0.1}, "seed": 3}
PATIENCE = ("--set", "limits.max_attempts=30", "--max-in-flight", "16")


def bill_usd(server: RunningServer) -> float:
    server.control.settled_totals()
    price = make_price({})
    return sum(
        price(c["model"], Usage(c["prompt_tokens"], c["completion_tokens"], c["cached_tokens"]))
        or 0.0
        for c in server.control.requests()
        if c["is_billed"]
    )


def test_lost_replies_and_kills_count_towards_the_budget_of_a_run(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir, cap_usd = tmp_path / "run", 0.15
    server.control.configure(faults=LOSSES, latency={"median_s": 0.1})
    flags = ("--documents", str(documents), "--budget-usd", str(cap_usd), *PATIENCE)

    codes = []
    for lines in (3, 12):
        process = start(server, run_dir, *flags)
        begun = size_of(run_dir / "journal.jsonl")
        grown = 2_000 * lines
        kill_when(process, lambda b=begun, g=grown: size_of(run_dir / "journal.jsonl") > b + g)  # type: ignore[misc]
    code, message = finish(start(server, run_dir, *flags))
    codes.append(code)

    assert codes == [3], message
    assert "has no room for the next request" in message
    assert 0.1 * cap_usd < bill_usd(server) <= cap_usd
    sends = (run_dir / "sends.jsonl").read_text().splitlines()
    assert any(json.loads(line)["step"] == "lost" for line in sends)


def test_a_file_that_is_sent_keeps_its_budget_over_kills_and_lost_replies(
    tmp_path: Path, server: RunningServer
) -> None:
    in_path = write_requests(tmp_path / "in.jsonl", [f"q-{n}" for n in range(300)])
    out_path, cap_usd = tmp_path / "out.jsonl", 0.06
    server.control.configure(faults=LOSSES, latency={"median_s": 0.1})
    flags = ("--budget-usd", str(cap_usd), *PATIENCE)

    killed = start_send(server, in_path, out_path, *flags)
    while size_of(out_path) < 4_000:
        time.sleep(0.01)
    killed.kill()
    finish_send(killed)
    first = send(server, in_path, out_path, *flags)
    again = send(server, in_path, out_path, *flags)

    assert first.code == again.code == 3
    assert "the budget of $0.0600 has no room" in first.said
    assert 0.1 * cap_usd < bill_usd(server) <= cap_usd


def test_a_budget_that_ends_writes_the_rows_that_there_are(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    flags = ("--documents", str(documents), "--max-in-flight", "16")
    free, output = finish(start(server, run_dir, *flags, "--limit-chunks", "12"))
    assert free == 0, output
    rows = (run_dir / "dataset" / "train.jsonl").read_bytes()
    spent_usd = bill_usd(server)
    other_dir = tmp_path / "other"

    cap = f"{spent_usd * 0.8:.6f}"
    capped = start(server, other_dir, *flags, "--limit-chunks", "12", "--budget-usd", cap)
    code, message = finish(capped)

    written = (other_dir / "dataset" / "train.jsonl").read_bytes()
    assert code == 3, message
    assert "the rows so far were written" in message
    assert 0 < len(written.splitlines()) < len(rows.splitlines())
    assert set(written.splitlines()) <= set(rows.splitlines())


@pytest.mark.parametrize("lane", ["live", "batch"])
def test_the_cap_of_a_settings_file_holds_for_a_file_that_is_sent(
    tmp_path: Path, server: RunningServer, lane: str
) -> None:
    in_path = write_requests(tmp_path / "in.jsonl", [f"q-{n}" for n in range(20)])
    config = tmp_path / "distill.toml"
    config.write_text("[budget]\nusd = 0.0001\n")
    flags = ("--config", str(config), "--lane", lane, "--no-wait")

    ended = send(server, in_path, tmp_path / "out.jsonl", *flags)

    assert ended.code == 3
    assert "the budget of $0.0001 has no room" in ended.said
    assert bill_usd(server) == 0.0


def test_a_judge_that_is_of_no_use_does_not_keep_the_rows_from_being_written(
    tmp_path: Path, documents: Path, server: RunningServer
) -> None:
    run_dir = tmp_path / "run"
    flags = ("--documents", str(documents), "--limit-chunks", "6")
    share = ("--set", "dataset.unanswerable_fraction=0.5")

    code, message = finish(start(server, run_dir, *flags, *share, "--set", "judge.model=nobody"))

    assert code == 3, message
    assert "the rows so far were written" in message
    assert len((run_dir / "dataset" / "train.jsonl").read_bytes().splitlines()) > 0
