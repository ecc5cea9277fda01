"""Says of every chunk what became of it: asked, kept, dropped and why."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from engine.files.records import encode_record, read_ids, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import FinishedItem
from engine.stopping import Stopping
from jobs.dataset.ask_teacher import ANSWERS, QUESTIONS
from jobs.dataset.keep_questions import KEPT_QUESTIONS
from jobs.dataset.pairs.pair_ids import read_text_ids
from jobs.documents.chunk_documents import CHUNKS
from schemas.dataset import ChunkCoverage, Rejection
from schemas.documents import Chunk

FILE_NAME = "coverage.jsonl"


class CoverageCounts(NamedTuple):
    """Chunks in all, those asked about, and on the side of training those asked and with a row."""

    chunks: int
    asked: int
    trained: int
    with_rows: int


async def write_coverage(folder: RunFolder, stopping: Stopping) -> None:
    """Replace coverage.jsonl by what the run now holds. Memory: some 100 bytes a chunk."""
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


def _write(folder: RunFolder, stopping: Stopping) -> None:
    asked = set(read_ids(folder.finished_path(QUESTIONS.name), FinishedItem))
    provenance_path = folder.dataset_dir / "provenance.jsonl"
    counts = {
        "questions": _count(folder.results_path(QUESTIONS.name)),
        "kept_questions": _count(folder.results_path(KEPT_QUESTIONS.name)),
        "answers": _count(folder.results_path(ANSWERS.name)),
        "rows": _count(provenance_path),
    }
    seconds = Counter(each.second_chunk_id for each in read_text_ids(provenance_path))
    dropped: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for rejection in read_records(folder.rejected_path, Rejection):
        dropped[rejection.chunk_id or rejection.item_id][rejection.reason] += 1

    def chunks() -> Iterator[ChunkCoverage]:
        for chunk in read_records(folder.results_path(CHUNKS.name), Chunk):
            stopping.raise_if_requested()
            yield ChunkCoverage(
                chunk_id=chunk.chunk_id,
                document_id=chunk.document_id,
                path=chunk.path,
                side=chunk.side,
                is_asked=chunk.chunk_id in asked,
                dropped=dict(dropped.get(chunk.chunk_id, Counter()).most_common()),
                second_of_rows=seconds[chunk.chunk_id],
                **{name: count[chunk.chunk_id] for name, count in counts.items()},
            )

    replace_file(folder.run_dir / FILE_NAME, map(encode_record, chunks()))


def _count(path: Path) -> Counter[str]:
    return Counter(each.chunk_id for each in read_text_ids(path))
