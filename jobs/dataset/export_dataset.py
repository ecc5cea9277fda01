"""Writes the dataset: rows in chat format, their provenance, and the held-out questions."""

import asyncio
import math
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson

from engine.files.journal import Journal
from engine.files.records import RecordLog, encode_record, read_records_by_id
from engine.files.replace import replacing
from engine.run_folder import RunFolder
from engine.stage import StagePass
from engine.stopping import Stopping
from jobs.dataset.ask_teacher import ANSWERS
from jobs.dataset.chat_rows import ROW_PROMPTS, chat_row
from jobs.dataset.coverage import write_coverage
from jobs.dataset.excerpts import excerpt_around
from jobs.dataset.judge.judge_rows import VERDICTS, verdict_id
from jobs.dataset.keep_questions import KEPT_QUESTIONS
from jobs.dataset.profiles import PROFILES
from jobs.documents.chunk_documents import CHUNKS
from jobs.run.stages import Stage, StageContext
from schemas.dataset import Answer, HeldOutQuestion, Provenance, Question, Verdict
from schemas.documents import Chunk
from schemas.record import content_id
from schemas.requests import Json
from schemas.settings import DatasetSettings, RunSettings


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
    verdicts: RecordLog[Verdict] | None
    settings: RunSettings

    def is_kept(self, answer: Answer) -> bool:
        """Whether the question of an answer is kept: it may repeat one that came later.

        Where rows are judged, also whether the judge let the answer pass.
        """
        return answer.question_id in self.questions and (
            self.verdicts is None or verdict_id(answer.answer_id, self.settings) in self.verdicts
        )

    def of(self, answer: Answer) -> tuple[Question, Chunk]:
        """The question of an answer as it stands in the row, and the chunk of both.

        Raises:
            DamagedLogError: one of them is missing.
        """
        question = self.questions.require(answer.question_id)
        if self.verdicts is not None:
            verdict = self.verdicts.require(verdict_id(answer.answer_id, self.settings))
            scores = {f"judge_{name}": score for name, score in verdict.scores.items()}
            judged = {"text": verdict.question, "scores": {**question.scores, **scores}}
            question = question.model_copy(update=judged)
        return question, self.chunks.require(answer.chunk_id)


async def export_dataset(
    folder: RunFolder, settings: RunSettings, journal: Journal, stopping: Stopping
) -> DatasetCounts:
    """Replace the files of the dataset by what the run now holds, each in one step.

    Rows stand in the order of their answers' content ids: shuffled, and the same in every run
    with the same replies. Reads answers one at a time, in a thread, so that a stop is noticed.

    Raises:
        DamagedLogError: an answer's question or chunk is missing.
        InterruptedRunError: a stop was requested; files that were not finished are as they were.
    """
    async with AsyncExitStack() as logs:
        questions = await logs.enter_async_context(
            RecordLog(folder.results_path(KEPT_QUESTIONS.name), Question)
        )
        chunks = await logs.enter_async_context(RecordLog(folder.results_path(CHUNKS.name), Chunk))
        verdicts = None
        if settings.judge.of_rows:
            path = folder.results_path(VERDICTS.name)
            verdicts = await logs.enter_async_context(RecordLog(path, Verdict))
        sources = Sources(questions, chunks, journal, verdicts, settings)
        train_count, validation_count = await asyncio.to_thread(
            _write_rows, folder, settings.dataset, sources, stopping
        )
        held_out_count = await asyncio.to_thread(_write_held_out, folder, chunks, stopping)
    return DatasetCounts(train_count, validation_count, held_out_count)


def _write_rows(
    folder: RunFolder, settings: DatasetSettings, sources: Sources, stopping: Stopping
) -> tuple[int, int]:
    answers_path = folder.results_path(ANSWERS.name)
    answered = _one_for_each_question(answers_path, sources)
    highest = _highest_validation_draw(answered, settings)
    counts = {"train.jsonl": 0, "validation.jsonl": 0}
    with ExitStack() as files:
        write_row = {
            name: files.enter_context(replacing(folder.dataset_dir / name)) for name in counts
        }
        write_provenance = files.enter_context(replacing(folder.dataset_dir / "provenance.jsonl"))
        for answer in _one_for_each_question(answers_path, sources):
            stopping.raise_if_requested()
            name = "validation.jsonl" if _draw(answer.chunk_id) <= highest else "train.jsonl"
            question, chunk = sources.of(answer)
            row = _row(question, answer, chunk, settings)
            write_row[name](orjson.dumps(row))
            provenance = _provenance(answer, question, chunk, sources.journal)
            where = {"file": name, "row": counts[name]}
            write_provenance(encode_record(provenance.model_copy(update=where)))
            counts[name] += 1
    return counts["train.jsonl"], counts["validation.jsonl"]


def _one_for_each_question(path: Path, sources: Sources) -> Iterator[Answer]:
    """The kept answers in the order of their ids, of several to one question the first.

    A question has several where its chunk was asked about again, with other questions.
    """
    answered = set[str]()
    for answer in read_records_by_id(path, Answer):
        if sources.is_kept(answer) and answer.question_id not in answered:
            answered.add(answer.question_id)
            yield answer


def _row(
    question: Question, answer: Answer, chunk: Chunk, settings: DatasetSettings
) -> dict[str, Json]:
    excerpt = None
    if settings.excerpt_tokens and not settings.closed_book:
        evidence = (*question.evidence, *answer.evidence)
        excerpt = excerpt_around(chunk, evidence, settings.excerpt_tokens)
    return chat_row(
        question.text,
        answer.text,
        chunk,
        closed_book=settings.closed_book,
        excerpt_text=excerpt,
    )


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
    await export_dataset(context.folder, context.settings, context.journal, context.stopping)
    await write_coverage(context.folder, context.stopping)
    return StagePass()


EXPORT: Stage[None] = Stage(
    name="dataset",
    label="rows",
    result=None,
    reads=(CHUNKS.name, KEPT_QUESTIONS.name, ANSWERS.name, VERDICTS.name),
    work=_export,
    prompts={name: ROW_PROMPTS for name in PROFILES},
    is_written_anew=True,
)
