"""Decisions of people at the export."""

from pathlib import Path

from engine.files.records import encode_record
from engine.files.replace import replace_file
from jobs.dataset.rows.apply_reviews import RowText, read_decisions, reviewed_text, row_hash
from schemas.reviews import Decision, Review

TEXT = RowText("Which areas?", "Three.")


def review(
    decision: Decision, text: RowText = TEXT, *, question: str = "", answer: str = ""
) -> Review:
    return Review(
        review_id=decision + answer,
        row_hash=row_hash(text),
        answer_id="a",
        document_id="d",
        reviewer="anna",
        decision=decision,
        question=question,
        answer=answer,
        at="2026-01-01T00:00:00+00:00",
    )


def decided(path: Path, *reviews: Review) -> RowText | None:
    replace_file(path, map(encode_record, reviews))
    return reviewed_text(TEXT, read_decisions(path).get(row_hash(TEXT)))


def test_last_decision_about_a_row_counts_and_a_comment_decides_nothing(tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"
    edit = review("edit", question="Which areas are there?", answer="Three areas.")

    assert decided(path) == TEXT
    assert decided(path, review("drop")) is None
    assert decided(path, review("drop"), review("comment")) is None
    assert decided(path, review("drop"), review("keep")) == TEXT
    assert decided(path, review("keep"), edit) == ("Which areas are there?", "Three areas.")


def test_decision_about_another_text_is_none_about_this(tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"

    assert decided(path, review("drop", RowText("Which areas?", "Four."))) == TEXT
