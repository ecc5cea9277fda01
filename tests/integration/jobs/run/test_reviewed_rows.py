"""Decisions about rows: applied by the next call, for free, and again after a re-run."""

from pathlib import Path
from typing import Any

from engine.files.records import encode_record
from engine.run_folder import RunFolder
from jobs.dataset.rows.apply_reviews import RowText, reviews_path, row_hash
from jobs.view.line_file import append_line
from schemas.reviews import Decision, Review
from tests.crash.runs import finish, start
from tests.integration.jobs.run.command_runs import call_count, rows
from tests.openai_server import RunningServer


def decide(run_dir: Path, row: dict[str, Any], decision: Decision, answer: str = "") -> None:
    questions = {each["question_id"]: each["text"] for each in rows(run_dir / "questions.jsonl")}
    answers = {each["answer_id"]: each["text"] for each in rows(run_dir / "answers.jsonl")}
    question = questions[row["question_id"]]
    review = Review(
        review_id=row["answer_id"],
        row_hash=row_hash(RowText(question, answers[row["answer_id"]])),
        answer_id=row["answer_id"],
        document_id=row["document_id"],
        reviewer="anna",
        decision=decision,
        question=question if answer else "",
        answer=answer,
        at="2026-01-01T00:00:00+00:00",
    )
    append_line(reviews_path(RunFolder(run_dir)), encode_record(review))


def test_dropped_rows_are_out_and_edited_ones_have_their_new_text(
    run_dir: Path, server: RunningServer
) -> None:
    before = rows(run_dir / "dataset" / "provenance.jsonl")
    dropped, edited, *_ = before
    decide(run_dir, dropped, "drop")
    decide(run_dir, edited, "edit", "A better answer.")
    calls = call_count(server)

    ends = [finish(start(server, run_dir)) for _ in range(2)]

    assert [code for code, _ in ends] == [0, 0]
    assert "reviews: 0 rows kept, 1 edited, 1 dropped" in ends[0][1]
    assert call_count(server) == calls
    after = rows(run_dir / "dataset" / "provenance.jsonl")
    ledger = [row for row in rows(run_dir / "rejected.jsonl") if row["stage"] == "dataset"]
    assert [(row["item_id"], row["reason"]) for row in ledger] == [
        (dropped["answer_id"], "dropped_by_reviewer")
    ]
    kept = {row["answer_id"]: row for row in after}
    assert kept.keys() == {row["answer_id"] for row in before} - {dropped["answer_id"]}
    row = kept[edited["answer_id"]]
    assert row["review"] == "edit"
    texts = rows(run_dir / "dataset" / row["file"])[row["row"]]["messages"]
    assert texts[2]["content"] == "A better answer."
    assert not any("review" in row for row in after if row["answer_id"] != edited["answer_id"])
