"""The first stage: every file of the folder becomes a document or a rejection."""

import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from engine.ask import Ask
from engine.files.records import read_ids, read_records
from engine.run_folder import RunFolder
from engine.stage import StageFiles
from jobs.documents.list_files import STAGE, SourceFile
from jobs.documents.read_elsewhere import read_elsewhere
from jobs.documents.unread_files import describe_unread
from jobs.documents.workers.reader_pool import ReaderPool
from jobs.processes.worker_process import core_count
from jobs.run.elsewhere import Elsewhere
from jobs.run.stages import Items, ItemWork, Stage, StageContext
from schemas.dataset import Rejection
from schemas.documents import Document
from schemas.settings import RunSettings

LEAST_BYTES_ELSEWHERE = 8 << 20  # less is read before workers on a cluster have begun
BYTES_PER_READER = 500_000  # of files: fewer are read before another process has started
FILES_PER_READER = 4  # begun at once: a reader goes on while what it has read comes to disk

_log = logging.getLogger(__name__)


def _list_items(context: StageContext[None], files: StageFiles[Document]) -> Items[SourceFile]:
    path = context.folder.sources_path
    sources = read_records(path, SourceFile, is_wanted=files.is_unfinished)
    return Items(sources, _count_sources(context.folder, context.settings), len(files.finished))


def _count_sources(folder: RunFolder, _: RunSettings) -> int:
    return sum(1 for _ in read_ids(folder.sources_path, SourceFile))


@asynccontextmanager
async def _open_pool(
    context: StageContext[None], files: StageFiles[Document]
) -> AsyncIterator[ReaderPool]:
    settings = context.settings
    assert settings.documents_dir is not None
    sizes = (source.size_bytes for source in _list_items(context, files).unfinished)
    worker_count = count_readers(sizes, core_count())
    async with ReaderPool(
        settings.documents_dir, settings.documents, worker_count=worker_count
    ) as pool:
        yield pool


def count_readers(sizes_bytes: Iterable[int], most: int) -> int:
    """How many processes read files of these sizes: one alone has read little before others start.

    Large folders are not listed to their end.
    """
    total_bytes = 0
    for size_bytes in sizes_bytes:
        total_bytes += size_bytes
        if total_bytes >= most * BYTES_PER_READER:
            return most
    return min(most, 1 + total_bytes // BYTES_PER_READER)


async def _read(source: SourceFile, _: Ask, pool: ReaderPool) -> list[Document | Rejection]:
    document = await pool.read(source)
    if isinstance(document, Document):
        _tell_notes(document)
    return [document]


def _tell_notes(document: Document) -> None:
    for note in document.notes:
        _log.warning("%s: %s", document.path, note)


def _window(_: RunSettings) -> int:
    return core_count() * FILES_PER_READER


def _read_elsewhere(context: StageContext[None], files: StageFiles[Document]) -> Elsewhere | None:
    sources = read_records(context.folder.sources_path, SourceFile, is_wanted=files.is_unfinished)
    if sum(source.size_bytes for source in sources) < LEAST_BYTES_ELSEWHERE:
        return None
    return read_elsewhere(context, _tell_notes_of_line)


def _tell_notes_of_line(line: bytes) -> None:
    """The notes of the document of a line, which is parsed only where it has some."""
    if b'"notes":["' in line:  # no text can hold it: quotes are escaped
        _tell_notes(Document.model_validate_json(line))


def _name_unread(context: StageContext[None], files: StageFiles[Document]) -> None:
    lines = list(describe_unread(context.folder.rejected_path))
    if not len(files.results):
        lines.insert(0, f"nothing was read from {context.settings.documents_dir}")
    for line in lines:
        if line not in context.said:
            context.said.add(line)
            _log.warning("%s", line)


DOCUMENTS: Stage[None] = Stage(
    name=STAGE,
    label="documents",
    result=Document,
    reads=(),
    count_items=_count_sources,
    work=ItemWork(
        items=_list_items,
        needs=_open_pool,
        work=_read,
        window=_window,
        report=_name_unread,
        elsewhere=_read_elsewhere,
    ),
)
