"""Finds, for a question, texts near to its own that do not answer it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from engine.files.records import RecordLog, read_records
from engine.run_folder import RunFolder
from jobs.documents.chunk_documents import CHUNKS
from jobs.text.word_overlap import word_overlap
from schemas.documents import Chunk, Side

NEIGHBOURS = 24  # chunks of the document, nearest in place, that are looked at
MIN_LIKENESS = 0.3  # share of the question's telling words that the text has: below, it is easy
MAX_ANSWER_SHARE = 0.6  # share of the answer's telling words from which it may stand in the text


class _Place(NamedTuple):
    start_char: int
    chunk_id: str


class NearChunks:
    """The chunks of one side, by document and place."""

    def __init__(self, places: Mapping[str, Sequence[_Place]], chunks: RecordLog[Chunk]) -> None:
        self._places = places
        self._chunks = chunks

    def hard_for(self, question: str, answer: str, chunk: Chunk) -> list[Chunk]:
        """Neighbours of `chunk` that share words with the question, the likest first.

        None of them holds the words of the answer.
        """
        likest = []
        for other in self._around(chunk):
            likeness = word_overlap(question, other.text)
            if likeness >= MIN_LIKENESS and word_overlap(answer, other.text) <= MAX_ANSWER_SHARE:
                likest.append((likeness, other.chunk_id, other))
        likest.sort(key=lambda each: each[:2], reverse=True)
        return [other for _, _, other in likest]

    def _around(self, chunk: Chunk) -> Iterator[Chunk]:
        places = self._places.get(chunk.document_id, ())
        others = [place for place in places if place.chunk_id != chunk.chunk_id]
        others.sort(key=lambda place: (abs(place.start_char - chunk.start_char), place.chunk_id))
        for place in others[:NEIGHBOURS]:
            yield self._chunks.require(place.chunk_id)


def read_near_chunks(
    folder: RunFolder, chunks: RecordLog[Chunk], side: Side = "train"
) -> NearChunks:
    """The chunks of `side`. Memory: some 200 bytes a chunk."""
    places: defaultdict[str, list[_Place]] = defaultdict(list)
    for chunk in read_records(folder.results_path(CHUNKS.name), Chunk):
        if chunk.side == side:
            places[chunk.document_id].append(_Place(chunk.start_char, chunk.chunk_id))
    return NearChunks(places, chunks)
