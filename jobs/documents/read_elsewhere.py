"""Files that other machines read: where they see the folder, or get what the files hold."""

import asyncio
import tempfile
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from engine.ask import Ask
from engine.errors import TransientError
from engine.stage import StageFiles
from jobs.documents.list_files import SourceFile, original
from jobs.documents.unread_files import MENDED_OUTSIDE
from jobs.documents.workers.reader_pool import ReaderPool
from jobs.documents.workers.reader_worker import SPOILING_REASONS, TIMEOUT
from jobs.run.elsewhere import Elsewhere
from jobs.run.stages import StageContext
from schemas.dataset import Rejection
from schemas.documents import Document
from schemas.record import Record

# Why a machine reads no document from a file that another may read: what it sees, has, and lacks.
OF_THE_MACHINE = frozenset({*MENDED_OUTSIDE, TIMEOUT, *SPOILING_REASONS})
MOST_CARRIED_BYTES = 64 << 20  # of a file: it is in memory whole, a third larger
NOT_CARRIED = "not_carried"
OWNER_ONLY = 0o700


class CarriedFile(Record):
    """A file to read, with what it holds in base64; None: it could not be read, or is large."""

    document_id: str
    source: SourceFile
    data: str | None


class CarriedFolder(NamedTuple):
    """Where carried files lie while they are read, and what reads them."""

    path: Path
    pool: ReaderPool


def read_elsewhere(context: StageContext[None], note_result: Callable[[bytes], None]) -> Elsewhere:
    """How other machines read files: what they cannot is read where the files were listed."""
    assert context.spread is not None
    assert context.settings.documents_dir is not None
    if context.spread.has_files:
        return Elsewhere(read_there, window=1, note_result=note_result)
    return Elsewhere(
        read_carried,
        window=1,
        note_result=note_result,
        needs=open_carried,
        pack=partial(carry, context.settings.documents_dir),
    )


async def read_there(source: SourceFile, _: Ask, pool: ReaderPool) -> list[Document | Rejection]:
    """1 file in, 1 document or the reason why there is none, unless that is of the machine.

    Raises:
        TransientError: the file may be read where it was listed.
    """
    document = await pool.read(source)
    if isinstance(document, Rejection) and document.reason in OF_THE_MACHINE:
        raise TransientError(document.detail, code=document.reason)
    return [document]


def carry(folder: Path, source: SourceFile) -> CarriedFile:
    """What another machine needs to read a file."""
    data: str | None = None
    try:
        if source.size_bytes <= MOST_CARRIED_BYTES:
            data = b64encode((folder / original(source.path)).read_bytes()).decode("ascii")
    except OSError:
        pass  # it is told where the file is tried once more
    return CarriedFile(document_id=source.document_id, source=source, data=data)


@asynccontextmanager
async def open_carried(
    context: StageContext[None], _: StageFiles[Document]
) -> AsyncIterator[CarriedFolder]:
    """A folder for carried files; files that are in it are removed with it."""
    with tempfile.TemporaryDirectory(prefix="distill-files-") as name:
        async with ReaderPool(Path(name), context.settings.documents, worker_count=1) as pool:
            yield CarriedFolder(Path(name), pool)


async def read_carried(
    carried: CarriedFile, ask: Ask, folder: CarriedFolder
) -> list[Document | Rejection]:
    """As `read_there`, of a file that lies in its folder only for so long.

    Raises:
        TransientError: the file may be read where it was listed.
    """
    if carried.data is None:
        raise TransientError(f"{carried.source.path}: what it holds is not here", code=NOT_CARRIED)
    path = folder.path / original(carried.source.path)
    await asyncio.to_thread(_write, path, carried.data)
    try:
        return await read_there(carried.source, ask, folder.pool)
    finally:
        await asyncio.to_thread(path.unlink)


def _write(path: Path, data: str) -> None:
    path.parent.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
    path.write_bytes(b64decode(data))
