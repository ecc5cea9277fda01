"""Makes a sketch of every document: what is kept of it while all are compared."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from engine.files.records import encode_record, read_ids, read_records
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from jobs.documents.read_documents import DOCUMENTS
from jobs.documents.whole_corpus.edge_lines import cut_out
from jobs.documents.whole_corpus.find_boilerplate import read_boilerplate
from jobs.documents.whole_corpus.translations import Anchored, find_anchors
from jobs.documents.workers.work_pool import WorkPool, map_in_order, worker_count_for
from jobs.text.languages import detect_language
from jobs.text.shingles import Hashes, shingle_hashes
from schemas.documents import Document, SplitAssignment
from schemas.record import Record

SPLIT_NAME = "split"  # it comes later: what has a side already keeps it
MAX_HASHES = 16_000_000  # in memory, 28 bytes each; a larger corpus is sampled
BYTES_PER_S = 4_000_000  # of one process, roughly
BYTES_PER_TOKEN = 6
# The best text first.
FORMATS_BY_QUALITY = (
    *("html", "epub", "docx", "odt", "markdown", "rst", "org", "asciidoc", "latex", "notebook"),
    *("rtf", "pptx", "pdf", "text", "csv", "jsonl"),
)


class Sketch(NamedTuple):
    """What is kept of a document while all are compared."""

    document_id: str
    path: str
    format: str
    has_side: bool
    hashes: Hashes
    is_sample: bool
    anchored: Anchored

    @property
    def rank(self) -> tuple[bool, int, int, str]:
        """Sorts those first that are kept rather than others."""
        place = FORMATS_BY_QUALITY.index(self.format)
        return not self.has_side, place, -len(self.hashes), self.document_id


class _Task(Record):
    """What a sketch is made of."""

    document_id: str
    text: str
    one_in: int


class _Measured(Record):
    """What a worker finds in a text: its shingles as bytes in hexadecimal digits, and more."""

    document_id: str
    hashes: str
    language: str
    anchors: tuple[int, ...]


def measure_task(body: bytes) -> bytes:
    """What is compared of one text, from JSON to JSON, as processes send it."""
    task = _Task.model_validate_json(body)
    return encode_record(
        _Measured(
            document_id=task.document_id,
            hashes=shingle_hashes(task.text, one_in=task.one_in).tobytes().hex(),
            language=detect_language(task.text) or "",
            anchors=tuple(sorted(find_anchors(task.text))),
        )
    )


async def read_sketches(folder: RunFolder, stopping: Stopping) -> list[Sketch]:
    """The sketches of all documents of a run, without their boilerplate, by rank."""
    path = folder.results_path(DOCUMENTS.name)
    sided = frozenset(read_ids(folder.results_path(SPLIT_NAME), SplitAssignment))
    boilerplate = read_boilerplate(folder)
    size_bytes = path.stat().st_size if path.exists() else 0
    one_in = max(1, -(-size_bytes // (BYTES_PER_TOKEN * MAX_HASHES)))
    names: dict[str, tuple[str, str]] = {}
    sketches: list[Sketch] = []

    def tasks() -> Iterator[bytes]:
        for document in read_records(path, Document):
            stopping.raise_if_requested()
            id_ = document.document_id
            names[id_] = document.path, document.format
            text = cut_out(document.text, boilerplate.get(id_, ()))
            yield encode_record(_Task(document_id=id_, text=text, one_in=one_in))

    def take(answer: bytes) -> None:
        found = _Measured.model_validate_json(answer)
        hashes = np.frombuffer(bytes.fromhex(found.hashes), np.uint64)
        anchored = Anchored(found.language, frozenset(found.anchors))
        id_ = found.document_id
        sketches.append(Sketch(id_, *names.pop(id_), id_ in sided, hashes, one_in > 1, anchored))

    async with WorkPool(
        measure_task, worker_count=worker_count_for(size_bytes, bytes_per_s=BYTES_PER_S)
    ) as pool:
        await map_in_order(pool, tasks(), take)
    return sorted(sketches, key=lambda sketch: sketch.rank)
