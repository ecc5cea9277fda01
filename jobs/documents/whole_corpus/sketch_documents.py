"""Makes a sketch of every document: what is kept of it while all are compared."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import NamedTuple

import numpy as np
from pydantic import TypeAdapter

from engine.ask import await_all
from engine.files.records import read_ids, read_record_lines
from jobs.documents.line_groups import read_group, write_groups
from jobs.documents.read_documents import DOCUMENTS
from jobs.documents.whole_corpus.edge_lines import cut_out
from jobs.documents.whole_corpus.find_boilerplate import read_boilerplate
from jobs.documents.whole_corpus.translations import find_anchors
from jobs.processes.work_pool import map_in_order
from jobs.run.stages import StageContext
from jobs.text.languages import make_ready
from jobs.text.repeats.shingles import Hashes, shingle_hashes
from schemas.documents import Document, SplitAssignment
from schemas.record import Span, Value

SPLIT_NAME = "split"  # it comes later: what has a side already keeps it
MAX_HASHES = 16_000_000  # in memory, 28 bytes each; a larger corpus is sampled
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
    anchors: frozenset[int]

    @property
    def rank(self) -> tuple[bool, int, int, str]:
        """Sorts those first that are kept rather than others."""
        place = FORMATS_BY_QUALITY.index(self.format)
        return not self.has_side, place, -len(self.hashes), self.document_id


class _Given(Value):
    """How many shingles are kept, one in so many; and by document what is left out of its text."""

    one_in: int
    boilerplate: dict[str, tuple[Span, ...]]


class _Measured(Value):
    """What is found in a text beside its shingles, of which there are `hash_count`."""

    document_id: str
    path: str
    format: str
    hash_count: int
    anchors: tuple[int, ...]


_MEASURED: TypeAdapter[list[_Measured]] = TypeAdapter(list[_Measured])


def measure_texts(body: bytes) -> bytes:
    """What is compared of each text: a line of JSON, and then the shingles as 64-bit integers."""
    group = read_group(body, Document, _Given)
    measured, every = [], []
    for document in group.records:
        text = cut_out(document.text, group.given.boilerplate.get(document.document_id, ()))
        hashes = shingle_hashes(text, one_in=group.given.one_in)
        every.append(hashes.tobytes())
        measured.append(
            _Measured(
                document_id=document.document_id,
                path=document.path,
                format=document.format,
                hash_count=len(hashes),
                anchors=tuple(sorted(find_anchors(text))),
            )
        )
    return _MEASURED.dump_json(measured) + b"\n" + b"".join(every)


async def read_sketches(context: StageContext[None]) -> list[Sketch]:
    """The sketches of all documents of a run, without their boilerplate, by rank.

    Where other processes make them, this one meanwhile loads what comparing them needs.
    """
    folder = context.folder
    path = folder.results_path(DOCUMENTS.name)
    sided = frozenset(read_ids(folder.results_path(SPLIT_NAME), SplitAssignment))
    boilerplate = read_boilerplate(folder)
    size_bytes = path.stat().st_size if path.exists() else 0
    one_in = max(1, -(-size_bytes // (BYTES_PER_TOKEN * MAX_HASHES)))
    sketches: list[Sketch] = []

    def give(ids: Sequence[str]) -> _Given:
        spans = {id_: boilerplate[id_] for id_ in ids if id_ in boilerplate}
        return _Given(one_in=one_in, boilerplate=spans)

    def take(answer: bytes) -> None:
        header, _, data = answer.partition(b"\n")
        hashes, start = np.frombuffer(data, np.uint64), 0
        for found in _MEASURED.validate_json(header):
            id_, end = found.document_id, start + found.hash_count
            own, anchors = hashes[start:end], frozenset(found.anchors)
            sketches.append(
                Sketch(id_, found.path, found.format, id_ in sided, own, one_in > 1, anchors)
            )
            start = end

    bodies = write_groups(path, read_record_lines(path, Document), context.stopping, give)
    calls = context.pool.calls_of(measure_texts, on=path)
    works: list[Awaitable[None]] = [map_in_order(calls, bodies, take)]
    if calls.worker_count:
        works.append(asyncio.to_thread(make_ready))
    await await_all(works)
    return sorted(sketches, key=lambda sketch: sketch.rank)
