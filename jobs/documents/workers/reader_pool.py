"""Reads files in worker processes with limits, so that a hostile file harms nothing else."""

import asyncio
from pathlib import Path

from pydantic import TypeAdapter

from engine.closing import AsyncClosing
from jobs.documents.list_files import SourceFile
from jobs.documents.workers.reader_worker import (
    CRASHED,
    SPOILING_REASONS,
    TIMEOUT,
    reject,
)
from jobs.processes.worker_process import WorkerProcess, start_worker
from schemas.dataset import Rejection
from schemas.documents import Document
from schemas.settings import DocumentSettings

_ANSWER: TypeAdapter[Document | Rejection] = TypeAdapter(Document | Rejection)


class ReaderPool(AsyncClosing):
    """At most `worker_count` processes, started when first needed, ended with the pool.

    Any number of tasks may call `read` at once. The processes end with this one however it ends.
    """

    def __init__(self, folder: Path, settings: DocumentSettings, *, worker_count: int) -> None:
        self._folder = folder.resolve()
        self._settings = settings
        self._places = asyncio.Semaphore(worker_count)
        self._idle: list[WorkerProcess] = []

    async def aclose(self) -> None:
        """End the processes."""
        while self._idle:
            await self._idle.pop().end()

    async def read(self, source: SourceFile) -> Document | Rejection:
        """The document of a listed file, or why there is none.

        A file that ends a worker which had read other files before is tried once more in a new
        worker, since an earlier file may be the cause.

        Raises:
            WorkerStartError: this installation cannot start a worker.
        """
        async with self._places:
            used = bool(self._idle)
            worker = self._idle.pop() if used else await self._start()
            answer = await self._read_in(worker, source)
            if used and _is_spoilt(answer):
                answer = await self._read_in(await self._start(), source)
            return answer

    async def _read_in(self, worker: WorkerProcess, source: SourceFile) -> Document | Rejection:
        answer: Document | Rejection | None = None
        try:
            async with asyncio.timeout(self._settings.max_seconds_per_file):
                answer = _ANSWER.validate_json(await worker.ask(source.model_dump_json().encode()))
        except TimeoutError:
            allowed = self._settings.max_seconds_per_file
            why = f"took longer than {allowed:g} s; raise documents.max_seconds_per_file"
            return reject(source, TIMEOUT, why)
        except (asyncio.IncompleteReadError, ConnectionError):
            how = await worker.describe_end()
            why = f"its reader ended with {how}; the file may be damaged"
            return reject(source, CRASHED, why)
        finally:
            if answer is None or _is_spoilt(answer):
                await worker.end()
            else:
                self._idle.append(worker)
        return answer

    async def _start(self) -> WorkerProcess:
        settings_json = self._settings.model_dump_json()
        return await start_worker(
            "jobs.documents.workers.reader_worker", self._folder, settings_json
        )


def _is_spoilt(answer: Document | Rejection) -> bool:
    return isinstance(answer, Rejection) and answer.reason in SPOILING_REASONS
