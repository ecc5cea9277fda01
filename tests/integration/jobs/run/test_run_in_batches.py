"""`distill run` in batches, real processes against the stand-in."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.crash.batch_jobs import IN_PROGRESS_S, SERVER, SETTINGS, rows_of, run_live
from tests.crash.runs import comparable_files, finish, start, write_documents
from tests.forked import ForkedProcess
from tests.openai_server import RunningServer, start_openai_server

NO_WAIT = ("--lane", "batch", "--no-wait")
WAIT = ("--lane", "batch", "--set", "batch.poll_s=0.1")
FEW = ("LICENSE",)


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with start_openai_server(SERVER) as running:
        yield running


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    write_documents(folder, FEW)
    return folder


def begin(server: RunningServer, run_dir: Path, documents: Path, *flags: str) -> ForkedProcess:
    return start(server, run_dir, "--documents", str(documents), *SETTINGS, *flags)


def cost_usd(run_dir: Path) -> float:
    lines = (run_dir / "journal.jsonl").read_bytes().splitlines()
    return sum(float(orjson.loads(line)["cost_usd"]) for line in lines)


def test_three_rounds_make_the_dataset_of_the_live_lane_at_half_its_price(
    server: RunningServer, documents: Path, tmp_path: Path
) -> None:
    undisturbed = run_live(documents, tmp_path / "live")
    codes = []

    for _ in range(3):
        code, output = finish(begin(server, tmp_path / "run", documents, *NO_WAIT))
        codes.append(code)
        time.sleep(2 * IN_PROGRESS_S)
    files = comparable_files(tmp_path / "run")

    assert codes == [75, 75, 0], output
    assert (tmp_path / "run/dataset/train.jsonl").read_bytes() == (
        tmp_path / "live/dataset/train.jsonl"
    ).read_bytes()
    for name in ("questions.jsonl", "answers.jsonl", "rejected.jsonl", "dataset/provenance.jsonl"):
        assert rows_of(files, name) == rows_of(undisturbed, name)
    assert cost_usd(tmp_path / "run") == pytest.approx(cost_usd(tmp_path / "live") / 2)
    assert server.control.totals()["calls"] == 0


def test_waiting_run_lives_through_an_outage(
    server: RunningServer, documents: Path, tmp_path: Path
) -> None:
    down = {"probabilities": {"bad_gateway": 1.0}}
    operations = ("upload_file", "create_batch", "retrieve_batch", "list_batches", "list_files")
    server.control.configure(slow_faults=dict.fromkeys(operations, down))

    process = begin(server, tmp_path / "run", documents, *WAIT)
    while server.control.slow_calls().get("list_files", {}).get("calls", 0) < 3:
        time.sleep(0.02)
    server.control.configure(slow_faults={})
    code, output = finish(process)

    assert code == 0, output
    assert "502" in output
    assert "waiting for the provider" in output
    assert server.control.totals()["custom_ids_billed_twice"] == 0


def test_outage_ends_a_round_with_one_clear_message(
    server: RunningServer, documents: Path, tmp_path: Path
) -> None:
    server.control.configure(slow_faults={"upload_file": {"probabilities": {"bad_gateway": 1.0}}})

    code, output = finish(begin(server, tmp_path / "run", documents, *NO_WAIT))

    assert code == 75
    assert "distill: 502" in output
    assert "Traceback" not in output


def test_interrupt_while_waiting_ends_at_once(
    server: RunningServer, documents: Path, tmp_path: Path
) -> None:
    server.control.configure(batches={"in_progress_s": 600.0})
    run_dir = tmp_path / "run"

    process = begin(server, run_dir, documents, "--lane", "batch")
    while not any(batch["number"] for batch in server.control.batches()):
        time.sleep(0.02)
    time.sleep(0.3)
    asked_s = time.monotonic()
    process.send_signal(signal.SIGINT)
    code, output = finish(process)
    took_s = time.monotonic() - asked_s

    assert code == 130, output
    assert took_s < 10.0  # a poll would come later, and the grace period would be over later
    assert "Traceback" not in output


def test_budget_without_room_is_an_end_with_a_reason(
    server: RunningServer, documents: Path, tmp_path: Path
) -> None:
    flags = (*NO_WAIT, "--budget-usd", "0.000001")

    code, output = finish(begin(server, tmp_path / "run", documents, *flags))

    assert code == 3
    assert "the budget of $0.0000 has no room" in output
    assert not server.control.files()[SERVER["files"]["others"] :]


def test_refused_key_ends_the_run_and_is_shown_nowhere(documents: Path, tmp_path: Path) -> None:
    with start_openai_server({**SERVER, "api_keys": ["sk-right"]}) as server:
        wrong = server._replace(api_key="sk-wrong-and-secret")
        code, output = finish(begin(wrong, tmp_path / "run", documents, *NO_WAIT))

    written = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert code == 3
    assert "check the key" in output
    assert "sk-wrong-and-secret" not in output
    assert b"sk-wrong-and-secret" not in written


def test_auto_says_its_plan_and_sends_a_small_job_live(
    server: RunningServer, documents: Path, tmp_path: Path
) -> None:
    flags = ("--lane", "auto", "--deadline", "2126-01-01T08:00")

    code, output = finish(begin(server, tmp_path / "run", documents, *flags))

    assert code == 0, output
    assert "plan: 100 requests or more go in batches, fewer go live" in output
    assert "on batches are cancelled" in output
    assert "are too few for a batch: they go live" in output
    assert server.control.totals()["batch_billed"] == 0


def test_live_lane_waits_for_what_is_out_and_buys_nothing_twice(
    server: RunningServer, documents: Path, tmp_path: Path
) -> None:
    server.control.configure(batches={"in_progress_s": 600.0})
    run_dir = tmp_path / "run"

    first, _ = finish(begin(server, run_dir, documents, *NO_WAIT))
    second, output = finish(begin(server, run_dir, documents, "--lane", "live", "--no-wait"))
    calls_while_out = server.control.totals()["calls"]
    server.control.configure(batches={"in_progress_s": 0.0})
    third, last_output = finish(
        begin(server, run_dir, documents, "--lane", "live", "--set", "batch.poll_s=0.1")
    )

    assert (first, second, third) == (75, 75, 0), last_output
    assert "requests are out in" in output
    assert calls_while_out == 0
    totals = server.control.totals()
    assert totals["billed_twice"] == totals["custom_ids_billed_twice"] == 0
    assert totals["batch_billed"] > 0
    assert totals["calls"] > 0


def test_settings_that_changed_are_asked_and_the_former_ones_are_not(
    server: RunningServer, documents: Path, tmp_path: Path
) -> None:
    server.control.configure(batches={"in_progress_s": 600.0})
    run_dir = tmp_path / "run"
    limited = (*NO_WAIT, "--set", "batch.max_enqueued_tokens=4000")

    finish(begin(server, run_dir, documents, *limited))
    before = {orjson.loads(line)["request_id"] for line in outbox_lines(run_dir)}
    changed = (*NO_WAIT, "--set", "questions.per_chunk=2", "--accept-changes")
    code, output = finish(begin(server, run_dir, documents, *changed))
    sent = (p.read_text() for p in (run_dir / "batches").glob("[0-9]*.jsonl"))
    text = "".join(sent)

    assert before
    assert code == 75, output
    assert not [request_id for request_id in before if request_id in text]


def test_local_model_has_no_batches(documents: Path, tmp_path: Path) -> None:
    with start_openai_server() as server:
        flags = (*NO_WAIT, "--provider", "local")
        process = start(server, tmp_path / "run", "--documents", str(documents), *flags)
        code, output = finish(process)

    assert code == 2
    assert "provider local has no batches" in output


def outbox_lines(run_dir: Path) -> list[bytes]:
    return (run_dir / "batches" / "outbox.jsonl").read_bytes().splitlines()
