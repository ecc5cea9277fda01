"""Questions, answers, what was dropped and why, and the rows of the dataset."""

from typing import NamedTuple

from pydantic import Field

from schemas.documents import Side
from schemas.record import Record, Span, content_id, is_empty
from schemas.settings import Kind as Kind

MAX_EXCERPT_CHARS = 300


class Question(Record):
    """A question that passed the filters of its own stage; `evidence` is in document characters."""

    question_id: str
    chunk_id: str
    document_id: str
    side: Side
    kind: Kind
    text: str
    evidence: tuple[Span, ...]
    scores: dict[str, float]
    request_id: str


class Answer(Record):
    """An answer that passed the filters of its own stage; `evidence` is in document characters."""

    answer_id: str
    question_id: str
    chunk_id: str
    document_id: str
    side: Side
    text: str
    evidence: tuple[Span, ...]
    scores: dict[str, float]
    model: str
    request_id: str


class Rejection(Record):
    """An item that was dropped: by which stage, for which reason, with which score."""

    rejection_id: str
    item_id: str
    stage: str
    reason: str
    score: float | None = None
    threshold: float | None = None
    detail: str = ""
    text: str = ""

    @classmethod
    def of(
        cls,
        item_id: str,
        *,
        stage: str,
        reason: str,
        score: float | None = None,
        threshold: float | None = None,
        detail: str = "",
        text: str = "",
    ) -> "Rejection":
        """A rejection of the item `item_id`; `text` is cut to an excerpt."""
        return cls(
            rejection_id=content_id("rejection", stage, item_id, reason),
            item_id=item_id,
            stage=stage,
            reason=reason,
            score=score,
            threshold=threshold,
            detail=detail,
            text=text[:MAX_EXCERPT_CHARS],
        )


class Provenance(Record):
    """Where a training row comes from: row `row` (0-based) of dataset/`file`.

    `review`: `keep` or `edit` where somebody has decided that. `question_cost_usd` paid for all
    questions of the same request, of which this row's is one.
    """

    answer_id: str
    file: str
    row: int
    question_id: str
    chunk_id: str
    document_id: str
    path: str
    title: str
    headings: tuple[str, ...]
    first_page: int | None
    last_page: int | None
    kind: Kind
    question_evidence: tuple[Span, ...]
    answer_evidence: tuple[Span, ...]
    scores: dict[str, float]
    model: str
    request_ids: tuple[str, ...]
    question_cost_usd: float | None
    answer_cost_usd: float | None
    review: str = Field(default="", exclude_if=is_empty)


class HeldOutQuestion(Record):
    """A question about text that no training row has seen, with that text.

    `reference`: a right answer, where one is known.
    """

    question_id: str
    chunk_id: str
    document_id: str
    path: str
    kind: Kind
    question: str
    context: str
    evidence: tuple[Span, ...]
    reference: str = Field(default="", exclude_if=is_empty)


class Fault(NamedTuple):
    """The reason for a drop and, where something was measured, the score and its threshold.

    `detail` is what was found: the number or name that comes from nowhere.
    """

    reason: str
    score: float | None = None
    threshold: float | None = None
    detail: str = ""
