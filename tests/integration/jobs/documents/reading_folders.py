"""Reads whole folders with a pool, as the pipeline does, and looks at its processes."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from jobs.documents.list_files import SourceFile, list_files
from jobs.documents.workers.reader_pool import ReaderPool
from schemas.dataset import Rejection
from schemas.documents import Document
from schemas.settings import DocumentSettings


async def read_folder(
    folder: Path, settings: DocumentSettings, *, worker_count: int = 2
) -> list[Document | Rejection]:
    """What became of each file of `folder`, in the order of the listing."""
    async with ReaderPool(folder, settings, worker_count=worker_count) as pool:

        async def end_of(found: SourceFile | Rejection) -> Document | Rejection:
            return found if isinstance(found, Rejection) else await pool.read(found)

        return await asyncio.gather(*map(end_of, list_files(folder)))


def reasons(results: list[Document | Rejection]) -> dict[str, str]:
    """The reason of each file that was not read, by its name as the line shows it."""
    return {
        result.detail.partition(": ")[0]: result.reason
        for result in results
        if isinstance(result, Rejection)
    }


def texts(results: list[Document | Rejection]) -> dict[str, str]:
    """The text of each file that was read, by its path."""
    return {result.path: result.text for result in results if isinstance(result, Document)}


def worker_ids(
    parent_id: int | None = None, *, module: str = "jobs.documents.workers.reader_worker"
) -> list[int]:
    """The process ids of the workers of a process."""
    parent_id = parent_id or os.getpid()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and is_running(int(entry.name)):
            try:
                command = (entry / "cmdline").read_bytes()
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if module.encode() in command and int(parent) == parent_id:
                found.append(int(entry.name))
    return found


def environment_of(process_id: int) -> bytes:
    """The environment variables that a process was started with."""
    return Path(f"/proc/{process_id}/environ").read_bytes()


async def until(claim: Callable[[], object]) -> None:
    """Return once `claim()` is true."""
    while True:
        if claim():
            return
        await asyncio.sleep(0.01)


async def until_busy(process_id: int) -> None:
    """Return once a worker has started and worked for a while on the file that it was given."""
    await until(lambda: Path(f"/proc/{process_id}/fd/2").readlink() == Path(os.devnull))
    before = _processor_ticks(process_id)
    await until(lambda: _processor_ticks(process_id) >= before + 5)


def _processor_ticks(process_id: int) -> int:
    return int(Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[11])


def is_running(process_id: int) -> bool:
    """Whether a process exists and is not merely waiting to be reaped."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
