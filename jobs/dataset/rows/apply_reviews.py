"""What people decided about rows, as the export applies it."""

from pathlib import Path
from typing import NamedTuple

from engine.files.records import read_records
from engine.run_folder import RunFolder
from schemas.record import content_id
from schemas.reviews import Review


class RowText(NamedTuple):
    """The two texts of a row."""

    question: str
    answer: str


def row_hash(text: RowText) -> str:
    """The name under which decisions about a row are kept: a hash of its texts."""
    return content_id("row", text.question, text.answer)


def reviews_path(folder: RunFolder) -> Path:
    """The file of all decisions, in the order in which they were made."""
    return folder.run_dir / "reviews.jsonl"


def read_decisions(path: Path) -> dict[str, Review]:
    """The last decision about each row, by its hash; comments decide nothing.

    Raises:
        DamagedLogError: a line is damaged.
    """
    return {
        review.row_hash: review
        for review in read_records(path, Review)
        if review.decision != "comment"
    }


def reviewed_text(text: RowText, decision: Review | None) -> RowText | None:
    """The texts that a row has after its review; None: it was dropped."""
    if decision is None or decision.decision == "keep":
        return text
    return None if decision.decision == "drop" else RowText(decision.question, decision.answer)
