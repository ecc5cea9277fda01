"""The stage that has questions embedded, so that they can be compared by what they mean.

One request for all questions about the same passages: which others there are changes none.
"""

import heapq
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from engine.ask import Ask
from engine.files.journal import Journal
from engine.files.records import RecordLog, read_records_by_id
from engine.run_folder import RunFolder
from engine.stage import StageFiles
from jobs.dataset.pairs.pair_ids import by_text, text_ids
from jobs.dataset.questions.sift_drafts import FURTHER_STAGE
from jobs.dataset.questions.sift_drafts import STAGE as QUESTIONS_NAME
from jobs.dataset.write_chunk_answers import ChunkQuestions
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.passages import passages_of
from jobs.run.stages import Items, ItemWork, Stage, StageContext
from jobs.settings.roles import RoleModel, question_embeddings_of
from jobs.text.repeats.near_meanings import Vector
from jobs.text.repeats.text_similarity import (
    MALFORMED,
    Vectors,
    embedding_request,
    read_vectors,
    unit_vectors,
)
from schemas.dataset import Question, QuestionVector, Rejection
from schemas.documents import Chunk
from schemas.outcomes import Completed, Failed
from schemas.settings import RunSettings

STAGE = "question_vectors"
PURPOSE = "question_embeddings"
CHUNK_FIELD = "chunk_id"


def question_paths(folder: RunFolder) -> list[Path]:
    """The files of all that was asked, the first questions and those that take a repeat's place."""
    return [folder.results_path(name) for name in (QUESTIONS_NAME, FURTHER_STAGE)]


def compares_meaning(settings: RunSettings) -> bool:
    """Whether questions are embedded."""
    return question_embeddings_of(settings) is not None


class _Needs(NamedTuple):
    chunks: RecordLog[Chunk]
    embeddings: RoleModel | None


def _list_groups(
    context: StageContext[None], files: StageFiles[QuestionVector]
) -> Items[ChunkQuestions]:
    groups = (group for group in _groups(context.folder) if files.is_unfinished(group.questions_id))
    total = _count_groups(context.folder, context.settings)
    return Items(groups, total, len(files.finished))


def _groups(folder: RunFolder) -> Iterator[ChunkQuestions]:
    """What came later is a group of its own: it changes no request that was made."""
    of_files = (_groups_of(path) for path in question_paths(folder))
    return heapq.merge(*of_files, key=lambda group: (group.chunk_id, group.second_chunk_id))


def _groups_of(path: Path) -> Iterator[ChunkQuestions]:
    questions = read_records_by_id(path, Question, group_field=CHUNK_FIELD)
    for _, group in groupby(by_text(questions), key=text_ids):
        yield ChunkQuestions.of(tuple(group))


def _count_groups(folder: RunFolder, _: RunSettings) -> int:
    return sum(1 for _ in _groups(folder))


@asynccontextmanager
async def _open_needs(
    context: StageContext[None], _: StageFiles[QuestionVector]
) -> AsyncIterator[_Needs]:
    async with RecordLog(context.folder.results_path(CHUNKS.name), Chunk) as chunks:
        yield _Needs(chunks, question_embeddings_of(context.settings))


async def _embed(item: ChunkQuestions, ask: Ask, needs: _Needs) -> list[QuestionVector | Rejection]:
    """The questions about the same passages in, for each where its vector stands out.

    Or one rejection of all: they are compared by their words alone.
    """
    assert needs.embeddings is not None
    texts = [question.text for question in item.questions]
    outcome = await ask(
        embedding_request(
            item.questions_id,
            texts,
            model=needs.embeddings.model,
            purpose=PURPOSE,
            manner=needs.embeddings.manner,
        )
    )
    if isinstance(outcome, Failed):
        return [_reject(item, needs, outcome.code, outcome.message)]
    if read_vectors(outcome.reply, len(texts)) is None:
        return [_reject(item, needs, MALFORMED, "")]
    return [
        QuestionVector(
            question_id=question.question_id,
            chunk_id=question.chunk_id,
            request_id=outcome.request_id,
            place=place,
            count=len(texts),
        )
        for place, question in enumerate(item.questions)
    ]


def _reject(item: ChunkQuestions, needs: _Needs, reason: str, detail: str) -> Rejection:
    text = "\n".join(question.text for question in item.questions)
    rejection = Rejection.of(
        item.questions_id, stage=STAGE, reason=reason, detail=detail, text=text
    )
    passages = passages_of(item, needs.chunks.require)
    return rejection.of_chunk(passages.chunk, passages.second_id)


class VectorReader:
    """Reads the vectors of questions, of length 1, from the replies that the journal holds."""

    def __init__(self, places: RecordLog[QuestionVector], journal: Journal) -> None:
        self._places = places
        self._journal = journal
        self._last: tuple[str, Vectors | None] = ("", None)

    def get(self, question_id: str) -> Vector | None:
        """The vector of a question; None: it has none."""
        where = self._places.get(question_id)
        if where is None:
            return None
        vectors = self._read(where)
        return None if vectors is None else vectors[where.place]

    def _read(self, where: QuestionVector) -> Vectors | None:
        """All vectors of a reply; those of one chunk are asked for one after the other."""
        if self._last[0] != where.request_id:
            outcome = self._journal.get(where.request_id)
            found = None
            if isinstance(outcome, Completed):
                found = read_vectors(outcome.reply, where.count)
            vectors = None if found is None else unit_vectors(found)
            self._last = (where.request_id, vectors)
        return self._last[1]


@asynccontextmanager
async def open_vectors(context: StageContext[None]) -> AsyncIterator[VectorReader | None]:
    """The vectors of a run's questions; None: they are compared by words alone."""
    if not compares_meaning(context.settings):
        yield None
        return
    async with RecordLog(context.folder.results_path(STAGE), QuestionVector) as places:
        yield VectorReader(places, context.journal)


QUESTION_VECTORS: Stage[None] = Stage(
    name=STAGE,
    label="embedded",
    result=QuestionVector,
    reads=(CHUNKS.name, QUESTIONS_NAME, FURTHER_STAGE),
    work=ItemWork(items=_list_groups, needs=_open_needs, work=_embed),
    purposes=(PURPOSE,),
    count_items=_count_groups,
    is_wanted=compares_meaning,
)
