"""Finds the chunks of a run that a question without a known origin is most likely about."""

import asyncio
import heapq
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.ask import Ask, ask_together
from engine.errors import ConfigError, Deferred
from engine.extras import install_command
from engine.files.records import read_records_by_id
from jobs.settings.roles import RoleModel, embeddings_of
from jobs.text.repeats.text_similarity import Vectors, embedding_request, read_vectors, unit_vectors
from schemas.documents import Chunk
from schemas.outcomes import Completed, Outcome
from schemas.record import content_id
from schemas.requests import Request
from schemas.settings import RunSettings

if TYPE_CHECKING:
    from bm25s.tokenization import Tokenizer

PURPOSE = "evaluation_retrieval"
TEXTS_PER_REQUEST = 64
REQUESTS_AT_ONCE = 16

T = TypeVar("T")
Vector = NDArray[np.int32]
Ranking = list[list[str]]  # for each question the ids of its chunks, the best first


async def retrieve_chunks(
    questions: Sequence[str], chunks_path: Path, settings: RunSettings, ask: Ask
) -> Ranking:
    """The ids of the `retrieved_chunks` best chunks for each question, the best first.

    By words: BM25; in memory is how often the questions' words stand in each chunk. By meaning:
    every chunk is embedded through `ask`, and only the best of each question are kept.

    Raises:
        ConfigError: bm25s is not installed, or the embedding model failed.
        DamagedLogError: a chunk's line is damaged; and what `ask` raises.
    """
    if not questions:
        return []
    if settings.evaluation.retriever == "embeddings":
        return await _rank_by_meaning(questions, chunks_path, settings, ask)
    require_word_search()
    return await asyncio.to_thread(
        rank_by_words, questions, chunks_path, settings.evaluation.retrieved_chunks
    )


def require_word_search() -> None:
    """Refuse where BM25 is not installed.

    Raises:
        ConfigError: it is not.
    """
    if find_spec("bm25s") is None:
        raise ConfigError(
            f"finding the text for questions needs bm25s: {install_command('evaluation')}, "
            "or set evaluation.retriever=embeddings"
        )


def rank_by_words(questions: Sequence[str], chunks_path: Path, count: int) -> Ranking:
    """The ids of the `count` best chunks for each question by BM25, the best first.

    Raises:
        ConfigError: there is no chunk.
        DamagedLogError: a chunk's line is damaged.
    """
    import bm25s
    from bm25s.tokenization import Tokenized, Tokenizer

    tokenizer = Tokenizer(stopwords="en")
    asked = tokenizer.tokenize(list(questions), update_vocab=True, show_progress=False)
    chunk_ids = [chunk.chunk_id for chunk in read_records_by_id(chunks_path, Chunk)]
    if not chunk_ids:
        raise ConfigError(f"{chunks_path}: holds no chunk in which an answer could stand")
    corpus = _WordNumbers(chunks_path, len(chunk_ids), tokenizer)
    index = bm25s.BM25()
    index.index(Tokenized(corpus, tokenizer.get_vocab_dict()), show_progress=False)
    found, _ = index.retrieve(asked, k=min(count, len(chunk_ids)), show_progress=False)
    return [[chunk_ids[number] for number in row] for row in found]


class _WordNumbers:
    """The words of each chunk as numbers, read again from the file for each iteration.

    Words that no question has share the number of the empty word: they only make chunks long.
    """

    def __init__(self, chunks_path: Path, count: int, tokenizer: "Tokenizer") -> None:
        self._chunks_path = chunks_path
        self._count = count
        self._split = tokenizer.splitter
        self._numbers: dict[str, int] = tokenizer.get_vocab_dict()
        self._stop_words = frozenset(tokenizer.stopwords)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Vector]:
        other = self._numbers[""]
        for chunk in read_records_by_id(self._chunks_path, Chunk):
            words = (w for w in self._split(chunk.text.lower()) if w not in self._stop_words)
            numbers = [self._numbers.get(word, other) for word in words]
            yield np.array(numbers or [other], np.int32)


class _Scored(NamedTuple):
    similarity: float
    chunk_id: str


async def _rank_by_meaning(
    questions: Sequence[str], chunks_path: Path, settings: RunSettings, ask: Ask
) -> Ranking:
    """Goes through all chunks before it raises Deferred, so that they share a batch round."""
    is_deferred = False
    best: list[list[_Scored]] = [[] for _ in questions]
    wanted: Vectors | None = None
    embeddings, count = embeddings_of(settings), settings.evaluation.retrieved_chunks
    asked = [_request(f"question {text}", [text], embeddings) for text in questions]
    try:
        wanted = _stack(await ask_together(ask, asked), [1] * len(asked))
    except Deferred:
        is_deferred = True
    batches = _groups(read_records_by_id(chunks_path, Chunk), TEXTS_PER_REQUEST)
    for group in _groups(batches, REQUESTS_AT_ONCE):
        requests = [_chunk_request(chunks, embeddings) for chunks in group]
        try:
            outcomes = await ask_together(ask, requests)
        except Deferred:
            is_deferred = True
        else:
            ids = [chunk.chunk_id for chunks in group for chunk in chunks]
            if wanted is not None:
                vectors = _stack(outcomes, map(len, group), wanted.shape[1])
                _keep_best(best, wanted, ids, vectors, count)
    if is_deferred:
        raise Deferred
    return [[scored.chunk_id for scored in sorted(row, reverse=True)] for row in best]


def _chunk_request(chunks: Sequence[Chunk], embeddings: RoleModel) -> Request:
    ids = content_id("embedded_chunks", [chunk.chunk_id for chunk in chunks])
    return _request(ids, [chunk.text for chunk in chunks], embeddings)


def _request(item_id: str, texts: Sequence[str], embeddings: RoleModel) -> Request:
    return embedding_request(
        item_id, texts, model=embeddings.model, purpose=PURPOSE, manner=embeddings.manner
    )


def _stack(
    outcomes: Sequence[Outcome], counts: Iterable[int], length: int | None = None
) -> Vectors:
    """So many vectors of each, all of `length` numbers, or of as many as the first one.

    Raises:
        ConfigError: a reply holds none, or others.
    """
    found = [_vectors(*each) for each in zip(outcomes, counts, strict=True)]
    expected = found[0].shape[1] if length is None else length
    for vectors, outcome in zip(found, outcomes, strict=True):
        if vectors.shape[1] != expected:
            count = vectors.shape[1]
            raise _refusal(outcome, f"vectors of {expected} numbers and of {count}: two models")
    return np.concatenate(found)


def _vectors(outcome: Outcome, count: int) -> Vectors:
    if isinstance(outcome, Completed):
        vectors = read_vectors(outcome.reply, count)
        if vectors is not None:
            return unit_vectors(vectors)
        problem = f"a reply that does not hold one vector for each of {count} texts"
    else:
        problem = f"{outcome.code}: {outcome.message}"
    raise _refusal(outcome, problem)


def _refusal(outcome: Outcome, problem: str) -> ConfigError:
    return ConfigError(
        f"the embedding model {outcome.model} failed ({problem}): set embeddings.model to one "
        "that is served there, or evaluation.retriever=bm25"
    )


def _keep_best(
    best: list[list[_Scored]], wanted: Vectors, ids: Sequence[str], vectors: Vectors, count: int
) -> None:
    for row, similarities in zip(best, wanted @ vectors.T, strict=True):
        scored = map(_Scored, map(float, similarities), ids)
        row[:] = heapq.nlargest(count, [*row, *scored])


def _groups(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while group := list(islice(rest, size)):
        yield group
