"""The two stages that ask the teacher: for questions about chunks, and for answers to them."""

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import chain, groupby
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
from engine.run_folder import RunFolder
from engine.stage import StageFiles
from jobs.dataset.keep_questions import CHUNK_FIELD, KEPT_QUESTIONS
from jobs.dataset.profiles import PROFILES
from jobs.dataset.write_answers import STAGE as ANSWERS_NAME
from jobs.dataset.write_chunk_answers import ChunkQuestions, write_chunk_answers
from jobs.dataset.write_questions import STAGE as QUESTIONS_NAME
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.whole_corpus.check_held_out import HELD_OUT_CHECK, read_leaked_chunks
from jobs.run.stages import Items, ItemWork, Stage, StageContext, only_settings
from jobs.text.secrets import find_secrets
from jobs.text.text_similarity import PURPOSE as SIMILARITY
from schemas.dataset import Answer, Question, Rejection
from schemas.documents import Chunk
from schemas.outcomes import Outcome
from schemas.requests import Request
from schemas.settings import RunSettings


def _list_chunks(context: StageContext[None], files: StageFiles[Question]) -> Items[Chunk]:
    path = context.folder.results_path(CHUNKS.name)
    is_chosen = _choose_chunks(context.folder, context.settings)
    chunks = read_records(
        path, Chunk, is_wanted=lambda id_: is_chosen(id_) and files.is_unfinished(id_)
    )
    return Items(chunks, _count_chunks(context.folder, context.settings), len(files.finished))


def _count_chunks(folder: RunFolder, settings: RunSettings) -> int:
    is_chosen = _choose_chunks(folder, settings)
    return sum(is_chosen(id_) for id_ in read_ids(folder.results_path(CHUNKS.name), Chunk))


async def _ask_for_questions(
    chunk: Chunk, ask: Ask, settings: RunSettings
) -> list[Question | Rejection]:
    if names := _find_private(chunk, settings):
        rejection = Rejection.of(
            chunk.chunk_id, stage=QUESTIONS_NAME, reason="holds_private_data", detail=names
        )
        return [rejection.of_chunk(chunk)]
    profile = PROFILES[settings.teacher.prompt_profile]
    written = await profile.write_questions(chunk, ask, settings)
    return [each.of_chunk(chunk) if isinstance(each, Rejection) else each for each in written]


def _find_private(chunk: Chunk, settings: RunSettings) -> str:
    """The names of what the chunk holds and must not be sent; empty: nothing."""
    sends = settings.questions.sends
    if sends == "all":
        return ""
    is_personal_sent = sends == "no_secrets"
    found = find_secrets(chunk.text)
    return ", ".join(sorted({e.name for e in found if e.is_secret or not is_personal_sent}))


def _requests_per_chunk(settings: RunSettings) -> float:
    """One for the questions of a chunk, and one for the answer to each, or for all of them."""
    return 1.0 + (1 if _answers_by_chunk(settings) else settings.questions.per_chunk)


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
    count_items=_count_chunks,
)


class _Needs(NamedTuple):
    chunks: RecordLog[Chunk]
    settings: RunSettings
    shared_chunks: frozenset[int]


def list_answer_items(
    folder: RunFolder, settings: RunSettings, *, is_wanted: Callable[[str], bool] = lambda _: True
) -> Iterator[Question | ChunkQuestions]:
    """What the teacher answers at once: a question, or all about a chunk; those that are wanted."""
    if _answers_by_chunk(settings):
        return (each for each in _group(folder, settings) if is_wanted(each.questions_id))
    path = folder.results_path(KEPT_QUESTIONS.name)
    # Questions of a chunk one after the other: they share most of their prompt.
    by_chunk = read_records_by_id(path, Question, group_field=CHUNK_FIELD, is_wanted=is_wanted)
    return _to_answer(by_chunk, folder, settings)


def _list_questions(
    context: StageContext[None], files: StageFiles[Answer]
) -> Items[Question | ChunkQuestions]:
    folder, settings = context.folder, context.settings
    unfinished = list_answer_items(folder, settings, is_wanted=files.is_unfinished)
    return Items(unfinished, _count_questions(folder, settings), len(files.finished))


def _count_questions(folder: RunFolder, settings: RunSettings) -> int:
    return sum(1 for _ in list_answer_items(folder, settings))


def _group(folder: RunFolder, settings: RunSettings) -> Iterator[ChunkQuestions]:
    """The questions of each chunk together, in the order of their ids."""
    path = folder.results_path(KEPT_QUESTIONS.name)
    questions = read_records_by_id(path, Question, group_field=CHUNK_FIELD)
    chosen = _to_answer(questions, folder, settings)
    for _, group in groupby(chosen, key=lambda question: question.chunk_id):
        yield ChunkQuestions.of(tuple(group))


def _to_answer(
    questions: Iterator[Question], folder: RunFolder, settings: RunSettings
) -> Iterator[Question]:
    """Of questions those that are answered."""
    is_chosen = _choose_chunks(folder, settings)
    sides = ("train", "held_out") if settings.answers.held_out else ("train",)
    return (each for each in questions if each.side in sides and is_chosen(each.chunk_id))


def _answers_by_chunk(settings: RunSettings) -> bool:
    return settings.answers.layout == "chunk" and settings.teacher.prompt_profile != "small"


@asynccontextmanager
async def _open_chunks(context: StageContext[None], _: StageFiles[Answer]) -> AsyncIterator[_Needs]:
    async with RecordLog(context.folder.results_path(CHUNKS.name), Chunk) as chunks:
        path = context.folder.results_path(KEPT_QUESTIONS.name)
        yield _Needs(chunks, context.settings, await asyncio.to_thread(_find_shared_chunks, path))


async def _ask_for_answers(
    item: Question | ChunkQuestions, ask: Ask, needs: _Needs
) -> list[Answer | Rejection]:
    chunk = needs.chunks.require(item.chunk_id)
    if isinstance(item, ChunkQuestions) or _number_of(item.chunk_id) not in needs.shared_chunks:
        ask = partial(_ask_of_one, ask)
    if isinstance(item, ChunkQuestions):
        written = await write_chunk_answers(item, chunk, ask, needs.settings)
    else:
        profile = PROFILES[needs.settings.teacher.prompt_profile]
        written = [await profile.write_answer(item, chunk, ask, needs.settings)]
    return [each.of_chunk(chunk) if isinstance(each, Rejection) else each for each in written]


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
        work=_ask_for_answers,
        requests_per_item=_one_request,
    ),
    prompts={name: profile.answer_prompts for name, profile in PROFILES.items()},
    purposes=(ANSWERS_NAME, "small_answer", SIMILARITY),
    count_items=_count_questions,
)


def _choose_chunks(folder: RunFolder, settings: RunSettings) -> Callable[[str], bool]:
    """Which chunks are asked about, and whose questions are answered.

    All that are not leaked, or the `limit_chunks` smallest ids of them: a sample that a higher
    limit only adds to, and of which a lower one asks nothing further. A cap for each document
    samples its chunks in the same way.
    """
    limit = settings.limit_chunks
    if limit is None and not settings.questions.max_per_document:
        leaked = read_leaked_chunks(folder)
        return lambda chunk_id: chunk_id not in leaked
    usable = _usable_chunks(folder, settings)
    return frozenset(usable if limit is None else heapq.nsmallest(limit, usable)).__contains__


def _usable_chunks(folder: RunFolder, settings: RunSettings) -> Iterator[str]:
    """The ids of chunks that are not leaked; of a document no more than its cap lets be asked."""
    leaked = read_leaked_chunks(folder)
    path = folder.results_path(CHUNKS.name)
    if not (cap := settings.questions.max_per_document):
        return (chunk_id for chunk_id in read_ids(path, Chunk) if chunk_id not in leaked)
    by_document: dict[str, list[str]] = {}
    for each in read_grouped_ids(path, Chunk, "document_id"):
        if each.record_id not in leaked:
            by_document.setdefault(each.group_id, []).append(each.record_id)
    chunk_count = max(1, cap // settings.questions.per_chunk)
    smallest = (heapq.nsmallest(chunk_count, ids) for ids in by_document.values())
    return chain.from_iterable(smallest)


def count_usable_chunks(folder: RunFolder, settings: RunSettings) -> int:
    """How many chunks may be asked about where no sample is set."""
    return sum(1 for _ in _usable_chunks(folder, settings))
