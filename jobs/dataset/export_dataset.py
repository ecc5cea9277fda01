"""Writes the dataset: rows in chat format, their provenance, and the held-out questions."""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from typing import NamedTuple

import numpy as np
import orjson

from engine.files.journal import Journal
from engine.files.records import RecordLog, encode_record, read_records, read_records_by_id
from engine.files.replace import replacing
from engine.run_folder import RunFolder
from engine.stage import StagePass
from engine.stopping import Stopping
from jobs.dataset.apply_reviews import (
    RowText,
    read_decisions,
    reviewed_text,
    reviews_path,
    row_hash,
)
from jobs.dataset.ask_teacher import ANSWERS
from jobs.dataset.chat_rows import ROW_PROMPTS, chat_row
from jobs.dataset.keep_questions import KEPT_QUESTIONS
from jobs.dataset.profiles import PROFILES
from jobs.documents.chunk_documents import CHUNKS
from jobs.run.stages import Stage, StageContext
from schemas.dataset import Answer, HeldOutQuestion, Provenance, Question
from schemas.documents import Chunk
from schemas.record import content_id
from schemas.settings import DatasetSettings

_log = logging.getLogger(__name__)


class DatasetCounts(NamedTuple):
    """Rows written to each file of the dataset."""

    train: int
    validation: int
    held_out: int


class Sources(NamedTuple):
    """Where the pieces of a row are looked up by id."""

    questions: RecordLog[Question]
    chunks: RecordLog[Chunk]
    journal: Journal

    def is_kept(self, answer: Answer) -> bool:
        """Whether the question of an answer is kept: it may repeat one that came later."""
        return answer.question_id in self.questions

    def of(self, answer: Answer) -> tuple[Question, Chunk]:
        """The question of an answer, and the chunk of both.

        Raises:
            DamagedLogError: one of them is missing.
        """
        return self.questions.require(answer.question_id), self.chunks.require(answer.chunk_id)


async def export_dataset(
    folder: RunFolder, settings: DatasetSettings, journal: Journal, stopping: Stopping
) -> DatasetCounts:
    """Replace the files of the dataset by what the run now holds, each in one step.

    Rows stand in the order of their answers' content ids: shuffled, and the same in every run
    with the same replies. What was decided in reviews.jsonl is applied: rows are dropped or have
    other texts. Reads answers one at a time, in a thread, so that a stop is noticed.

    Raises:
        DamagedLogError: an answer's question or chunk is missing.
        InterruptedRunError: a stop was requested; files that were not finished are as they were.
    """
    async with AsyncExitStack() as logs:
        questions = await logs.enter_async_context(
            RecordLog(folder.results_path(KEPT_QUESTIONS.name), Question)
        )
        chunks = await logs.enter_async_context(RecordLog(folder.results_path(CHUNKS.name), Chunk))
        sources = Sources(questions, chunks, journal)
        train_count, validation_count = await asyncio.to_thread(
            _write_rows, folder, settings, sources, stopping
        )
        held_out_count = await asyncio.to_thread(_write_held_out, folder, chunks, stopping)
    return DatasetCounts(train_count, validation_count, held_out_count)


def _write_rows(
    folder: RunFolder, settings: DatasetSettings, sources: Sources, stopping: Stopping
) -> tuple[int, int]:
    answers_path = folder.results_path(ANSWERS.name)
    answered = (a for a in read_records(answers_path, Answer) if sources.is_kept(a))
    highest = _highest_validation_draw(answered, settings)
    decisions = read_decisions(reviews_path(folder))
    counts = {"train.jsonl": 0, "validation.jsonl": 0}
    reviewed: Counter[str] = Counter()
    with ExitStack() as files:
        write_row = {
            name: files.enter_context(replacing(folder.dataset_dir / name)) for name in counts
        }
        write_provenance = files.enter_context(replacing(folder.dataset_dir / "provenance.jsonl"))
        for answer in filter(sources.is_kept, read_records_by_id(answers_path, Answer)):
            stopping.raise_if_requested()
            name = "validation.jsonl" if _draw(answer.chunk_id) <= highest else "train.jsonl"
            question, chunk = sources.of(answer)
            given = RowText(question.text, answer.text)
            decision = decisions.get(row_hash(given)) if decisions else None
            text = reviewed_text(given, decision)
            reviewed.update([decision.decision] if decision else [])
            if text is None:
                continue
            row = chat_row(*text, chunk, closed_book=settings.closed_book)
            write_row[name](orjson.dumps(row))
            provenance = _provenance(answer, question, chunk, sources.journal)
            review = decision.decision if decision else ""
            where = {"file": name, "row": counts[name], "review": review}
            write_provenance(encode_record(provenance.model_copy(update=where)))
            counts[name] += 1
    if reviewed:
        _log.info(
            "reviews: %d rows kept, %d edited, %d dropped",
            *(reviewed[decision] for decision in ("keep", "edit", "drop")),
        )
    return counts["train.jsonl"], counts["validation.jsonl"]


def _write_held_out(folder: RunFolder, chunks: RecordLog[Chunk], stopping: Stopping) -> int:
    count = 0
    with replacing(folder.dataset_dir / "held_out.jsonl") as write_line:
        for question in read_records_by_id(folder.results_path(KEPT_QUESTIONS.name), Question):
            stopping.raise_if_requested()
            chunk = chunks.get(question.chunk_id) if question.side == "held_out" else None
            if chunk is not None:
                write_line(encode_record(_held_out(question, chunk)))
                count += 1
    return count


def _held_out(question: Question, chunk: Chunk) -> HeldOutQuestion:
    return HeldOutQuestion(
        question_id=question.question_id,
        chunk_id=question.chunk_id,
        document_id=question.document_id,
        path=chunk.path,
        kind=question.kind,
        question=question.text,
        context=chunk.text,
        evidence=question.evidence,
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
            **{f"question_{name}": score for name, score in question.scores.items()},
            **{f"answer_{name}": score for name, score in answer.scores.items()},
        },
        model=answer.model,
        request_ids=(question.request_id, answer.request_id),
        question_cost_usd=asked.cost_usd if asked else None,
        answer_cost_usd=answered.cost_usd if answered else None,
    )


def _highest_validation_draw(answers: Iterator[Answer], settings: DatasetSettings) -> int:
    """The draw up to which a chunk's rows validate; -1 for none.

    All rows of a chunk go to one file. At least one chunk validates, unless there is only one.
    """
    draws = np.unique(np.fromiter((_draw(answer.chunk_id) for answer in answers), np.int64))
    wanted = math.ceil(settings.validation_fraction * len(draws)) if len(draws) > 1 else 0
    return int(draws[wanted - 1]) if wanted else -1


def _draw(chunk_id: str) -> int:
    return int(content_id("validation", chunk_id)[:15], 16)


async def _export(context: StageContext[None]) -> StagePass:
    await export_dataset(
        context.folder, context.settings.dataset, context.journal, context.stopping
    )
    return StagePass()


EXPORT: Stage[None] = Stage(
    name="dataset",
    label="rows",
    result=None,
    reads=(CHUNKS.name, KEPT_QUESTIONS.name, ANSWERS.name),
    work=_export,
    prompts={name: ROW_PROMPTS for name in PROFILES},
    is_written_anew=True,
)
