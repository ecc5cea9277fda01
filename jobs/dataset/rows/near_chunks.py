"""Finds texts near to a chunk: some that do not answer its question, one that is related to it."""

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from engine.files.records import RecordLog, read_records
from engine.run_folder import RunFolder
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.passages import Passages
from jobs.text.bm25 import bm25_scores, stems
from jobs.text.word_overlap import word_overlap
from schemas.documents import Chunk, Side

NEIGHBOURS = 24  # chunks of the document, nearest in place, that are looked at
MIN_LIKENESS = 0.3  # share of the question's telling words that the text has: below, it is easy
MAX_ANSWER_SHARE = 0.6  # share of the answer's telling words from which it may stand in the text
MIN_COMMON_SHARE = 0.1  # of the shorter text's words: two with fewer speak of different things
MAX_COMMON_SHARE = 0.7  # two with more say the same: no question needs both


class _Place(NamedTuple):
    start_char: int
    chunk_id: str


class NearChunks:
    """The chunks of one side, by document and place."""

    def __init__(self, places: Mapping[str, Sequence[_Place]], chunks: RecordLog[Chunk]) -> None:
        self._places = places
        self._chunks = chunks

    def hard_for(self, question: str, answer: str, passages: Passages) -> list[Chunk]:
        """Neighbours of a chunk that share words with the question, the likest first.

        None of them holds the words of the answer, or is what the question was asked about.
        """
        asked = {chunk.chunk_id for chunk in passages.in_order}
        likest = []
        for other in self._around(passages.chunk):
            likeness = word_overlap(question, other.text)
            is_hard = likeness >= MIN_LIKENESS and other.chunk_id not in asked
            if is_hard and word_overlap(answer, other.text) <= MAX_ANSWER_SHARE:
                likest.append((likeness, other.chunk_id, other))
        likest.sort(key=lambda each: each[:2], reverse=True)
        return [other for _, _, other in likest]

    def related_to(self, chunk: Chunk) -> Chunk | None:
        """The neighbour that says most of what `chunk` speaks of, by BM25; None: none does.

        One that says nearly the same is none.
        """
        others = sorted(self._around(chunk), key=lambda other: other.chunk_id)
        wanted, words = stems(chunk.text), [stems(other.text) for other in others]
        scores = bm25_scores(wanted, words)
        related = [
            place
            for place, found in enumerate(words)
            if MIN_COMMON_SHARE <= _common_share(wanted, found) <= MAX_COMMON_SHARE
        ]
        best = max(related, key=lambda place: scores[place], default=None)
        return None if best is None else others[best]

    def _around(self, chunk: Chunk) -> Iterator[Chunk]:
        places = self._places.get(chunk.document_id, ())
        others = [place for place in places if place.chunk_id != chunk.chunk_id]
        others.sort(key=lambda place: (abs(place.start_char - chunk.start_char), place.chunk_id))
        for place in others[:NEIGHBOURS]:
            yield self._chunks.require(place.chunk_id)


def _common_share(words: AbstractSet[str], others: AbstractSet[str]) -> float:
    shorter = min(len(words), len(others))
    return len(words & others) / shorter if shorter else 0.0


def read_near_chunks(
    folder: RunFolder,
    chunks: RecordLog[Chunk],
    side: Side = "train",
    *,
    without: Container[str] = (),
) -> NearChunks:
    """The chunks of `side`, but for some ids. Memory: some 200 bytes a chunk."""
    places: defaultdict[str, list[_Place]] = defaultdict(list)
    for chunk in read_records(folder.results_path(CHUNKS.name), Chunk):
        if chunk.side == side and chunk.chunk_id not in without:
            places[chunk.document_id].append(_Place(chunk.start_char, chunk.chunk_id))
    return NearChunks(places, chunks)
