"""Questions, answers, what was dropped and why, and the rows of the dataset."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from pydantic import Field

from schemas.documents import Chunk, Side
from schemas.record import Record, Span, content_id, is_empty
from schemas.settings import Kind as Kind

MAX_EXCERPT_CHARS = 300


class Question(Record):
    """A question that passed the filters of its own stage; `evidence` is in document characters.

    `second_chunk_id`: the other chunk of the document that it needs; most questions need none.
    """

    question_id: str
    chunk_id: str
    document_id: str
    side: Side
    kind: Kind
    text: str
    evidence: tuple[Span, ...]
    scores: dict[str, float]
    request_id: str
    second_chunk_id: str = Field(default="", exclude_if=is_empty)


class QuestionVector(Record):
    """Where the vector of a question stands: at which place of how many, in the reply to what."""

    question_id: str
    chunk_id: str
    request_id: str
    place: int
    count: int


class Answer(Record):
    """An answer that passed the filters of its own stage; `evidence` is in document characters.

    `second_chunk_id` is that of its question.
    """

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
    second_chunk_id: str = Field(default="", exclude_if=is_empty)


class Rejection(Record):
    """An item that was dropped: by which stage, for which reason, with which score.

    It names its document by `path`, and the chunk that it is or is of, if there is one. Questions
    and answers also say what the model had said of them, so that a drop can be judged by itself;
    `evidence` is in document characters.
    """

    rejection_id: str
    item_id: str
    stage: str
    reason: str
    score: float | None = None
    threshold: float | None = None
    detail: str = ""
    text: str = ""
    chunk_id: str = ""
    path: str = ""
    kind: Kind | None = None
    evidence: tuple[Span, ...] = ()
    scores: dict[str, float] = Field(default_factory=dict)
    second_chunk_id: str = Field(default="", exclude_if=is_empty)

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

    def of_document(self, path: str) -> "Rejection":
        """The same, with the document, or the folder of documents, that it is of."""
        return self.model_copy(update={"path": path})

    def of_chunk(self, chunk: Chunk, second_chunk_id: str = "") -> "Rejection":
        """The same, with the chunk and document that it is of, and the second chunk if any."""
        where = {"chunk_id": chunk.chunk_id, "path": chunk.path}
        return self.model_copy(update={**where, "second_chunk_id": second_chunk_id})

    def with_draft(
        self,
        kind: Kind,
        evidence: tuple[Span, ...],
        scores: Mapping[str, float] = MappingProxyType({}),
    ) -> "Rejection":
        """The same, with what the model had said: kind, evidence, and what was measured of it."""
        draft = {"kind": kind, "evidence": evidence, "scores": dict(scores)}
        return self.model_copy(update=draft)


class Verdict(Record):
    """A pair of question and answer that the judge lets pass.

    `judge` is the model that was asked. `question` is as it stands in the row: the judge may have
    reworded it.
    """

    verdict_id: str
    answer_id: str
    question_id: str
    chunk_id: str
    judge: str
    question: str
    is_reworded: bool
    scores: dict[str, float]
    request_id: str


class Unanswerable(Record):
    """A question and a chunk that is near to it and does not answer it.

    `answer_id` is of the answer that its own chunk gives; `text` is what the row says instead.
    """

    unanswerable_id: str
    answer_id: str
    question_id: str
    chunk_id: str
    text: str
    judge: str
    request_id: str


class Provenance(Record):
    """Where a training row comes from: row `row` (0-based) of dataset/`file`.

    `review`: `keep` or `edit` where a reviewer has decided that. `question_cost_usd` paid for all
    questions of the same request, of which this row's is one, and so may `answer_cost_usd`.
    Unanswerable: the chunk that is shown does not answer the question. A second chunk is shown
    where the question needs two; distractors are shown beside the chunk.
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
    is_unanswerable: bool = Field(default=False, exclude_if=is_empty)
    second_chunk_id: str = Field(default="", exclude_if=is_empty)
    distractor_chunk_ids: tuple[str, ...] = Field(default=(), exclude_if=is_empty)
    review: str = Field(default="", exclude_if=is_empty)


class HeldOutQuestion(Record):
    """A question about text that no training row has seen, with that text.

    `reference`: a right answer, where one is known: with `answers.held_out` the teacher's.
    `context` is the text of both chunks where the question needs two.
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
    reference_evidence: tuple[Span, ...] = Field(default=(), exclude_if=is_empty)
    second_chunk_id: str = Field(default="", exclude_if=is_empty)


class ChunkCoverage(Record):
    """What became of a chunk: asked about, kept at each step, and what was dropped for what.

    Questions that need two chunks count with the one that they were asked about;
    `second_of_rows`: rows of which it is the other one.
    """

    chunk_id: str
    document_id: str
    path: str
    side: Side
    is_asked: bool
    questions: int
    kept_questions: int
    answers: int
    rows: int
    dropped: dict[str, int]
    second_of_rows: int = Field(default=0, exclude_if=is_empty)


class DocumentCoverage(Record):
    """What became of all chunks of a document together; `trained_chunks` are asked and trained on.

    What a document itself was dropped for counts among the reasons.
    """

    document_id: str
    path: str
    chunks: int
    asked_chunks: int
    trained_chunks: int
    questions: int
    kept_questions: int
    answers: int
    rows: int
    dropped: dict[str, int]


class Fault(NamedTuple):
    """The reason for a drop and, where something was measured, the score and its threshold.

    `detail` is what was found: the number or name that comes from nowhere.
    """

    reason: str
    score: float | None = None
    threshold: float | None = None
    detail: str = ""
