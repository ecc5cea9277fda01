"""The stage that finds menus, footers and notices: lines at head or tail that a folder repeats.

They stay in the text of the documents, so that no offset moves, and are left out of its chunks.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from engine.files.records import encode_record, read_ids, read_record_lines, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import StagePass
from jobs.documents.line_groups import NothingGiven, read_group, write_groups
from jobs.documents.read_documents import DOCUMENTS
from jobs.documents.whole_corpus.edge_lines import EdgeLine, find_edges, find_shared, spans_of
from jobs.processes.work_pool import map_in_order
from jobs.run.stages import Stage, StageContext
from schemas.dataset import Rejection
from schemas.documents import Boilerplate, Document
from schemas.record import Span, Value, content_id

STAGE = "boilerplate"
MIN_SHARE = 0.3  # of a folder's documents of one format, in the folder or below it
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
        shared = await _count(context, documents_path, len(document_ids))
        findings: Findings = defaultdict(lambda: _Finding({}, set()))
        records = await _look_up(context, documents_path, shared, findings)
        _keep_rejections(folder, findings)
        replace_file(path, map(encode_record, sorted(records, key=lambda r: r.document_id)))
        if findings:
            _report(findings)
    return StagePass()


async def _count(
    context: StageContext[None], documents_path: Path, document_count: int
) -> SharedKeys:
    """The lines that documents of each place share."""
    if document_count < MIN_DOCUMENTS:
        return {}
    one_in = -(-document_count // MAX_COUNTED_DOCUMENTS)
    edges: defaultdict[_Place, list[NDArray[np.uint64]]] = defaultdict(list)

    def take(answer: bytes) -> None:
        header, _, data = answer.partition(b"\n")
        keys, start = np.frombuffer(data, np.uint64), 0
        for path, format_name, count in json.loads(header):
            for place in _places(path, format_name):
                edges[place].append(keys[start : start + count])
            start += count

    lines = read_record_lines(
        documents_path, Document, is_wanted=lambda id_: int(id_[:8], 16) % one_in == 0
    )
    calls = context.pool.calls_of(edge_keys, on=documents_path)
    await map_in_order(calls, write_groups(documents_path, lines, context.stopping), take)
    found = ((place, _shared(edges[place])) for place in edges)
    return {place: keys for place, keys in found if keys}


def edge_keys(body: bytes) -> bytes:
    """What of each text can be compared, as 64-bit integers, below a line that says whose."""
    header, every = [], []
    for document in read_group(body, Document, NothingGiven).records:
        keys = sorted(find_edges(document.text).keys())
        header.append((document.path, document.format, len(keys)))
        every.append(np.array(keys, np.uint64).tobytes())
    return json.dumps(header).encode() + b"\n" + b"".join(every)


class _SharedKeys(Value):
    """`SharedKeys` as JSON: by folder and format."""

    places: tuple[tuple[str, str, tuple[int, ...]], ...]


class _Found(Value):
    """What is left out of a document: ranges; and each line's place, key and words."""

    record: Boilerplate
    lines: tuple[tuple[str, str, int, str], ...]


_FOUND: TypeAdapter[list[_Found]] = TypeAdapter(list[_Found])


async def _look_up(
    context: StageContext[None], documents_path: Path, shared: SharedKeys, findings: Findings
) -> list[Boilerplate]:
    """One a document; what is left out is added to `findings`."""
    if not shared:
        ids = dict.fromkeys(read_ids(documents_path, Document))
        return [Boilerplate(document_id=document_id, spans=()) for document_id in ids]
    given = _SharedKeys(places=tuple((*place, tuple(sorted(k))) for place, k in shared.items()))
    records: list[Boilerplate] = []

    def take(answer: bytes) -> None:
        for found in _FOUND.validate_json(answer):
            records.append(found.record)
            for folder, format_name, key, words in found.lines:
                finding = findings[_Place(folder, format_name)]
                finding.lines[key] = min(words, finding.lines.get(key, words))
                finding.document_ids.add(found.record.document_id)

    lines = read_record_lines(documents_path, Document)
    bodies = write_groups(documents_path, lines, context.stopping, lambda _: given)
    calls = context.pool.calls_of(look_up_edges, on=documents_path)
    await map_in_order(calls, bodies, take)
    return records


def look_up_edges(body: bytes) -> bytes:
    """What is left out of each text, from JSON to JSON, as processes send it."""
    group = read_group(body, Document, _SharedKeys)
    shared = {_Place(folder, name): frozenset(keys) for folder, name, keys in group.given.places}
    return _FOUND.dump_json([_find_in(document, shared) for document in group.records])


def _find_in(document: Document, shared: SharedKeys) -> _Found:
    places = [place for place in _places(document.path, document.format) if place in shared]
    lines: Sequence[EdgeLine] = ()
    if places:
        known = frozenset[int]().union(*(shared[place] for place in places))
        lines = find_shared(document.text, find_edges(document.text), known)
    spans = tuple(spans_of(document.text, lines))
    noted = []
    for line in lines:
        place = next((p for p in places if line.key in shared[p]), None)
        if place is not None and line.key is not None:
            words = " ".join(document.text[line.start_char : line.end_char].split())
            noted.append((*place, line.key, words))
    record = Boilerplate(document_id=document.document_id, spans=spans)
    return _Found(record=record, lines=tuple(noted))


def _places(path: str, format_name: str) -> Iterator[_Place]:
    """The folders above a document, the outermost first."""
    for folder in reversed(PurePosixPath(path).parents):
        yield _Place(str(folder), format_name)


def _shared(edges: Sequence[NDArray[np.uint64]]) -> frozenset[int]:
    if len(edges) < MIN_DOCUMENTS:
        return frozenset()
    keys, counts = np.unique(np.concatenate(edges), return_counts=True)
    return frozenset(keys[counts >= max(MIN_DOCUMENTS, MIN_SHARE * len(edges))].tolist())


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
        ).of_document(place.folder)
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
