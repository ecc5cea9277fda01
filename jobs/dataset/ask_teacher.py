"""The two stages that ask the teacher: for questions about chunks, and for answers to them."""

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from engine.ask import Ask
from engine.files.records import (
    RecordLog,
    read_grouped_ids,
    read_ids,
    read_records,
    read_records_by_id,
)
from engine.stage import StageFiles
from jobs.dataset.keep_questions import KEPT_QUESTIONS
from jobs.dataset.profiles import PROFILES
from jobs.dataset.write_answers import STAGE as ANSWERS_NAME
from jobs.dataset.write_questions import STAGE as QUESTIONS_NAME
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.whole_corpus.check_held_out import HELD_OUT_CHECK, read_leaked_chunks
from jobs.run.stages import Items, ItemWork, Stage, StageContext, only_settings
from jobs.text.text_similarity import PURPOSE as SIMILARITY
from schemas.dataset import Answer, Question, Rejection
from schemas.documents import Chunk
from schemas.outcomes import Outcome
from schemas.requests import Request
from schemas.settings import RunSettings


def _list_chunks(context: StageContext[None], files: StageFiles[Question]) -> Items[Chunk]:
    path = context.folder.results_path(CHUNKS.name)
    is_chosen = _choose_chunks(context)
    chunks = read_records(
        path, Chunk, is_wanted=lambda id_: is_chosen(id_) and files.is_unfinished(id_)
    )
    total = sum(1 for id_ in read_ids(path, Chunk) if is_chosen(id_))
    return Items(chunks, total, len(files.finished))


async def _ask_for_questions(
    chunk: Chunk, ask: Ask, settings: RunSettings
) -> list[Question | Rejection]:
    profile = PROFILES[settings.teacher.prompt_profile]
    return await profile.write_questions(chunk, ask, settings)


def _requests_per_chunk(settings: RunSettings) -> float:
    """One for the questions of a chunk, one for the answer to each."""
    return 1.0 + settings.questions.per_chunk


def _one_request(_: RunSettings) -> float:
    return 1.0


QUESTIONS: Stage[None] = Stage(
    name=QUESTIONS_NAME,
    label="questions",
    result=Question,
    reads=(CHUNKS.name, HELD_OUT_CHECK.name),
    work=ItemWork(
        items=_list_chunks,
        needs=only_settings,
        work=_ask_for_questions,
        requests_per_item=_requests_per_chunk,
    ),
    prompts={name: profile.question_prompts for name, profile in PROFILES.items()},
    purposes=(QUESTIONS_NAME, "small_question", SIMILARITY),
)


class _Needs(NamedTuple):
    chunks: RecordLog[Chunk]
    settings: RunSettings
    shared_chunks: frozenset[int]


def _list_questions(context: StageContext[None], files: StageFiles[Answer]) -> Items[Question]:
    path = context.folder.results_path(KEPT_QUESTIONS.name)
    is_chosen = _choose_chunks(context)

    def to_answer(questions: Iterator[Question]) -> Iterator[Question]:
        return (each for each in questions if each.side == "train" and is_chosen(each.chunk_id))

    # Questions of a chunk one after the other: they share most of their prompt.
    by_chunk = read_records_by_id(
        path, Question, group_field="chunk_id", is_wanted=files.is_unfinished
    )
    questions = to_answer(by_chunk)
    total = sum(1 for _ in to_answer(read_records(path, Question)))
    return Items(questions, total, len(files.finished))


@asynccontextmanager
async def _open_chunks(context: StageContext[None], _: StageFiles[Answer]) -> AsyncIterator[_Needs]:
    async with RecordLog(context.folder.results_path(CHUNKS.name), Chunk) as chunks:
        path = context.folder.results_path(KEPT_QUESTIONS.name)
        yield _Needs(chunks, context.settings, await asyncio.to_thread(_find_shared_chunks, path))


async def _ask_for_answer(question: Question, ask: Ask, needs: _Needs) -> list[Answer | Rejection]:
    profile = PROFILES[needs.settings.teacher.prompt_profile]
    chunk = needs.chunks.require(question.chunk_id)
    if _number_of(question.chunk_id) not in needs.shared_chunks:
        ask = partial(_ask_of_one, ask)
    return [await profile.write_answer(question, chunk, ask, needs.settings)]


def _find_shared_chunks(kept_questions_path: Path) -> frozenset[int]:
    """The chunks that several questions are kept of, by number: less memory than their ids."""
    once, more = set[int](), set[int]()
    for each in read_grouped_ids(kept_questions_path, Question, "chunk_id"):
        number = _number_of(each.group_id)
        (more if number in once else once).add(number)
    return frozenset(more)


def _number_of(chunk_id: str) -> int:
    return int(chunk_id[:15], 16)


async def _ask_of_one(ask: Ask, request: Request) -> Outcome:
    """Ask about a chunk that nothing else is asked about: the provider need not keep it."""
    if (layout := request.cache) is not None:
        request = replace(request, cache=layout._replace(prefixes=layout.prefixes[:1]))
    return await ask(request)


ANSWERS: Stage[None] = Stage(
    name=ANSWERS_NAME,
    label="answers",
    result=Answer,
    reads=(CHUNKS.name, KEPT_QUESTIONS.name),
    work=ItemWork(
        items=_list_questions,
        needs=_open_chunks,
        work=_ask_for_answer,
        requests_per_item=_one_request,
    ),
    prompts={name: profile.answer_prompts for name, profile in PROFILES.items()},
    purposes=(ANSWERS_NAME, "small_answer", SIMILARITY),
)


def _choose_chunks(context: StageContext[None]) -> Callable[[str], bool]:
    """Which chunks are asked about, and whose questions are answered.

    All that are not leaked, or the `limit_chunks` smallest ids of them: a sample that a higher
    limit only adds to, and of which a lower one asks nothing further.
    """
    limit = context.settings.limit_chunks
    leaked = read_leaked_chunks(context.folder)
    if limit is None:
        return lambda chunk_id: chunk_id not in leaked
    ids = read_ids(context.folder.results_path(CHUNKS.name), Chunk)
    usable = (chunk_id for chunk_id in ids if chunk_id not in leaked)
    return frozenset(heapq.nsmallest(limit, usable)).__contains__
