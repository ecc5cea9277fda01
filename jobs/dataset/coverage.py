"""Says of every chunk and document what became of it: asked, kept, dropped and why."""

import asyncio
import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from engine.files.records import encode_record, read_ids, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import FinishedItem
from engine.stopping import Stopping
from jobs.dataset.ask_teacher import ANSWERS, QUESTIONS
from jobs.dataset.pairs.pair_ids import read_text_ids
from jobs.dataset.questions.choose_chunks import HOLDS_PRIVATE
from jobs.dataset.questions.further_questions import FURTHER
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.documents.chunk_documents import CHUNKS
from schemas.dataset import ChunkCoverage, DocumentCoverage, Rejection
from schemas.documents import Chunk

FILE_NAME = "coverage.jsonl"
DOCUMENTS_FILE_NAME = "document_coverage.jsonl"
MAX_POOREST = 10


class CoverageCounts(NamedTuple):
    """Chunks in all, those asked about, and on the side of training those asked and with a row."""

    chunks: int
    asked: int
    trained: int
    with_rows: int


class DocumentCounts(NamedTuple):
    """Documents with a chunk that is trained on, and those of them with a row.

    `poorest`: of these, up to MAX_POOREST with the fewest rows a chunk; of several the largest.
    """

    trained: int
    with_rows: int
    poorest: tuple[DocumentCoverage, ...]


async def write_coverage(folder: RunFolder, stopping: Stopping) -> None:
    """Replace both files by what the run now holds, that of chunks and that of documents.

    Memory: some 100 bytes a chunk and 2,000 a document.
    """
    await asyncio.to_thread(_write, folder, stopping)


def read_coverage(folder: RunFolder) -> CoverageCounts | None:
    """The counts of a run; None: nothing was written yet."""
    path = folder.run_dir / FILE_NAME
    if not path.exists():
        return None
    counts = Counter[str]()
    for chunk in read_records(path, ChunkCoverage):
        counts["chunks"] += 1
        counts["asked"] += chunk.is_asked
        is_trained = chunk.is_asked and chunk.side == "train"
        counts["trained"] += is_trained
        counts["with_rows"] += is_trained and chunk.rows > 0
    return CoverageCounts(counts["chunks"], counts["asked"], counts["trained"], counts["with_rows"])


def read_document_coverage(folder: RunFolder) -> DocumentCounts | None:
    """The counts of a run by document; None: they were not written yet."""
    path = folder.run_dir / DOCUMENTS_FILE_NAME
    if not path.exists():
        return None
    trained = [each for each in read_records(path, DocumentCoverage) if each.trained_chunks]
    poorest = heapq.nsmallest(
        MAX_POOREST,
        trained,
        key=lambda each: (each.rows / each.trained_chunks, -each.trained_chunks, each.path),
    )
    return DocumentCounts(len(trained), sum(each.rows > 0 for each in trained), tuple(poorest))


def _write(folder: RunFolder, stopping: Stopping) -> None:
    counted = _count_all(folder)
    by_document: dict[str, _Sum] = {}

    def chunks() -> Iterator[ChunkCoverage]:
        for chunk in read_records(folder.results_path(CHUNKS.name), Chunk):
            stopping.raise_if_requested()
            covered = counted.coverage(chunk)
            by_document.setdefault(chunk.document_id, _Sum(chunk.path)).add(covered)
            yield covered

    replace_file(folder.run_dir / FILE_NAME, map(encode_record, chunks()))
    documents = (
        each.coverage(document_id, counted.dropped.get(document_id, Counter()))
        for document_id, each in by_document.items()
    )
    replace_file(folder.run_dir / DOCUMENTS_FILE_NAME, map(encode_record, documents))


class _Counted(NamedTuple):
    """What became of chunks, by their ids; `dropped` has documents, too."""

    asked: set[str]
    made: Mapping[str, Counter[str]]
    second_of_rows: Counter[str]
    dropped: Mapping[str, Counter[str]]

    def coverage(self, chunk: Chunk) -> ChunkCoverage:
        """The line of a chunk."""
        return ChunkCoverage(
            chunk_id=chunk.chunk_id,
            document_id=chunk.document_id,
            path=chunk.path,
            side=chunk.side,
            is_asked=chunk.chunk_id in self.asked and not self._is_withheld(chunk.chunk_id),
            dropped=_most_first(self.dropped.get(chunk.chunk_id, Counter())),
            second_of_rows=self.second_of_rows[chunk.chunk_id],
            **{name: count[chunk.chunk_id] for name, count in self.made.items()},
        )

    def _is_withheld(self, chunk_id: str) -> bool:
        """Whether it was never sent; one that is only withheld as half of a pair was asked."""
        is_private = HOLDS_PRIVATE in self.dropped.get(chunk_id, ())
        return is_private and not self.made["questions"][chunk_id]


def _count_all(folder: RunFolder) -> _Counted:
    provenance_path = folder.dataset_dir / "provenance.jsonl"
    made = {
        "questions": _count(folder.results_path(QUESTIONS.name))
        + _count(folder.results_path(FURTHER.name)),
        "kept_questions": _count(folder.results_path(KEPT_QUESTIONS.name)),
        "answers": _count(folder.results_path(ANSWERS.name)),
        "rows": _count(provenance_path),
    }
    dropped: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for rejection in read_records(folder.rejected_path, Rejection):
        dropped[rejection.chunk_id or rejection.item_id][rejection.reason] += 1
    return _Counted(
        set(read_ids(folder.finished_path(QUESTIONS.name), FinishedItem)),
        made,
        Counter(each.second_chunk_id for each in read_text_ids(provenance_path)),
        dropped,
    )


class _Sum:
    """The chunks of a document, added up."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._counts = Counter[str]()
        self._dropped = Counter[str]()

    def add(self, chunk: ChunkCoverage) -> None:
        is_trained = chunk.is_asked and chunk.side == "train"
        self._counts.update(
            chunks=1,
            asked_chunks=int(chunk.is_asked),
            trained_chunks=int(is_trained),
            questions=chunk.questions,
            kept_questions=chunk.kept_questions,
            answers=chunk.answers,
            rows=chunk.rows,
        )
        self._dropped.update(chunk.dropped)

    def coverage(self, document_id: str, dropped: Counter[str]) -> DocumentCoverage:
        """The line of the document; `dropped` is what it was dropped for itself."""
        return DocumentCoverage(
            document_id=document_id,
            path=self._path,
            dropped=_most_first(self._dropped + dropped),
            **self._counts,
        )


def _most_first(dropped: Counter[str]) -> dict[str, int]:
    """In an order that does not depend on that in which things were dropped."""
    return dict(sorted(dropped.items(), key=lambda each: (-each[1], each[0])))


def _count(path: Path) -> Counter[str]:
    return Counter(each.chunk_id for each in read_text_ids(path))
