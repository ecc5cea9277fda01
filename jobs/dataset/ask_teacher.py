"""The two stages that ask the teacher: for questions about chunks, and for answers to them."""

import heapq
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import groupby
from typing import NamedTuple

from engine.ask import Ask
from engine.files.records import RecordLog, read_ids, read_records, read_records_by_id
from engine.stage import StageFiles
from jobs.dataset.keep_questions import CHUNK_FIELD, KEPT_QUESTIONS
from jobs.dataset.profiles import PROFILES
from jobs.dataset.write_answers import STAGE as ANSWERS_NAME
from jobs.dataset.write_chunk_answers import ChunkQuestions, write_chunk_answers
from jobs.dataset.write_questions import STAGE as QUESTIONS_NAME
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.whole_corpus.check_held_out import HELD_OUT_CHECK, read_leaked_chunks
from jobs.run.stages import Items, ItemWork, Stage, StageContext, only_settings
from jobs.text.text_similarity import PURPOSE as SIMILARITY
from schemas.dataset import Answer, Question, Rejection
from schemas.documents import Chunk
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
    written = await profile.write_questions(chunk, ask, settings)
    return [each.of_chunk(chunk) if isinstance(each, Rejection) else each for each in written]


QUESTIONS: Stage[None] = Stage(
    name=QUESTIONS_NAME,
    label="questions",
    result=Question,
    reads=(CHUNKS.name, HELD_OUT_CHECK.name),
    work=ItemWork(items=_list_chunks, needs=only_settings, work=_ask_for_questions),
    prompts={name: profile.question_prompts for name, profile in PROFILES.items()},
    purposes=(QUESTIONS_NAME, "small_question", SIMILARITY),
)


class _Needs(NamedTuple):
    chunks: RecordLog[Chunk]
    settings: RunSettings


def _list_questions(
    context: StageContext[None], files: StageFiles[Answer]
) -> Items[Question] | Items[ChunkQuestions]:
    if _answers_by_chunk(context.settings):
        return _list_groups(context, files)
    path = context.folder.results_path(KEPT_QUESTIONS.name)
    to_answer = _choose_questions(context)
    questions = to_answer(read_records(path, Question, is_wanted=files.is_unfinished))
    total = sum(1 for _ in to_answer(read_records(path, Question)))
    return Items(questions, total, len(files.finished))


def _list_groups(context: StageContext[None], files: StageFiles[Answer]) -> Items[ChunkQuestions]:
    """The questions of each chunk together, in the order of their ids."""
    path = context.folder.results_path(KEPT_QUESTIONS.name)
    to_answer = _choose_questions(context)

    def groups() -> Iterator[ChunkQuestions]:
        questions = to_answer(read_records_by_id(path, Question, group_field=CHUNK_FIELD))
        for _, group in groupby(questions, key=lambda question: question.chunk_id):
            yield ChunkQuestions.of(tuple(group))

    unfinished = (group for group in groups() if files.is_unfinished(group.questions_id))
    return Items(unfinished, sum(1 for _ in groups()), len(files.finished))


def _choose_questions(
    context: StageContext[None],
) -> Callable[[Iterator[Question]], Iterator[Question]]:
    """Of questions those that are answered."""
    is_chosen = _choose_chunks(context)
    sides = ("train", "held_out") if context.settings.answers.held_out else ("train",)
    return lambda questions: (
        each for each in questions if each.side in sides and is_chosen(each.chunk_id)
    )


def _answers_by_chunk(settings: RunSettings) -> bool:
    is_standard = settings.teacher.prompt_profile == "standard"
    return settings.answers.layout == "chunk" and is_standard


@asynccontextmanager
async def _open_chunks(context: StageContext[None], _: StageFiles[Answer]) -> AsyncIterator[_Needs]:
    async with RecordLog(context.folder.results_path(CHUNKS.name), Chunk) as chunks:
        yield _Needs(chunks, context.settings)


async def _ask_for_answers(
    item: Question | ChunkQuestions, ask: Ask, needs: _Needs
) -> list[Answer | Rejection]:
    chunk = needs.chunks.require(item.chunk_id)
    if isinstance(item, ChunkQuestions):
        written = await write_chunk_answers(item, chunk, ask, needs.settings)
    else:
        profile = PROFILES[needs.settings.teacher.prompt_profile]
        written = [await profile.write_answer(item, chunk, ask, needs.settings)]
    return [each.of_chunk(chunk) if isinstance(each, Rejection) else each for each in written]


ANSWERS: Stage[None] = Stage(
    name=ANSWERS_NAME,
    label="answers",
    result=Answer,
    reads=(CHUNKS.name, KEPT_QUESTIONS.name),
    work=ItemWork(items=_list_questions, needs=_open_chunks, work=_ask_for_answers),
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
