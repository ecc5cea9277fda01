"""Makes the rows of a dataset, each with where it comes from."""

import heapq
from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from engine.files.journal import Journal
from engine.files.records import RecordLog, read_records_by_id
from jobs.dataset.rows.chat_rows import Excerpt, excerpt_of, join_excerpts
from jobs.dataset.rows.excerpts import excerpt_around
from jobs.dataset.rows.kind_quota import KindedRow, KindQuota, choose_rows
from jobs.dataset.rows.near_chunks import read_near_chunks
from jobs.dataset.rows.row_sources import Sources
from jobs.dataset.rows.unanswerable import UNANSWERABLE, has_unanswerable_rows
from jobs.documents.passages import Passages
from schemas.dataset import Answer, Provenance, Question, Unanswerable
from schemas.documents import Chunk
from schemas.record import Span, content_id
from schemas.settings import DatasetSettings


class DatasetRow(NamedTuple):
    """The texts of a row and where it comes from; rows of one `group_id` go to one file.

    `excerpt` None: none is shown. `chosen_by`: rows of one question stay or are left out together.
    """

    row_id: str
    chosen_by: KindedRow
    group_id: str
    question: str
    answer: str
    excerpt: Excerpt | None
    provenance: Provenance


def choose_by_kind(sources: Sources, repeated: Container[str]) -> KindQuota:
    """Which answers make rows, so that no kind of question is too many.

    `repeated` are the ids of those that make none in any case.
    """
    settings = sources.settings
    if settings.dataset.max_kind_excess is None:
        return KindQuota({})
    answers = (each for each in sources.kept_answers("train") if each.answer_id not in repeated)
    rows = (row_of(answer, sources) for answer in answers)
    weights = settings.questions.kind_weights
    return choose_rows(rows, weights, settings.dataset.max_kind_excess)


def row_of(answer: Answer, sources: Sources) -> KindedRow:
    """What the row of an answer is chosen by."""
    return KindedRow(answer.answer_id, sources.of(answer).question.kind)


class ChunkGroups:
    """Chunks by group: a chunk by itself, or all that pairs of chunks join, under the least id.

    All rows of a group go to one file: some question needs both chunks of a pair.
    """

    def __init__(self, answers: Iterator[Answer]) -> None:
        self._joined: dict[str, str] = {}
        for answer in answers:
            if answer.second_chunk_id:
                self._join(answer.chunk_id, answer.second_chunk_id)

    def group_of(self, chunk_id: str) -> str:
        """The id of a chunk's group: that of the chunk itself where no pair joins it."""
        while (other := self._joined.get(chunk_id, chunk_id)) != chunk_id:
            chunk_id = other
        return chunk_id

    def _join(self, chunk_id: str, other_id: str) -> None:
        least, other = sorted((self.group_of(chunk_id), self.group_of(other_id)))
        self._joined[other] = least


def make_rows(
    sources: Sources, answers: RecordLog[Answer], groups: ChunkGroups
) -> Iterator[DatasetRow]:
    """All rows in the order of their content ids: shuffled, and always in the same way.

    Raises:
        DamagedLogError: an answer's question or chunk is missing.
    """
    streams = (_answered_rows(sources, groups), _unanswerable_rows(sources, answers, groups))
    return heapq.merge(*streams, key=lambda row: row.row_id)


def _answered_rows(sources: Sources, groups: ChunkGroups) -> Iterator[DatasetRow]:
    settings = sources.settings.dataset
    near = None
    if settings.distractor_fraction and not settings.closed_book:
        near = read_near_chunks(sources.folder, sources.chunks)
    for answer in sources.kept_answers("train"):
        question, passages = sources.of(answer)
        excerpt = None
        provenance = _provenance(answer, question, passages, sources.journal)
        if not settings.closed_book:
            evidence = (*question.evidence, *answer.evidence)
            excerpt = join_excerpts([_show(each, evidence, settings) for each in passages.in_order])
        if near and excerpt and _draw("distracted", answer) < settings.distractor_fraction:
            others = near.hard_for(question.text, answer.text, passages)[: settings.distractors]
            excerpt = _among(excerpt, [_show(each, (), settings) for each in others], answer)
            ids = {"distractor_chunk_ids": tuple(each.chunk_id for each in others)}
            provenance = provenance.model_copy(update=ids)
        yield DatasetRow(
            answer.answer_id,
            KindedRow(answer.answer_id, question.kind),
            groups.group_of(answer.chunk_id),
            question.text,
            answer.text,
            excerpt,
            provenance,
        )


def _show(chunk: Chunk, evidence: Sequence[Span], settings: DatasetSettings) -> Excerpt:
    """What of a chunk is shown: around the evidence, or from its start where it is none."""
    if not settings.excerpt_tokens:
        return excerpt_of(chunk)
    start = Span(start_char=chunk.start_char, end_char=chunk.start_char + 1)
    return excerpt_of(chunk, excerpt_around(chunk, evidence or (start,), settings.excerpt_tokens))


def _among(excerpt: Excerpt, others: list[Excerpt], answer: Answer) -> Excerpt:
    """The right excerpt at a drawn place between others."""
    place = int(_draw("place", answer) * (len(others) + 1))
    return join_excerpts([*others[:place], excerpt, *others[place:]])


def _draw(what: str, answer: Answer) -> float:
    return int(content_id(what, answer.answer_id)[:13], 16) / 16**13  # 52 bits: exact in a float


def _unanswerable_rows(
    sources: Sources, answers: RecordLog[Answer], groups: ChunkGroups
) -> Iterator[DatasetRow]:
    """Rows whose excerpt does not answer their question; they go where the answered one goes."""
    if not has_unanswerable_rows(sources.settings):
        return
    path = sources.folder.results_path(UNANSWERABLE.name)
    for found in read_records_by_id(path, Unanswerable):
        answer = answers.get(found.answer_id)
        if answer is None or not sources.is_kept(answer):
            continue
        question = sources.of(answer).question
        donor = sources.chunks.require(found.chunk_id)
        said = answer.model_copy(
            update={
                "answer_id": found.unanswerable_id,
                "evidence": (),
                "scores": {},
                "model": found.judge,
                "request_id": found.request_id,
            }
        )
        provenance = _provenance(said, question, Passages(donor), sources.journal)
        is_none = {"is_unanswerable": True, "question_evidence": ()}
        yield DatasetRow(
            found.unanswerable_id,
            KindedRow(answer.answer_id, question.kind),
            groups.group_of(answer.chunk_id),
            question.text,
            found.text,
            _show(donor, (), sources.settings.dataset),
            provenance.model_copy(update=is_none),
        )


def _provenance(
    answer: Answer, question: Question, passages: Passages, journal: Journal
) -> Provenance:
    chunk = passages.chunk
    asked, answered = journal.get(question.request_id), journal.get(answer.request_id)
    return Provenance(
        answer_id=answer.answer_id,
        file="",
        row=0,
        question_id=question.question_id,
        chunk_id=chunk.chunk_id,
        document_id=chunk.document_id,
        path=chunk.path,
        title=chunk.title,
        headings=chunk.headings,
        first_page=chunk.first_page,
        last_page=chunk.last_page,
        kind=question.kind,
        question_evidence=question.evidence,
        answer_evidence=answer.evidence,
        scores={
            **_question_scores(question),
            **{f"answer_{name}": score for name, score in answer.scores.items()},
        },
        model=answer.model,
        request_ids=(question.request_id, answer.request_id),
        question_cost_usd=asked.cost_usd if asked else None,
        answer_cost_usd=answered.cost_usd if answered else None,
        second_chunk_id=passages.second_id,
    )


def _question_scores(question: Question) -> dict[str, float]:
    return {
        name if name.startswith("judge_") else f"question_{name}": score
        for name, score in question.scores.items()
    }
