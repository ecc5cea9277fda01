"""The stage that finds menus, footers and notices: lines at head or tail that a folder repeats.

They stay in the text of the documents, so that no offset moves, and are left out of its chunks.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.files.records import encode_record, read_ids, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import StagePass
from engine.stopping import Stopping
from jobs.documents.read_documents import DOCUMENTS
from jobs.documents.whole_corpus.edge_lines import EdgeLine, find_edges, find_shared, spans_of
from jobs.documents.workers.work_pool import WorkPool, map_in_order, worker_count_for
from jobs.run.stages import Stage, StageContext
from schemas.dataset import Rejection
from schemas.documents import Boilerplate, Document
from schemas.record import Span, content_id

STAGE = "boilerplate"
MIN_SHARE = 0.3  # of a folder's documents of one format, in the folder or below it
BYTES_PER_S = 20_000_000  # of one process, roughly
MIN_DOCUMENTS = 5
MAX_COUNTED_DOCUMENTS = 125_000  # about 1 KiB each; of more, this many are counted

_log = logging.getLogger(__name__)


class _Place(NamedTuple):
    """Documents of one format in a folder and below it. Formats are read differently."""

    folder: str
    format: str


SharedKeys = Mapping[_Place, frozenset[int]]


class _Finding(NamedTuple):
    """What was left out in a place: the lines, by their keys, and of how many documents."""

    lines: dict[int, str]
    document_ids: set[str]


Findings = defaultdict[_Place, _Finding]


async def _find(context: StageContext[None]) -> StagePass:
    """Compare the edges of all documents, unless none was added since they were compared."""
    folder = context.folder
    path, documents_path = folder.results_path(STAGE), folder.results_path(DOCUMENTS.name)
    document_ids = list(read_ids(documents_path, Document))
    if set(read_ids(path, Boilerplate)) != set(document_ids):
        await _compare(folder, len(document_ids), context.stopping)
    return StagePass()


async def _compare(folder: RunFolder, document_count: int, stopping: Stopping) -> None:
    documents_path = folder.results_path(DOCUMENTS.name)
    size_bytes = documents_path.stat().st_size if document_count else 0
    async with WorkPool(
        edge_keys, worker_count=worker_count_for(size_bytes, bytes_per_s=BYTES_PER_S)
    ) as pool:
        shared = await _count(documents_path, document_count, pool, stopping)
    await asyncio.to_thread(_write, folder, shared, stopping)


def _write(folder: RunFolder, shared: SharedKeys, stopping: Stopping) -> None:
    documents_path = folder.results_path(DOCUMENTS.name)
    findings: Findings = defaultdict(lambda: _Finding({}, set()))
    records = _records(documents_path, shared, findings, stopping)
    in_order = sorted(records, key=lambda record: record.document_id)
    _keep_rejections(folder, findings)
    replace_file(folder.results_path(STAGE), map(encode_record, in_order))
    if findings:
        _report(findings)


async def _count(
    documents_path: Path, document_count: int, pool: WorkPool, stopping: Stopping
) -> SharedKeys:
    """The lines that documents of each place share."""
    if document_count < MIN_DOCUMENTS:
        return {}
    one_in = -(-document_count // MAX_COUNTED_DOCUMENTS)
    places: deque[list[_Place]] = deque()
    edges: defaultdict[_Place, list[NDArray[np.uint64]]] = defaultdict(list)

    def texts() -> Iterator[bytes]:
        for document in read_records(
            documents_path, Document, is_wanted=lambda id_: int(id_[:8], 16) % one_in == 0
        ):
            stopping.raise_if_requested()
            places.append(list(_places(document)))
            yield document.text.encode()

    def take(answer: bytes) -> None:
        for place in places.popleft():
            edges[place].append(np.frombuffer(answer, np.uint64))

    await map_in_order(pool, texts(), take)
    found = ((place, _shared(edges[place])) for place in edges)
    return {place: keys for place, keys in found if keys}


def edge_keys(body: bytes) -> bytes:
    """What of a text in UTF-8 can be compared, as 64-bit integers: what a worker does."""
    return np.fromiter(sorted(find_edges(body.decode()).keys()), np.uint64).tobytes()


def _places(document: Document) -> Iterator[_Place]:
    """The folders above a document, the outermost first."""
    for folder in reversed(PurePosixPath(document.path).parents):
        yield _Place(str(folder), document.format)


def _shared(edges: Sequence[NDArray[np.uint64]]) -> frozenset[int]:
    if len(edges) < MIN_DOCUMENTS:
        return frozenset()
    keys, counts = np.unique(np.concatenate(edges), return_counts=True)
    return frozenset(keys[counts >= max(MIN_DOCUMENTS, MIN_SHARE * len(edges))].tolist())


def _records(
    documents_path: Path,
    shared: SharedKeys,
    findings: Findings,
    stopping: Stopping,
) -> Iterator[Boilerplate]:
    """One a document; what is left out is added to `findings`."""
    if not shared:
        for document_id in read_ids(documents_path, Document):
            yield Boilerplate(document_id=document_id, spans=())
        return
    for document in read_records(documents_path, Document):
        stopping.raise_if_requested()
        places = [place for place in _places(document) if place in shared]
        lines: Sequence[EdgeLine] = ()
        if places:
            known = frozenset[int]().union(*(shared[place] for place in places))
            lines = find_shared(document.text, find_edges(document.text), known)
        _note(document, lines, {place: shared[place] for place in places}, findings)
        yield Boilerplate(
            document_id=document.document_id, spans=tuple(spans_of(document.text, lines))
        )


def _note(
    document: Document,
    lines: Iterable[EdgeLine],
    shared: SharedKeys,
    findings: Findings,
) -> None:
    for line in lines:
        place = next((p for p, keys in shared.items() if line.key in keys), None)
        if place is not None and line.key is not None:
            finding = findings[place]
            text = " ".join(document.text[line.start_char : line.end_char].split())
            finding.lines[line.key] = min(text, finding.lines.get(line.key, text))
            finding.document_ids.add(document.document_id)


def _keep_rejections(folder: RunFolder, findings: Findings) -> None:
    others = (r for r in read_records(folder.rejected_path, Rejection) if r.stage != STAGE)
    rejections = [
        Rejection.of(
            content_id(STAGE, *place),
            stage=STAGE,
            reason="repeated_lines",
            threshold=MIN_SHARE,
            detail=f"{place.folder}: lines at head or tail of many {place.format} documents, "
            f"{len(finding.lines):,} different ones in {len(finding.document_ids):,}",
            text="\n".join(sorted(finding.lines.values())),
        )
        for place, finding in sorted(findings.items())
    ]
    replace_file(folder.rejected_path, map(encode_record, [*others, *rejections]))


def _report(findings: Findings) -> None:
    documents = frozenset[str]().union(*(each.document_ids for each in findings.values()))
    _log.info(
        "menus, footers and notices are left out of %d documents: lines at head or tail that many "
        "of a folder share (repeated_lines in rejected.jsonl)",
        len(documents),
    )


def read_boilerplate(folder: RunFolder) -> dict[str, tuple[Span, ...]]:
    """By document, the ranges to leave out; only documents that have any."""
    records = read_records(folder.results_path(STAGE), Boilerplate)
    return {record.document_id: record.spans for record in records if record.spans}


BOILERPLATE: Stage[None] = Stage(
    name=STAGE,
    label="boilerplate",
    result=Boilerplate,
    reads=(DOCUMENTS.name,),
    work=_find,
)
