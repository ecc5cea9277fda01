"""Makes the rows of a dataset, each with where it comes from."""

import heapq
from collections.abc import Iterator
from typing import NamedTuple

from engine.files.journal import Journal
from engine.files.records import RecordLog, read_records_by_id
from jobs.dataset.chat_rows import chat_row
from jobs.dataset.excerpts import excerpt_around
from jobs.dataset.row_sources import Sources
from jobs.dataset.unanswerable import UNANSWERABLE
from schemas.dataset import Answer, Provenance, Question, Unanswerable
from schemas.documents import Chunk
from schemas.record import Span
from schemas.requests import Json


class DatasetRow(NamedTuple):
    """The texts of a row and where it comes from; rows of one `group_id` go to one file.

    `excerpt`: the part of the chunk that is shown; None: all of it.
    """

    row_id: str
    group_id: str
    question: str
    answer: str
    chunk: Chunk
    excerpt: str | None
    provenance: Provenance

    def messages(self, question: str, answer: str, *, closed_book: bool) -> dict[str, Json]:
        """The row with these texts: its own, or what a reviewer has made of them."""
        return chat_row(
            question, answer, self.chunk, closed_book=closed_book, excerpt_text=self.excerpt
        )


def make_rows(sources: Sources, answers: RecordLog[Answer]) -> Iterator[DatasetRow]:
    """All rows in the order of their content ids: shuffled, and always in the same way.

    Raises:
        DamagedLogError: an answer's question or chunk is missing.
    """
    streams = (_answered_rows(sources), _unanswerable_rows(sources, answers))
    return heapq.merge(*streams, key=lambda row: row.row_id)


def _answered_rows(sources: Sources) -> Iterator[DatasetRow]:
    settings = sources.settings.dataset
    for answer in sources.kept_answers("train"):
        question, chunk = sources.of(answer)
        excerpt = None
        if settings.excerpt_tokens and not settings.closed_book:
            evidence = (*question.evidence, *answer.evidence)
            excerpt = excerpt_around(chunk, evidence, settings.excerpt_tokens)
        provenance = _provenance(answer, question, chunk, sources.journal)
        yield DatasetRow(
            answer.answer_id,
            chunk.chunk_id,
            question.text,
            answer.text,
            chunk,
            excerpt,
            provenance,
        )


def _unanswerable_rows(sources: Sources, answers: RecordLog[Answer]) -> Iterator[DatasetRow]:
    """Rows whose excerpt does not answer their question; they go where the answered one goes."""
    if not sources.settings.dataset.unanswerable_fraction:
        return
    path = sources.folder.results_path(UNANSWERABLE.name)
    for found in read_records_by_id(path, Unanswerable):
        answer = answers.get(found.answer_id)
        if answer is None or not sources.is_kept(answer):
            continue
        question, chunk = sources.of(answer)
        donor = sources.chunks.require(found.chunk_id)
        excerpt = None
        if limit := sources.settings.dataset.excerpt_tokens:
            start = Span(start_char=donor.start_char, end_char=donor.start_char + 1)
            excerpt = excerpt_around(donor, (start,), limit)
        said = answer.model_copy(
            update={
                "answer_id": found.unanswerable_id,
                "evidence": (),
                "scores": {},
                "model": found.judge,
                "request_id": found.request_id,
            }
        )
        provenance = _provenance(said, question, donor, sources.journal)
        is_none = {"is_unanswerable": True, "question_evidence": ()}
        yield DatasetRow(
            found.unanswerable_id,
            chunk.chunk_id,
            question.text,
            found.text,
            donor,
            excerpt,
            provenance.model_copy(update=is_none),
        )


def _provenance(answer: Answer, question: Question, chunk: Chunk, journal: Journal) -> Provenance:
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
    )


def _question_scores(question: Question) -> dict[str, float]:
    return {
        name if name.startswith("judge_") else f"question_{name}": score
        for name, score in question.scores.items()
    }
