"""The stage that drops questions which repeat another, on the same side and across sides.

All questions are compared in one fixed order: by chunk, then by question. A sample of a corpus is
the chunks with the smallest ids, so what a sample keeps is what the whole keeps too. When a later
question sorts before those that are decided already, all of them are decided again.
"""

import asyncio
import heapq
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from engine.ask import Ask
from engine.files.records import (
    GroupedId,
    RecordLog,
    read_grouped_ids,
    read_ids,
    read_records,
    read_records_by_id,
)
from engine.run_folder import RunFolder
from engine.stage import FinishedItem, StageFiles, StagePass
from jobs.dataset.questions.sift_drafts import FURTHER_STAGE
from jobs.dataset.questions.sift_drafts import STAGE as QUESTIONS_NAME
from jobs.documents.chunk_documents import CHUNKS
from jobs.run.reset import reset_stages
from jobs.run.stages import Items, ItemWork, Stage, StageContext, file_window, run_items
from jobs.text.near_duplicates import NearDuplicates, words_of_any_language
from schemas.dataset import Question, Rejection
from schemas.documents import Chunk
from schemas.settings import RunSettings

STAGE = "kept_questions"
CHUNK_FIELD = "chunk_id"
BELOW_ALL, ABOVE_ALL = GroupedId("", ""), GroupedId("~", "~")  # ids are hexadecimal

_log = logging.getLogger(__name__)


class _Needs(NamedTuple):
    kept: RecordLog[Question]
    chunks: RecordLog[Chunk]
    seen: NearDuplicates
    max_near_duplicate: float


def _list_questions(context: StageContext[None], files: StageFiles[Question]) -> Items[Question]:
    by_chunk = (
        read_records_by_id(path, Question, group_field=CHUNK_FIELD, is_wanted=files.is_unfinished)
        for path in _paths(context.folder)
    )
    questions = heapq.merge(*by_chunk, key=lambda each: (each.chunk_id, each.question_id))
    total = _count_questions(context.folder, context.settings)
    return Items(questions, total, len(files.finished))


def _count_questions(folder: RunFolder, _: RunSettings) -> int:
    return sum(1 for path in _paths(folder) for _ in read_ids(path, Question))


def _paths(folder: RunFolder) -> list[Path]:
    """The files of all that was asked, the first questions and those that take a repeat's place."""
    return [folder.results_path(name) for name in (QUESTIONS_NAME, FURTHER_STAGE)]


@asynccontextmanager
async def _remember_kept(
    context: StageContext[None], files: StageFiles[Question]
) -> AsyncIterator[_Needs]:
    """What was kept before comes earlier in the order."""
    max_near_duplicate = context.settings.questions.max_near_duplicate
    is_grounded = context.settings.questions.filters == "grounded"
    words_of = words_of_any_language if is_grounded else None
    seen = NearDuplicates(max_near_duplicate, words_of)
    for kept in read_records(files.results.path, Question):
        seen.remember(kept.question_id, kept.text)
    async with RecordLog(context.folder.results_path(CHUNKS.name), Chunk) as chunks:
        yield _Needs(files.results, chunks, seen, max_near_duplicate)


async def _keep(question: Question, _: Ask, needs: _Needs) -> list[Question | Rejection]:
    """1 question in, the same question or a rejection as a near duplicate out."""
    if question.question_id in needs.kept:  # kept before a crash, but not yet finished
        return [question]
    match = needs.seen.add(question.question_id, question.text)
    if match is None:
        return [question]
    rejection = Rejection.of(
        question.question_id,
        stage=STAGE,
        reason="near_duplicate",
        score=match.similarity,
        threshold=needs.max_near_duplicate,
        detail=f"of question {match.item_id}",
        text=question.text,
    ).with_draft(question.kind, question.evidence, question.scores)
    chunk = needs.chunks.get(question.chunk_id)
    if chunk is None:
        return [rejection]
    return [rejection.of_chunk(chunk, question.second_chunk_id)]


_KEEPING = ItemWork(items=_list_questions, needs=_remember_kept, work=_keep, window=file_window)


async def _keep_questions(context: StageContext[None]) -> StagePass:
    if await _is_overtaken(context.folder):
        _log.info("questions came that sort before others: all are compared anew, at no cost")
        reset_stages(context.folder, (KEPT_QUESTIONS,))
    return await run_items(KEPT_QUESTIONS, _KEEPING, context)


async def _is_overtaken(folder: RunFolder) -> bool:
    """Whether an undecided question sorts before a decided one."""
    ids = (read_grouped_ids(path, Question, CHUNK_FIELD) for path in _paths(folder))
    async with RecordLog(folder.finished_path(STAGE), FinishedItem) as decided:
        return await asyncio.to_thread(_is_any_before, chain.from_iterable(ids), decided)


def _is_any_before(ids: Iterable[GroupedId], decided: RecordLog[FinishedItem]) -> bool:
    last_decided, first_undecided = BELOW_ALL, ABOVE_ALL
    for each in ids:
        if each.record_id in decided:
            last_decided = max(last_decided, each)
        else:
            first_undecided = min(first_undecided, each)
    return first_undecided < last_decided


KEPT_QUESTIONS: Stage[None] = Stage(
    name=STAGE,
    label="not repeated",
    result=Question,
    reads=(CHUNKS.name, QUESTIONS_NAME, FURTHER_STAGE),
    work=_keep_questions,
    count_items=_count_questions,
)
