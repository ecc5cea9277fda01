"""The stage that asks once more about chunks whose questions mostly repeat those of other chunks.

Which chunks these are goes by the first questions alone and by the usual thresholds: neither what
this stage brings nor another threshold asks anything further.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from engine.ask import Ask
from engine.errors import Deferred
from engine.files.journal import Journal
from engine.files.records import RecordLog, read_ids, read_records, read_records_by_id
from engine.run_folder import RunFolder
from engine.stage import FinishedItem, StageFiles, StagePass
from jobs.dataset.profiles import PROFILES
from jobs.dataset.questions.choose_chunks import choose_chunks, find_withheld
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.dataset.questions.question_vectors import CHUNK_FIELD
from jobs.dataset.questions.sift_drafts import FURTHER_STAGE as STAGE
from jobs.dataset.questions.sift_drafts import STAGE as QUESTIONS_NAME
from jobs.dataset.questions.write_questions import (
    is_below_target,
    tops_up,
    usual_first_questions,
    was_topped_up,
    with_usual_filters,
    write_instead_of_repeats,
    write_questions,
)
from jobs.dataset.repeats.decide_repeats import Repeats, is_new_text
from jobs.dataset.repeats.find_repeats import Text, Texts, open_repeats
from jobs.documents.chunk_documents import CHUNKS
from jobs.run.stages import Items, ItemWork, Stage, StageContext, run_items
from jobs.text.repeats.exact_differences import ask_differently
from jobs.text.repeats.near_duplicates import NearDuplicates, words_of_any_language
from schemas.dataset import Question, Rejection
from schemas.documents import Chunk
from schemas.outcomes import Outcome
from schemas.requests import Request
from schemas.settings import RunSettings


def tops_up_repeats(settings: RunSettings) -> bool:
    """Whether repeated questions count as missing."""
    return tops_up(settings) and settings.questions.top_up_repeats


class _Needs(NamedTuple):
    journal: Journal
    settings: RunSettings


async def _ask_further(context: StageContext[None]) -> StagePass:
    """Nothing where all questions were compared before."""
    if await _are_all_compared(context.folder):
        return StagePass()
    async with RecordLog(context.folder.results_path(QUESTIONS_NAME), Question) as log:
        first = await _read_questions(context, log)
        async with open_repeats(context, _list_texts(first, context)) as seen:
            repeating = await asyncio.to_thread(_find_repeating, first, context, seen)
    short = await _leave_out_topped_up(repeating, context)
    asking = ItemWork(items=partial(_list_short, short), needs=_open_needs, work=_ask_again)
    return await run_items(FURTHER, asking, context)


async def _are_all_compared(folder: RunFolder) -> bool:
    ids = read_ids(folder.results_path(QUESTIONS_NAME), Question)
    async with RecordLog(folder.finished_path(KEPT_QUESTIONS.name), FinishedItem) as compared:
        return await asyncio.to_thread(lambda: all(each in compared for each in ids))


class _First(NamedTuple):
    """The first questions, chunk after chunk, and what looks one up by its id.

    Those that need two chunks count neither as missing nor as repeated.
    """

    read: Callable[[], Iterable[Question]]
    about: int
    get: Callable[[str], Question | None]


async def _read_questions(context: StageContext[None], log: RecordLog[Question]) -> _First:
    """The first questions by the usual thresholds: those of the file `log` by default.

    Where thresholds are others, the replies are gone through again.
    """
    usual = with_usual_filters(context.settings)
    if usual == context.settings:
        return _First(partial(_read_by_chunk, log.path), len(log), log.get)
    found: list[Question] = []
    for chunk in read_records_by_id(context.folder.results_path(CHUNKS.name), Chunk):
        context.stopping.raise_if_requested()
        try:
            written = await write_questions(chunk, partial(_look_up, context.journal), usual)
        except Deferred:  # it was not asked about
            continue
        own = [each for each in written if isinstance(each, Question)]
        found += sorted(own, key=lambda question: question.question_id)
    by_id = {each.question_id: each for each in found}
    return _First(lambda: filter(_is_of_one_chunk, found), len(found), by_id.get)


def _read_by_chunk(path: Path) -> Iterator[Question]:
    return filter(_is_of_one_chunk, read_records_by_id(path, Question, group_field=CHUNK_FIELD))


def _is_of_one_chunk(question: Question) -> bool:
    return not question.second_chunk_id


async def _look_up(journal: Journal, request: Request) -> Outcome:
    """The outcome of what was asked before. Raises Deferred for anything else."""
    outcome = journal.get(request.request_id)
    if outcome is None:
        raise Deferred
    return outcome


def _list_texts(first: _First, context: StageContext[None]) -> Texts:
    least = with_usual_filters(context.settings).questions.max_near_duplicate

    def differ(question_id: str, text: str) -> bool:
        other = first.get(question_id)
        return other is not None and ask_differently(other.text, text)

    seen = NearDuplicates(least, words_of_any_language, differ=differ)
    return Texts(
        lambda: (Text(each.question_id, each.text) for each in first.read()),
        first.about,
        [context.folder.results_path(QUESTIONS_NAME)],
        least,
        by_phrases=False,
        seen=seen,
    )


def _find_repeating(first: _First, context: StageContext[None], seen: Repeats) -> frozenset[str]:
    """The chunks of whose questions too few are left, because others have asked the same before."""
    found = set[str]()
    for chunk_id, group in groupby(first.read(), key=lambda question: question.chunk_id):
        context.stopping.raise_if_requested()
        is_new = [is_new_text(seen, each.question_id, each.text) for each in group]
        if not all(is_new) and is_below_target(sum(is_new), context.settings):
            found.add(chunk_id)
    return frozenset(found)


async def _leave_out_topped_up(
    repeating: frozenset[str], context: StageContext[None]
) -> frozenset[str]:
    """Of chunks those that are asked about and were asked once, as far as the journal knows."""
    is_chosen = choose_chunks(context.folder, context.settings)
    chunks = read_records(
        context.folder.results_path(CHUNKS.name),
        Chunk,
        is_wanted=lambda id_: id_ in repeating and is_chosen(id_),
    )
    look_up, settings = partial(_look_up, context.journal), context.settings
    short = set[str]()
    for chunk in chunks:
        try:
            first = await usual_first_questions(chunk, look_up, settings)
        except Deferred:  # its reply was taken out of the journal
            continue
        if not was_topped_up(first, settings):
            short.add(chunk.chunk_id)
    return frozenset(short)


def _list_short(
    short: frozenset[str], context: StageContext[None], files: StageFiles[Question]
) -> Items[Chunk]:
    path = context.folder.results_path(CHUNKS.name)
    unfinished = read_records(
        path, Chunk, is_wanted=lambda id_: id_ in short and files.is_unfinished(id_)
    )
    done = sum(chunk_id in files.finished for chunk_id in short)
    return Items(unfinished, len(short), done)


@asynccontextmanager
async def _open_needs(
    context: StageContext[None], _: StageFiles[Question]
) -> AsyncIterator[_Needs]:
    yield _Needs(context.journal, context.settings)


async def _ask_again(chunk: Chunk, ask: Ask, needs: _Needs) -> list[Question | Rejection]:
    """1 chunk in; out come further questions and rejections, at least one of either."""
    if fault := find_withheld(chunk, needs.settings):
        rejection = Rejection.of(chunk.chunk_id, stage=STAGE, **fault._asdict())
        return [rejection.of_chunk(chunk)]
    before = await usual_first_questions(chunk, partial(_look_up, needs.journal), needs.settings)
    written = await write_instead_of_repeats(chunk, before, ask, needs.settings)
    return list(_with_chunk(written, chunk))


def _with_chunk(
    written: Iterable[Question | Rejection], chunk: Chunk
) -> Iterator[Question | Rejection]:
    for each in written:
        yield each.of_chunk(chunk) if isinstance(each, Rejection) else each


FURTHER: Stage[None] = Stage(
    name=STAGE,
    label="asked once more",
    result=Question,
    reads=(CHUNKS.name, QUESTIONS_NAME),
    work=_ask_further,
    prompts={name: profile.question_prompts for name, profile in PROFILES.items()},
    purposes=(QUESTIONS_NAME,),
    is_wanted=tops_up_repeats,
)
