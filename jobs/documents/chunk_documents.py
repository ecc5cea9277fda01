"""Cuts a document into chunks, each on one side of the split and worth asking about."""

from bisect import bisect_right
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter

from engine.ask import Ask
from engine.files.records import RecordLine, RecordLog, read_ids, read_record_lines
from engine.run_folder import RunFolder
from engine.stage import StageFiles
from engine.stopping import Stopping
from engine.wire.tokens import count_tokens
from jobs.documents.chunk_faults import find_chunk_fault
from jobs.documents.cutting.by_rules import heading_path, parts_between, pieces_of
from jobs.documents.cutting.heading_paths import HeadingPaths
from jobs.documents.line_groups import read_group, write_groups
from jobs.documents.read_documents import DOCUMENTS, LEAST_BYTES_ELSEWHERE
from jobs.documents.split_documents import SPLIT
from jobs.documents.whole_corpus.find_boilerplate import BOILERPLATE, read_boilerplate
from jobs.documents.whole_corpus.find_twins import TWINS, read_left_out
from jobs.processes.work_pool import WorkCalls
from jobs.processes.worker_process import core_count
from jobs.run.elsewhere import Elsewhere
from jobs.run.stages import Items, ItemWork, Stage, StageContext
from jobs.text.languages import detect_language
from jobs.text.private.find_private import Masked, mask_private, mask_secrets
from schemas.dataset import Rejection
from schemas.documents import Chunk, Document, SideSpan, SplitAssignment
from schemas.record import Record, Span, Value, content_id
from schemas.settings import ChunkSettings, RunSettings

STAGE = "chunks"
MASKED, PRIVATE_FOUND, UNREAD_PAGES = "masked", "private_data_found", "unread_pages"
NOTES = frozenset((MASKED, PRIVATE_FOUND, UNREAD_PAGES))  # no chunk was dropped for these
DOCUMENTS_PER_WORKER = 2  # in memory: one that is cut, and one that waits


def chunk_document(
    document: Document,
    assignment: SplitAssignment,
    settings: ChunkSettings,
    boilerplate: Sequence[Span] = (),
) -> list[Chunk | Rejection]:
    """1 document in, 0..n chunks and rejections out, in the order of the text.

    Every character that is neither white space nor in `boilerplate` (ranges in order) lies in
    exactly one of them. A chunk has at most `target_tokens` tokens and lies within one span of
    `assignment`; text that is in none (the gap of the split) is one rejection a gap. What of the
    file could not be read is one too.
    """
    results: list[Chunk | Rejection] = [_unread(document, note) for note in document.notes]
    if settings.private_data != "keep":
        document, found = _without_private(document, settings)
        results += found
    headings = HeadingPaths(document)
    position = 0
    for side_span in sorted(assignment.spans, key=lambda span: span.start_char):
        results += _gap(document, position, side_span.start_char)
        for part in parts_between(side_span, boilerplate):
            pieces = pieces_of(document.text, part, headings, settings)
            chunks = (
                _make_chunk(document, piece, part, heading_path(piece, headings, settings))
                for piece in pieces
            )
            results += (_judge(chunk, settings) for chunk in chunks)
        position = side_span.end_char
    return results + _gap(document, position, len(document.text))


def _unread(document: Document, note: str) -> Rejection:
    return Rejection.of(
        content_id("unread", document.document_id, note),
        stage=STAGE,
        reason=UNREAD_PAGES,
        detail=f"{document.path}: {note}",
    ).of_document(document.path)


def _without_private(
    document: Document, settings: ChunkSettings
) -> tuple[Document, list[Rejection]]:
    """The document as it may be seen, and one line about what was found in it, never what."""
    only_secrets, rules = settings.private_data == "mask_secrets", settings.private_rules
    language = None if only_secrets else detect_language(document.text)

    def masked(text: str) -> Masked:
        if only_secrets:
            return mask_secrets(text, rules=rules)
        return mask_private(text, language, rules=rules)

    title, text = masked(document.title), masked(document.text)
    headings = tuple(
        each.model_copy(update={"text": masked(each.text).text}) for each in document.headings
    )
    found = Counter(title.found) + Counter(text.found)
    if not found:
        return document, []
    is_masked = settings.private_data != "report"
    names = ", ".join(f"{name} ({count})" for name, count in sorted(found.items()))
    rejection = Rejection.of(
        content_id("private", document.document_id),
        stage=STAGE,
        reason=MASKED if is_masked else PRIVATE_FOUND,
        detail=f"{document.path}: {names}",
    ).of_document(document.path)
    if is_masked:
        update = {"title": title.text, "text": text.text, "headings": headings}
        document = document.model_copy(update=update)
    return document, [rejection]


def _gap(document: Document, start: int, end: int) -> list[Rejection]:
    text = document.text[start:end].strip()
    if not text:
        return []
    item_id = content_id("gap", document.document_id, start, end)
    return [
        Rejection.of(
            item_id,
            stage=STAGE,
            reason="split_gap",
            detail=f"characters {start} to {end} of document {document.document_id}",
            text=text,
        ).of_document(document.path)
    ]


def _make_chunk(
    document: Document, piece: Span, side_span: SideSpan, path: tuple[str, ...]
) -> Chunk:
    start, end = piece.start_char, piece.end_char
    text = document.text[start:end]
    return Chunk(
        chunk_id=content_id("chunk", document.document_id, start, end, text),
        document_id=document.document_id,
        path=document.path,
        title=document.title,
        side=side_span.side,
        start_char=start,
        end_char=end,
        first_page=_page_at(document.page_starts, start),
        last_page=_page_at(document.page_starts, end - 1),
        headings=path,
        token_count=count_tokens(text),
        text=text,
    )


def _page_at(page_starts: Sequence[int], position: int) -> int | None:
    """The 1-based page of a character, None in a document without pages."""
    return max(1, bisect_right(page_starts, position)) if page_starts else None


def _judge(chunk: Chunk, settings: ChunkSettings) -> Chunk | Rejection:
    fault = find_chunk_fault(chunk.text, chunk.token_count, settings)
    if fault is None:
        return chunk
    return Rejection.of(
        chunk.chunk_id,
        stage=STAGE,
        reason=fault.reason,
        score=fault.score,
        threshold=fault.threshold,
        detail=f"characters {chunk.start_char} to {chunk.end_char} of {chunk.path}",
        text=chunk.text,
    ).of_chunk(chunk)


class _Given(Value):
    """What the chunks of a document depend on beside it."""

    assignment: SplitAssignment
    boilerplate: tuple[Span, ...]
    settings: ChunkSettings


_RESULTS: TypeAdapter[list[Chunk | Rejection]] = TypeAdapter(list[Chunk | Rejection])


def chunk_lines(body: bytes) -> bytes:
    """The chunks and rejections of a document, from JSON to JSON, as processes send them."""
    records, given = read_group(body, Document, _Given)
    results = [
        result
        for document in records
        for result in chunk_document(document, given.assignment, given.settings, given.boilerplate)
    ]
    return _RESULTS.dump_json(results)


class _Line(Record):
    """The line of a document that is parsed where it is cut."""

    document_id: str
    number: int
    data: bytes


class _Needs(NamedTuple):
    documents_path: Path
    assignments: RecordLog[SplitAssignment]
    settings: ChunkSettings
    boilerplate: Mapping[str, tuple[Span, ...]]
    calls: WorkCalls
    stopping: Stopping


def _list_documents(context: StageContext[None], files: StageFiles[Chunk]) -> Items[_Line]:
    path = context.folder.results_path(DOCUMENTS.name)
    left_out = read_left_out(context.folder)
    lines = read_record_lines(
        path, Document, is_wanted=lambda id_: id_ not in left_out and files.is_unfinished(id_)
    )
    unfinished = (_Line(document_id=id_, number=n, data=data) for id_, n, data in lines)
    total = _count_documents(context.folder, context.settings)
    return Items(unfinished, total, len(files.finished))


def _count_documents(folder: RunFolder, _: RunSettings) -> int:
    left_out = read_left_out(folder)
    ids = read_ids(folder.results_path(DOCUMENTS.name), Document)
    return sum(id_ not in left_out for id_ in ids)


@asynccontextmanager
async def _open_sides(context: StageContext[None], _: StageFiles[Chunk]) -> AsyncIterator[_Needs]:
    folder = context.folder
    documents_path = folder.results_path(DOCUMENTS.name)
    async with RecordLog(folder.results_path(SPLIT.name), SplitAssignment) as assignments:
        yield _Needs(
            documents_path,
            assignments,
            context.settings.chunks,
            read_boilerplate(folder),
            context.pool.calls_of(chunk_lines, on=documents_path),
            context.stopping,
        )


async def _chunk(line: _Line, _: Ask, needs: _Needs) -> list[Chunk | Rejection]:
    document_id = line.document_id
    given = _Given(
        assignment=needs.assignments.require(document_id),
        boilerplate=needs.boilerplate.get(document_id, ()),
        settings=needs.settings,
    )
    lines = [RecordLine(document_id, line.number, line.data)]
    (body,) = write_groups(needs.documents_path, lines, needs.stopping, lambda _: given)
    return _RESULTS.validate_json(await needs.calls.call(body))


def _window(_: RunSettings) -> int:
    return DOCUMENTS_PER_WORKER * core_count()


def _cut_elsewhere(context: StageContext[None], _: StageFiles[Chunk]) -> Elsewhere | None:
    size_bytes = context.folder.results_path(DOCUMENTS.name).stat().st_size
    return Elsewhere(_chunk, window=1) if size_bytes >= LEAST_BYTES_ELSEWHERE else None


CHUNKS: Stage[None] = Stage(
    name=STAGE,
    label="chunks",
    result=Chunk,
    reads=(DOCUMENTS.name, BOILERPLATE.name, TWINS.name, SPLIT.name),
    work=ItemWork(
        items=_list_documents,
        needs=_open_sides,
        work=_chunk,
        window=_window,
        elsewhere=_cut_elsewhere,
    ),
    count_items=_count_documents,
)
