"""Writes the dataset: rows in chat format, their provenance, and the held-out questions."""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from itertools import chain
from typing import NamedTuple

import numpy as np
import orjson

from engine.files.journal import Journal
from engine.files.records import RecordLog, encode_record, read_records, read_records_by_id
from engine.files.replace import replace_file, replacing
from engine.run_folder import RunFolder
from engine.stage import StagePass
from engine.stopping import Stopping
from jobs.dataset.ask_teacher import ANSWERS
from jobs.dataset.coverage import write_coverage
from jobs.dataset.judge.judge_rows import VERDICTS
from jobs.dataset.pairs.pair_ids import asks_about_pairs, text_ids
from jobs.dataset.profiles import PROFILES
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.dataset.rows.apply_reviews import (
    RowText,
    read_decisions,
    reviewed_text,
    reviews_path,
    row_hash,
)
from jobs.dataset.rows.chat_rows import ROW_PROMPTS, chat_row
from jobs.dataset.rows.kind_quota import KindedRow, KindQuota
from jobs.dataset.rows.make_rows import ChunkGroups, DatasetRow, choose_by_kind, make_rows, row_of
from jobs.dataset.rows.repeated_answers import find_repeated_answers
from jobs.dataset.rows.row_sources import Sources, open_sources
from jobs.dataset.rows.unanswerable import UNANSWERABLE
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.passages import Passages, passages_of
from jobs.run.stages import Stage, StageContext
from jobs.text.repeats.near_duplicates import Match
from schemas.dataset import Answer, Fault, HeldOutQuestion, Question, Rejection
from schemas.documents import Chunk
from schemas.record import content_id
from schemas.reviews import Review
from schemas.settings import DatasetSettings, RunSettings

STAGE = "dataset"
ROW_FILES = TRAIN, VALIDATION = ("train.jsonl", "validation.jsonl")
REPEATED = "near_duplicate_answer"

_log = logging.getLogger(__name__)


class DatasetCounts(NamedTuple):
    """Rows written to each file of the dataset."""

    train: int
    validation: int
    held_out: int


async def export_dataset(
    folder: RunFolder, settings: RunSettings, journal: Journal, stopping: Stopping
) -> DatasetCounts:
    """Replace the files of the dataset by what the run now holds, each in one step.

    Rows stand in the order of their content ids: shuffled, and the same in every run with the same
    replies. What was decided in reviews.jsonl is applied: rows are dropped or have other texts.
    Reads answers one at a time, in a thread, so that a stop is noticed.

    Raises:
        DamagedLogError: an answer's question or chunk is missing.
        InterruptedRunError: a stop was requested; files that were not finished are as they were.
    """
    async with AsyncExitStack() as opened:
        sources = await opened.enter_async_context(open_sources(folder, settings, journal))
        answers = await opened.enter_async_context(
            RecordLog(folder.results_path(ANSWERS.name), Answer)
        )
        train_count, validation_count = await asyncio.to_thread(
            _write_rows, sources, answers, stopping
        )
        held_out_count = await asyncio.to_thread(_write_held_out, sources, answers, stopping)
    return DatasetCounts(train_count, validation_count, held_out_count)


def _write_rows(
    sources: Sources, answers: RecordLog[Answer], stopping: Stopping
) -> tuple[int, int]:
    folder, settings = sources.folder, sources.settings.dataset
    decisions = read_decisions(reviews_path(folder))
    repeated = find_repeated_answers(sources, answers, decisions, stopping)
    quota, groups = choose_by_kind(sources, repeated), _group_chunks(sources)
    stay = _Choice(repeated, quota, settings.max_near_duplicate_answer)
    chosen = (groups.group_of(each.chunk_id) for each in _chosen_answers(sources, stay))
    highest = _highest_validation_draw(chosen, settings)
    counts = dict.fromkeys(ROW_FILES, 0)
    reviewed: Counter[str] = Counter()
    left_out: list[bytes] = []
    with ExitStack() as files:
        write_row = {
            name: files.enter_context(replacing(folder.dataset_dir / name)) for name in counts
        }
        write_provenance = files.enter_context(replacing(folder.dataset_dir / "provenance.jsonl"))
        for made in make_rows(sources, answers, groups):
            stopping.raise_if_requested()
            name = VALIDATION if _draw(made.group_id) <= highest else TRAIN
            given = RowText(made.question, made.answer)
            decision = decisions.get(row_hash(given)) if decisions else None
            reviewed.update([decision.decision] if decision else [])
            text = _decide(made, decision, stay)
            if isinstance(text, Fault):
                left_out.append(encode_record(_left_out(made, text)))
                continue
            row = chat_row(text.question, text.answer, made.excerpt, settings)
            write_row[name](orjson.dumps(row))
            review = decision.decision if decision else ""
            where = {"file": name, "row": counts[name], "review": review}
            write_provenance(encode_record(made.provenance.model_copy(update=where)))
            counts[name] += 1
    _replace_rejections(folder, left_out)
    _log_reviews(reviewed)
    return counts[TRAIN], counts[VALIDATION]


def _log_reviews(reviewed: Counter[str]) -> None:
    if reviewed:
        _log.info(
            "reviews: %d rows kept, %d edited, %d dropped",
            *(reviewed[decision] for decision in ("keep", "edit", "drop")),
        )


class _Choice(NamedTuple):
    """What decides which rows stay, beside reviewers."""

    repeated: Mapping[str, Match]
    quota: KindQuota
    max_near_duplicate: float | None

    @property
    def is_all(self) -> bool:
        """Whether every row stays."""
        return not self.repeated and not self.quota.last_draws

    def find_fault(self, row: KindedRow) -> Fault | None:
        """Why a row does not stay; None: it does."""
        if (match := self.repeated.get(row.row_id)) is not None:
            detail = f"of answer {match.item_id}"
            return Fault(REPEATED, match.similarity, self.max_near_duplicate, detail)
        return None if self.quota.has(row) else Fault("surplus_kind")


def _decide(made: DatasetRow, decision: Review | None, stay: _Choice) -> RowText | Fault:
    """The texts of a row, or why it makes none."""
    text = reviewed_text(RowText(made.question, made.answer), decision)
    if text is None:
        return Fault("dropped_by_reviewer", detail=decision.reviewer if decision else "")
    return stay.find_fault(made.chosen_by) or text


def _left_out(made: DatasetRow, fault: Fault) -> Rejection:
    where = made.provenance
    rejection = Rejection.of(
        made.row_id, stage=STAGE, text=f"{made.question}\n{made.answer}", **fault._asdict()
    ).with_draft(where.kind, where.answer_evidence, where.scores)
    place = {name: getattr(where, name) for name in ("chunk_id", "second_chunk_id", "path")}
    return rejection.model_copy(update=place)


def _replace_rejections(folder: RunFolder, lines: Sequence[bytes]) -> None:
    """Put these lines in the place of what the ledger said of rows that were left out before."""
    is_any_before = any(r.stage == STAGE for r in read_records(folder.rejected_path, Rejection))
    if lines or is_any_before:
        others = (r for r in read_records(folder.rejected_path, Rejection) if r.stage != STAGE)
        replace_file(folder.rejected_path, chain(map(encode_record, others), lines))


def _chosen_answers(sources: Sources, stay: _Choice) -> Iterator[Answer]:
    """The answers that make rows."""
    answers = sources.kept_answers("train")
    if stay.is_all:
        return answers
    return (each for each in answers if stay.find_fault(row_of(each, sources)) is None)


def _write_held_out(sources: Sources, answers: RecordLog[Answer], stopping: Stopping) -> int:
    references = {each.question_id: each.answer_id for each in sources.kept_answers("held_out")}
    path, count = sources.folder.results_path(KEPT_QUESTIONS.name), 0
    with replacing(sources.folder.dataset_dir / "held_out.jsonl") as write_line:
        for question in read_records_by_id(path, Question):
            stopping.raise_if_requested()
            if question.side == "held_out" and _has_text(question, sources.chunks):
                passages = passages_of(question, sources.chunks.require)
                answer = answers.get(references.get(question.question_id, ""))
                write_line(encode_record(_held_out(question, passages, answer)))
                count += 1
    return count


def _has_text(question: Question, chunks: RecordLog[Chunk]) -> bool:
    """Whether the run still has all that a question is about."""
    return all(each in chunks for each in text_ids(question) if each)


def _held_out(question: Question, passages: Passages, answer: Answer | None) -> HeldOutQuestion:
    return HeldOutQuestion(
        question_id=question.question_id,
        chunk_id=question.chunk_id,
        document_id=question.document_id,
        path=passages.chunk.path,
        kind=question.kind,
        question=question.text,
        context=passages.text,
        evidence=question.evidence,
        reference=answer.text if answer else "",
        reference_evidence=answer.evidence if answer else (),
        second_chunk_id=question.second_chunk_id,
    )


def _group_chunks(sources: Sources) -> ChunkGroups:
    is_any = asks_about_pairs(sources.settings)
    return ChunkGroups(sources.kept_answers("train") if is_any else iter(()))


def _highest_validation_draw(group_ids: Iterator[str], settings: DatasetSettings) -> int:
    """The draw up to which the rows of a group of chunks validate; -1 for none.

    All rows of a group go to one file. At least one validates, unless there is only one.
    """
    draws = np.unique(np.fromiter(map(_draw, group_ids), np.int64))
    wanted = math.ceil(settings.validation_fraction * len(draws)) if len(draws) > 1 else 0
    return int(draws[wanted - 1]) if wanted else -1


def _draw(group_id: str) -> int:
    return int(content_id("validation", group_id)[:15], 16)


async def _export(context: StageContext[None]) -> StagePass:
    await export_dataset(context.folder, context.settings, context.journal, context.stopping)
    await write_coverage(context.folder, context.stopping)
    return StagePass()


EXPORT: Stage[None] = Stage(
    name=STAGE,
    label="rows",
    result=None,
    reads=(CHUNKS.name, KEPT_QUESTIONS.name, ANSWERS.name, VERDICTS.name, UNANSWERABLE.name),
    work=_export,
    prompts={name: ROW_PROMPTS for name in PROFILES},
    is_written_anew=True,
)
