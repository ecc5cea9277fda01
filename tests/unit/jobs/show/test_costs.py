"""What a run cost, told apart and added up."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.files.journal import encode_outcome
from engine.files.records import encode_record
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.testing.calls import chat_request, completed, failed
from jobs.show.costs import PARTS, Part, costs_csv, describe_costs, read_costs, read_parts
from jobs.show.summarize import summarize_run
from schemas.batches import BatchAttempt
from schemas.finetuning import TuningEvent
from schemas.outcomes import Outcome, Usage

USAGE = Usage(prompt_tokens=10, completion_tokens=5, cached_tokens=4)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """Three requests, one of them asked again, a reply that was cut off, and a training."""
    folder = RunFolder(tmp_path / "run")
    folder.create()
    outcomes: list[Outcome] = [
        completed(chat_request("a", model="m", purpose="questions"), usage=USAGE, cost_usd=0.25),
        completed(chat_request("b", model="m"), usage=USAGE, cost_usd=0.5, lane="batch"),
        failed(chat_request("c", model="n")),
    ]
    replace_file(folder.journal_path, map(encode_outcome, outcomes))
    again = completed(chat_request("d", model="m"), usage=USAGE, cost_usd=1.0)
    replace_file(folder.retried_path, [encode_outcome(again)])
    folder.batches_dir.mkdir()
    cut_off = BatchAttempt(
        attempt_id="1", request_id="b", batch="000001", code="truncated", message="", cost_usd=2.0
    )
    replace_file(folder.batches_dir / "attempts.jsonl", [encode_record(cut_off)])
    tuning = TuningEvent(
        event_id="1",
        job_name="j",
        step="ended",
        at="2026-11-26T00:00:00+00:00",
        trainer="openai",
        base_model="s",
        train_sha256="",
        validation_sha256="",
        trained_tokens=9000,
        cost_usd=4.0,
    )
    replace_file(folder.results_path("finetuning"), [encode_record(tuning)])
    return folder


def table(folder: RunFolder, *parts: Part) -> list[dict[str, str]]:
    rows = read_costs(folder, parts, lost_usd=8.0)
    return list(csv.DictReader(io.StringIO(costs_csv(rows, parts))))


def test_every_dollar_is_in_one_row(folder: RunFolder) -> None:
    rows = table(folder, *PARTS)

    dollars = {(r["purpose"], r["lane"]): r["cost_usd"] for r in rows if r["model"] != "n"}
    assert dollars == {
        ("questions", "live"): "0.25",
        ("answers", "batch"): "0.5",
        ("answers", "live"): "1.0",
        ("batches for nothing", "batch"): "2.0",
        ("lost replies", "live"): "8.0",
        ("fine-tuning", "openai"): "4.0",
    }
    assert {row["day"] for row in rows} == {"", "2026-11-25", "2026-11-26"}


def test_rows_add_up_to_the_status_and_the_training(folder: RunFolder) -> None:
    total = sum(float(row["cost_usd"]) for row in table(folder, *PARTS))

    status_usd = summarize_run(folder).cost_usd
    assert status_usd is not None
    assert total == pytest.approx(status_usd + 8.0 + 4.0)


def test_rows_that_are_not_told_apart_are_one(folder: RunFolder) -> None:
    by_model = {row["model"]: row for row in table(folder, "model")}

    assert by_model["m"]["requests"] == "3"
    assert by_model["m"]["cached_tokens"] == "12"
    assert by_model["n"]["failed"] == "1"


def test_cost_that_is_not_known_is_empty_and_makes_the_total_unknown(folder: RunFolder) -> None:
    unpriced = completed(chat_request("e", model="x"), cost_usd=None)
    replace_file(folder.journal_path, [encode_outcome(unpriced)])

    rows = read_costs(folder, ("model",), lost_usd=0.0)

    assert "x,1,0,10,0,5,\n" in costs_csv(rows, ("model",))
    assert describe_costs(rows, ("model",)).splitlines()[-1].endswith("unknown")


def test_table_ends_with_the_total(folder: RunFolder) -> None:
    lines = describe_costs(read_costs(folder, ("purpose",), 8.0), ("purpose",)).splitlines()

    assert lines[0].split()[:2] == ["purpose", "requests"]
    assert lines[-1].split()[0] == "total"
    assert lines[-1].endswith("$15.75")


def test_parts_are_in_the_order_of_the_table_and_checked() -> None:
    assert read_parts("lane, model") == ("model", "lane")
    with pytest.raises(ConfigError, match="--by: found 'week', expected some of day, model"):
        read_parts("week")
    with pytest.raises(ConfigError, match="--by: found nothing"):
        read_parts(",")


def test_tier_that_answered_stands_in_place_of_the_lane(folder: RunFolder) -> None:
    flex = completed(chat_request("f", model="m"), cost_usd=0.5)
    replace_file(folder.journal_path, [encode_outcome(replace(flex, service_tier="flex"))])

    rows = table(folder, "lane")

    assert [row["cost_usd"] for row in rows if row["lane"] == "flex"] == ["0.5"]
