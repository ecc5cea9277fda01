"""The two stages that ask the teacher: for questions about chunks, and for answers to them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from engine.ask import Ask, await_all
from engine.files.records import RecordLog, read_ids, read_records, read_records_by_id
from engine.run_folder import RunFolder
from engine.stage import StageFiles
from jobs.dataset.pairs.ask_about_pairs import PairFinder, ask_about_pair, open_pair_finder
from jobs.dataset.pairs.pair_ids import (
    QUESTIONS_OF_PAIR,
    asks_about_pairs,
    by_text,
    read_text_ids,
    text_ids,
)
from jobs.dataset.profiles import PROFILES
from jobs.dataset.questions.choose_chunks import choose_chunks, find_withheld
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.dataset.questions.question_vectors import CHUNK_FIELD
from jobs.dataset.questions.sift_drafts import STAGE as QUESTIONS_NAME
from jobs.dataset.write_answers import STAGE as ANSWERS_NAME
from jobs.dataset.write_chunk_answers import ChunkQuestions, write_chunk_answers
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.passages import passages_of
from jobs.documents.whole_corpus.check_held_out import HELD_OUT_CHECK
from jobs.run.stages import Items, ItemWork, Stage, StageContext
from jobs.text.repeats.text_similarity import PURPOSE as SIMILARITY
from schemas.dataset import Answer, Question, Rejection
from schemas.documents import Chunk
from schemas.outcomes import Outcome
from schemas.requests import Request
from schemas.settings import RunSettings


def _list_chunks(context: StageContext[None], files: StageFiles[Question]) -> Items[Chunk]:
    path = context.folder.results_path(CHUNKS.name)
    is_chosen = choose_chunks(context.folder, context.settings)
    chunks = read_records(
        path, Chunk, is_wanted=lambda id_: is_chosen(id_) and files.is_unfinished(id_)
    )
    return Items(chunks, _count_chunks(context.folder, context.settings), len(files.finished))


def _count_chunks(folder: RunFolder, settings: RunSettings) -> int:
    is_chosen = choose_chunks(folder, settings)
    return sum(is_chosen(id_) for id_ in read_ids(folder.results_path(CHUNKS.name), Chunk))


class _Asking(NamedTuple):
    settings: RunSettings
    pairs: PairFinder | None


@asynccontextmanager
async def _open_asking(
    context: StageContext[None], _: StageFiles[Question]
) -> AsyncIterator[_Asking]:
    folder, settings = context.folder, context.settings
    async with RecordLog(folder.results_path(CHUNKS.name), Chunk) as chunks:
        yield _Asking(settings, await asyncio.to_thread(open_pair_finder, folder, chunks, settings))


async def _ask_for_questions(chunk: Chunk, ask: Ask, needs: _Asking) -> list[Question | Rejection]:
    """What the teacher asks about a chunk, and if it is drawn, about it and a second one."""
    settings = needs.settings
    if fault := find_withheld(chunk, settings):
        rejection = Rejection.of(chunk.chunk_id, stage=QUESTIONS_NAME, **fault._asdict())
        return [rejection.of_chunk(chunk)]
    profile = PROFILES[settings.teacher.prompt_profile]
    about_chunk = profile.write_questions(chunk, ask, settings)
    of_chunk, of_pair = await await_all(
        [about_chunk, ask_about_pair(chunk, ask, needs.pairs, settings)]
    )
    return [
        *(each.of_chunk(chunk) if isinstance(each, Rejection) else each for each in of_chunk),
        *of_pair,
    ]


def _requests_per_chunk(settings: RunSettings) -> float:
    """One for the questions of a chunk, and one for the answer to each, or for all of them.

    The same again for a pair, of those that are drawn.
    """
    by_chunk = _answers_by_chunk(settings)
    requests = 1.0 + (1 if by_chunk else settings.questions.per_chunk)
    if asks_about_pairs(settings):
        requests += settings.questions.pair_fraction * (2 if by_chunk else 1 + QUESTIONS_OF_PAIR)
    return requests


def _one_request(_: RunSettings) -> float:
    return 1.0


QUESTIONS: Stage[None] = Stage(
    name=QUESTIONS_NAME,
    label="questions",
    result=Question,
    reads=(CHUNKS.name, HELD_OUT_CHECK.name),
    work=ItemWork(
        items=_list_chunks,
        needs=_open_asking,
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
    shared_texts: frozenset[int]


def list_answer_items(
    folder: RunFolder, settings: RunSettings, *, is_wanted: Callable[[str], bool] = lambda _: True
) -> Iterator[Question | ChunkQuestions]:
    """What the teacher answers at once: a question, or all about a chunk; those that are wanted."""
    if _answers_by_chunk(settings):
        return (each for each in _group(folder, settings) if is_wanted(each.questions_id))
    path = folder.results_path(KEPT_QUESTIONS.name)
    # Questions of a chunk one after the other: they share most of their prompt.
    by_chunk = read_records_by_id(path, Question, group_field=CHUNK_FIELD, is_wanted=is_wanted)
    return by_text(_to_answer(by_chunk, folder, settings))


def _list_questions(
    context: StageContext[None], files: StageFiles[Answer]
) -> Items[Question | ChunkQuestions]:
    folder, settings = context.folder, context.settings
    unfinished = list_answer_items(folder, settings, is_wanted=files.is_unfinished)
    return Items(unfinished, _count_questions(folder, settings), len(files.finished))


def _count_questions(folder: RunFolder, settings: RunSettings) -> int:
    return sum(1 for _ in list_answer_items(folder, settings))


def _group(folder: RunFolder, settings: RunSettings) -> Iterator[ChunkQuestions]:
    """The questions of each chunk, and of each pair, together, in the order of their ids."""
    path = folder.results_path(KEPT_QUESTIONS.name)
    questions = read_records_by_id(path, Question, group_field=CHUNK_FIELD)
    chosen = _to_answer(questions, folder, settings)
    for _, group in groupby(by_text(chosen), key=text_ids):
        yield ChunkQuestions.of(tuple(group))


def _to_answer(
    questions: Iterator[Question], folder: RunFolder, settings: RunSettings
) -> Iterator[Question]:
    """Of questions those that are answered."""
    is_chosen = choose_chunks(folder, settings)
    sides = ("train", "held_out") if settings.answers.held_out else ("train",)
    return (each for each in questions if each.side in sides and is_chosen(each.chunk_id))


def _answers_by_chunk(settings: RunSettings) -> bool:
    return settings.answers.layout == "chunk" and settings.teacher.prompt_profile != "small"


@asynccontextmanager
async def _open_chunks(context: StageContext[None], _: StageFiles[Answer]) -> AsyncIterator[_Needs]:
    async with RecordLog(context.folder.results_path(CHUNKS.name), Chunk) as chunks:
        path = context.folder.results_path(KEPT_QUESTIONS.name)
        shared = await asyncio.to_thread(_find_shared_texts, path)
        yield _Needs(chunks, context.settings, shared)


async def _ask_for_answers(
    item: Question | ChunkQuestions, ask: Ask, needs: _Needs
) -> list[Answer | Rejection]:
    passages = passages_of(item, needs.chunks.require)
    number = _number_of(item.chunk_id, item.second_chunk_id)
    if isinstance(item, ChunkQuestions) or number not in needs.shared_texts:
        ask = partial(_ask_of_one, ask)
    if isinstance(item, ChunkQuestions):
        written = await write_chunk_answers(item, passages, ask, needs.settings)
    else:
        profile = PROFILES[needs.settings.teacher.prompt_profile]
        written = [await profile.write_answer(item, passages, ask, needs.settings)]
    return [
        each.of_chunk(passages.chunk, passages.second_id) if isinstance(each, Rejection) else each
        for each in written
    ]


def _find_shared_texts(kept_questions_path: Path) -> frozenset[int]:
    """What several questions are kept of, chunks or pairs, by number: less memory than ids."""
    once, more = set[int](), set[int]()
    for ids in read_text_ids(kept_questions_path):
        number = _number_of(*ids)
        (more if number in once else once).add(number)
    return frozenset(more)


def _number_of(chunk_id: str, second_chunk_id: str) -> int:
    return int(chunk_id[:15], 16) ^ int(second_chunk_id[:15] or "0", 16)


async def _ask_of_one(ask: Ask, request: Request) -> Outcome:
    """Ask about a text that nothing else is asked about: the provider need not keep it."""
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
