"""The stage that drops questions which repeat another, on the same side and across sides.

All questions are compared in one fixed order: by chunk, then by question. A sample of a corpus is
the chunks with the smallest ids, so what a sample keeps is what the whole keeps too. When a later
question sorts before those that are decided already, all of them are decided again.
"""

import asyncio
import heapq
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import chain
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
from jobs.dataset.questions.question_vectors import (
    CHUNK_FIELD,
    QUESTION_VECTORS,
    open_vectors,
    question_paths,
)
from jobs.dataset.questions.sift_drafts import FURTHER_STAGE
from jobs.dataset.questions.sift_drafts import STAGE as QUESTIONS_NAME
from jobs.dataset.repeats.decide_repeats import Repeats
from jobs.dataset.repeats.find_repeats import Text, Texts, open_repeats
from jobs.documents.chunk_documents import CHUNKS
from jobs.run.reset import reset_stages
from jobs.run.stages import Items, ItemWork, Stage, StageContext, run_items
from jobs.text.repeats.exact_differences import ask_differently
from jobs.text.repeats.near_duplicates import NearDuplicates, words_of_any_language
from jobs.text.repeats.near_meanings import NearMeanings
from schemas.dataset import Fault, Question, Rejection
from schemas.documents import Chunk
from schemas.settings import QuestionSettings, RunSettings

STAGE = "kept_questions"
WINDOW = 1_024  # small, and each is decided at once: a sync is for many
BELOW_ALL, ABOVE_ALL = GroupedId("", ""), GroupedId("~", "~")  # ids are hexadecimal

_log = logging.getLogger(__name__)


class _Needs(NamedTuple):
    kept: RecordLog[Question]
    chunks: RecordLog[Chunk]
    seen: Repeats
    meanings: NearMeanings | None
    settings: QuestionSettings


def _list_questions(context: StageContext[None], files: StageFiles[Question]) -> Items[Question]:
    by_chunk = (
        read_records_by_id(path, Question, group_field=CHUNK_FIELD, is_wanted=files.is_unfinished)
        for path in question_paths(context.folder)
    )
    questions = heapq.merge(*by_chunk, key=lambda each: (each.chunk_id, each.question_id))
    total = _count_questions(context.folder, context.settings)
    return Items(questions, total, len(files.finished))


def _count_questions(folder: RunFolder, _: RunSettings) -> int:
    return sum(1 for path in question_paths(folder) for _ in read_ids(path, Question))


@asynccontextmanager
async def _remember_kept(
    context: StageContext[None], files: StageFiles[Question]
) -> AsyncIterator[_Needs]:
    """What was kept before comes earlier in the order."""
    settings = context.settings.questions
    async with AsyncExitStack() as opened:
        chunks_path = context.folder.results_path(CHUNKS.name)
        chunks = await opened.enter_async_context(RecordLog(chunks_path, Chunk))
        asked = [
            await opened.enter_async_context(RecordLog(path, Question))
            for path in question_paths(context.folder)
            if path.exists()  # opened, it would be made
        ]
        differ = partial(_differ, asked)
        vectors = await opened.enter_async_context(open_vectors(context))
        texts = _list_texts(context, files, _make_seen(settings, differ))
        seen = await opened.enter_async_context(open_repeats(context, texts))
        meanings = None
        if vectors is not None:
            meanings = NearMeanings(settings.max_same_meaning, vectors.get, differ)
        needs = _Needs(files.results, chunks, seen, meanings, settings)
        for kept in read_records(files.results.path, Question):
            _remember(kept, needs)
        yield needs


def _list_texts(
    context: StageContext[None], files: StageFiles[Question], seen: NearDuplicates
) -> Texts:
    """What is kept, then what is to be decided, in the order in which it is."""
    settings, items = context.settings.questions, _list_questions(context, files)

    def read() -> Iterator[Text]:
        undecided = _list_questions(context, files).unfinished
        kept = read_records(files.results.path, Question)
        yield from (Text(each.question_id, each.text) for each in kept)
        for each in undecided:
            if each.question_id not in files.results:
                yield Text(each.question_id, each.text)

    return Texts(
        read,
        len(files.results) + items.total - items.done,
        question_paths(context.folder),
        settings.max_near_duplicate,
        settings.filters == "phrases",
        seen,
    )


def _make_seen(settings: QuestionSettings, differ: Callable[[str, str], bool]) -> NearDuplicates:
    if settings.filters == "phrases":
        return NearDuplicates(settings.max_near_duplicate)
    return NearDuplicates(settings.max_near_duplicate, words_of_any_language, differ=differ)


def _differ(asked: Sequence[RecordLog[Question]], question_id: str, text: str) -> bool:
    other = next((found for log in asked if (found := log.get(question_id)) is not None), None)
    return other is not None and ask_differently(other.text, text)


def _remember(question: Question, needs: _Needs) -> None:
    needs.seen.remember(question.question_id, question.text)
    if needs.meanings is not None:
        needs.meanings.remember(question.question_id)


async def _keep(question: Question, _: Ask, needs: _Needs) -> list[Question | Rejection]:
    """1 question in, the same question or a rejection as a near duplicate out."""
    if question.question_id in needs.kept:  # kept before a crash, but not yet finished
        return [question]
    fault = _find_repeat(question, needs)
    if fault is None:
        _remember(question, needs)
        return [question]
    rejection = Rejection.of(
        question.question_id, stage=STAGE, text=question.text, **fault._asdict()
    ).with_draft(question.kind, question.evidence, question.scores)
    chunk = needs.chunks.get(question.chunk_id)
    if chunk is None:
        return [rejection]
    return [rejection.of_chunk(chunk, question.second_chunk_id)]


def _find_repeat(question: Question, needs: _Needs) -> Fault | None:
    """Which earlier question has nearly the same words, else which one means the same."""
    settings = needs.settings
    match = needs.seen.find(question.question_id, question.text)
    if match is not None:
        detail = f"of question {match.item_id}"
        return Fault("near_duplicate", match.similarity, settings.max_near_duplicate, detail)
    if needs.meanings is not None:
        match = needs.meanings.find(question.question_id, question.text)
    if match is None:
        return None
    detail = f"of question {match.item_id}"
    return Fault("same_meaning", match.similarity, settings.max_same_meaning, detail)


def _window(_: RunSettings) -> int:
    return WINDOW


_KEEPING = ItemWork(items=_list_questions, needs=_remember_kept, work=_keep, window=_window)


async def _keep_questions(context: StageContext[None]) -> StagePass:
    if await _is_overtaken(context.folder):
        _log.info("questions came that sort before others: all are compared anew, at no cost")
        reset_stages(context.folder, (KEPT_QUESTIONS,))
    return await run_items(KEPT_QUESTIONS, _KEEPING, context)


async def _is_overtaken(folder: RunFolder) -> bool:
    """Whether an undecided question sorts before a decided one."""
    ids = (read_grouped_ids(path, Question, CHUNK_FIELD) for path in question_paths(folder))
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
    reads=(CHUNKS.name, QUESTIONS_NAME, FURTHER_STAGE, QUESTION_VECTORS.name),
    work=_keep_questions,
    count_items=_count_questions,
)
