"""Cuts a document into chunks, each on one side of the split and worth asking about."""

import re
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import NamedTuple

from pydantic import TypeAdapter
from semantic_text_splitter import TextSplitter

from engine.ask import Ask
from engine.files.records import RecordLog, read_ids, read_records
from engine.run_folder import RunFolder
from engine.stage import StageFiles
from engine.wire.tokens import count_tokens
from jobs.documents.chunk_faults import find_chunk_fault
from jobs.documents.heading_paths import HeadingPaths
from jobs.documents.read_documents import DOCUMENTS
from jobs.documents.split_documents import SPLIT
from jobs.documents.whole_corpus.find_boilerplate import BOILERPLATE, read_boilerplate
from jobs.documents.whole_corpus.find_twins import TWINS, read_left_out
from jobs.documents.workers.work_pool import WorkPool, worker_count_for
from jobs.documents.workers.worker_process import core_count
from jobs.run.stages import Items, ItemWork, Stage, StageContext
from schemas.dataset import Rejection
from schemas.documents import Chunk, Document, SideSpan, SplitAssignment
from schemas.record import Span, Value, content_id
from schemas.settings import ChunkSettings, RunSettings

STAGE = "chunks"
MAX_SPLIT_CHARS = 20_000  # the splitter takes quadratic time on text without spaces and lines
BYTES_PER_S = 1_500_000  # of one process, roughly
DOCUMENTS_PER_WORKER = 2  # in memory: one that is cut, and one that waits

_LEAD_IN = re.compile(r"([:：])(\s*\n\s*)")


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
    headings = HeadingPaths(document)
    results: list[Chunk | Rejection] = [_unread(document, note) for note in document.notes]
    position = 0
    for side_span in sorted(assignment.spans, key=lambda span: span.start_char):
        results += _gap(document, position, side_span.start_char)
        for part in _without(side_span, boilerplate):
            pieces = _pieces(document.text, part, headings, settings)
            chunks = (_make_chunk(document, piece, part, headings) for piece in pieces)
            results += (_judge(chunk, settings) for chunk in chunks)
        position = side_span.end_char
    return results + _gap(document, position, len(document.text))


def _without(side_span: SideSpan, boilerplate: Sequence[Span]) -> Iterator[SideSpan]:
    """The parts of a span that are left between the ranges to leave out."""
    start = side_span.start_char
    for span in boilerplate:
        end = max(start, min(span.start_char, side_span.end_char))
        yield SideSpan(start_char=start, end_char=end, side=side_span.side)
        start = max(start, min(span.end_char, side_span.end_char))
    yield SideSpan(start_char=start, end_char=side_span.end_char, side=side_span.side)


def _unread(document: Document, note: str) -> Rejection:
    return Rejection.of(
        content_id("unread", document.document_id, note),
        stage=STAGE,
        reason="unread_pages",
        detail=f"{document.path}: {note}",
    )


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
        )
    ]


def _pieces(
    text: str, span: SideSpan, headings: HeadingPaths, settings: ChunkSettings
) -> Iterator[Span]:
    """The trimmed ranges of the chunks-to-be of one span: whole sections where they fit."""
    for section in _pack_sections(text, span, headings, settings):
        section_text = text[section.start_char : section.end_char]
        for offset, piece in _split_section(section_text, settings.target_tokens):
            if trimmed := piece.strip():
                start = section.start_char + offset + piece.index(trimmed)
                yield Span(start_char=start, end_char=start + len(trimmed))


def _pack_sections(
    text: str, span: SideSpan, headings: HeadingPaths, settings: ChunkSettings
) -> Iterator[Span]:
    """Neighbouring sections together, as many as fit into a chunk.

    A new chapter starts a new chunk, unless what stands before it is too short to be one.
    """
    inner_starts = headings.starts_between(span.start_char, span.end_char)
    start, tokens = span.start_char, 0
    for section_start, section_end in pairwise([span.start_char, *inner_starts, span.end_char]):
        section_tokens = count_tokens(text[section_start:section_end])
        is_full = tokens + section_tokens > settings.target_tokens
        if tokens >= settings.min_tokens and (is_full or headings.is_chapter(section_start)):
            yield Span(start_char=start, end_char=section_start)
            start, tokens = section_start, 0
        tokens += section_tokens
    yield Span(start_char=start, end_char=span.end_char)


def _split_section(text: str, target_tokens: int) -> Iterator[tuple[int, str]]:
    """The pieces of a section with their offsets: of about equal size, so that no stub is left.

    Where a piece would end with a line that leads on ("as follows:"), all are cut anew with such
    lines tied to what follows.
    """
    for start, end in _windows(text):
        window = text[start:end]
        pieces = _cut(window, window, target_tokens)
        if _leading_on(pieces):
            tied = _cut(window, _LEAD_IN.sub(_tie, window), target_tokens)
            is_within = all(count_tokens(piece.strip()) <= target_tokens for _, piece in tied)
            if is_within and _leading_on(tied) < _leading_on(pieces):
                pieces = tied
        for offset, piece in pieces:
            yield start + offset, piece


def _cut(window: str, by: str, target_tokens: int) -> list[tuple[int, str]]:
    """The pieces of `window`, cut where `by`, of the same length, is best cut."""
    piece_count = -(-count_tokens(by) // target_tokens)
    if piece_count <= 1:
        return [(0, window)]
    capacity = (-(-count_tokens(by) // piece_count), target_tokens)
    found = TextSplitter.from_callback(count_tokens, capacity).chunk_indices(by)
    return [(offset, window[offset : offset + len(piece)]) for offset, piece in found]


def _leading_on(pieces: Sequence[tuple[int, str]]) -> int:
    """How many pieces but for the last end with a line that leads on."""
    return sum(piece.rstrip().endswith((":", "：")) for _, piece in pieces[:-1])


def _tie(lead_in: re.Match[str]) -> str:
    return lead_in[1] + " " * len(lead_in[2])


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Ranges of at most MAX_SPLIT_CHARS that cover `text`, cut at the last paragraph if any."""
    start = 0
    while len(text) - start > MAX_SPLIT_CHARS:
        limit = start + MAX_SPLIT_CHARS
        cuts = (text.rfind(separator, start + 1, limit) for separator in ("\n\n", "\n", " "))
        end = next((cut for cut in cuts if cut > start), limit)
        yield start, end
        start = end
    yield start, len(text)


def _make_chunk(
    document: Document, piece: Span, side_span: SideSpan, headings: HeadingPaths
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
        headings=headings.path_at(start),
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
    )


class _Task(Value):
    """All that the chunks of a document depend on."""

    document: Document
    assignment: SplitAssignment
    boilerplate: tuple[Span, ...]
    settings: ChunkSettings


_RESULTS: TypeAdapter[list[Chunk | Rejection]] = TypeAdapter(list[Chunk | Rejection])


def work_off_task(body: bytes) -> bytes:
    """The chunks and rejections of a task, from JSON to JSON, as processes send them."""
    task = _Task.model_validate_json(body)
    results = chunk_document(task.document, task.assignment, task.settings, task.boilerplate)
    return _RESULTS.dump_json(results)


class _Needs(NamedTuple):
    assignments: RecordLog[SplitAssignment]
    settings: ChunkSettings
    boilerplate: Mapping[str, tuple[Span, ...]]
    pool: WorkPool


def _list_documents(context: StageContext[None], files: StageFiles[Chunk]) -> Items[Document]:
    path = context.folder.results_path(DOCUMENTS.name)
    left_out = read_left_out(context.folder)
    documents = read_records(
        path, Document, is_wanted=lambda id_: id_ not in left_out and files.is_unfinished(id_)
    )
    total = _count_documents(context.folder, context.settings)
    return Items(documents, total, len(files.finished))


def _count_documents(folder: RunFolder, _: RunSettings) -> int:
    left_out = read_left_out(folder)
    ids = read_ids(folder.results_path(DOCUMENTS.name), Document)
    return sum(id_ not in left_out for id_ in ids)


@asynccontextmanager
async def _open_sides(context: StageContext[None], _: StageFiles[Chunk]) -> AsyncIterator[_Needs]:
    folder, chunks = context.folder, context.settings.chunks
    size_bytes = folder.results_path(DOCUMENTS.name).stat().st_size
    async with (
        RecordLog(folder.results_path(SPLIT.name), SplitAssignment) as assignments,
        WorkPool(
            work_off_task, worker_count=worker_count_for(size_bytes, bytes_per_s=BYTES_PER_S)
        ) as pool,
    ):
        yield _Needs(assignments, chunks, read_boilerplate(folder), pool)


async def _chunk(document: Document, _: Ask, needs: _Needs) -> list[Chunk | Rejection]:
    task = _Task(
        document=document,
        assignment=needs.assignments.require(document.document_id),
        boilerplate=needs.boilerplate.get(document.document_id, ()),
        settings=needs.settings,
    )
    return _RESULTS.validate_json(await needs.pool.call(task.model_dump_json().encode()))


def _window(_: RunSettings) -> int:
    return DOCUMENTS_PER_WORKER * core_count()


CHUNKS: Stage[None] = Stage(
    name=STAGE,
    label="chunks",
    result=Chunk,
    reads=(DOCUMENTS.name, BOILERPLATE.name, TWINS.name, SPLIT.name),
    work=ItemWork(items=_list_documents, needs=_open_sides, work=_chunk, window=_window),
    count_items=_count_documents,
)
