"""Reads files in worker processes with limits, so that a hostile file harms nothing else."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter

from engine.errors import FatalError
from engine.files.closing import AsyncClosing
from jobs.documents.list_files import SourceFile
from jobs.documents.reader_worker import (
    CRASHED,
    LENGTH_BYTES,
    SPOILING_REASONS,
    reject,
)
from schemas.dataset import Rejection
from schemas.documents import Document
from schemas.settings import DocumentSettings

_ANSWER: TypeAdapter[Document | Rejection] = TypeAdapter(Document | Rejection)
END_S = 2.0  # for a process that has closed its connection to end by itself
_SOURCE_ROOT = Path(__file__).parents[2]
_INHERITED = ("LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH")  # and nothing secret


class ReaderStartError(FatalError):
    """No worker process could be started; its messages are on standard error."""


class ReaderPool(AsyncClosing):
    """At most `worker_count` processes, started when first needed, ended with the pool.

    Any number of tasks may call `read` at once. The processes end with this one however it ends.
    """

    def __init__(self, folder: Path, settings: DocumentSettings, *, worker_count: int) -> None:
        self._folder = folder.resolve()
        self._settings = settings
        self._places = asyncio.Semaphore(worker_count)
        self._idle: list[_Worker] = []

    async def aclose(self) -> None:
        """End the processes."""
        while self._idle:
            await self._idle.pop().end()

    async def read(self, source: SourceFile) -> Document | Rejection:
        """The document of a listed file, or why there is none.

        A file that ends a worker which had read other files before is tried once more in a new
        worker, since an earlier file may be the cause.

        Raises:
            ReaderStartError: this installation cannot start a worker.
        """
        async with self._places:
            used = bool(self._idle)
            worker = self._idle.pop() if used else await self._start()
            answer = await self._read_in(worker, source)
            if used and _is_spoilt(answer):
                answer = await self._read_in(await self._start(), source)
            return answer

    async def _read_in(self, worker: "_Worker", source: SourceFile) -> Document | Rejection:
        answer: Document | Rejection | None = None
        try:
            async with asyncio.timeout(self._settings.max_seconds_per_file):
                answer = _ANSWER.validate_json(await worker.ask(source))
        except TimeoutError:
            allowed = self._settings.max_seconds_per_file
            why = f"took longer than {allowed:g} s; raise documents.max_seconds_per_file"
            return reject(source, "timeout", why)
        except (asyncio.IncompleteReadError, ConnectionError):
            return reject(source, CRASHED, await worker.describe_end())
        finally:
            if answer is None or _is_spoilt(answer):
                await worker.end()
            else:
                self._idle.append(worker)
        return answer

    async def _start(self) -> "_Worker":
        ours, theirs = socket.socketpair()
        with theirs:
            process = await self._start_process(theirs.fileno())
        reader, writer = await asyncio.open_connection(sock=ours)
        worker = _Worker(process, reader, writer)
        is_ready = False
        try:
            await worker.receive()
            is_ready = True
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise ReaderStartError(
                "the process that reads documents ended as it started; its message is above; "
                "install corpus-distill anew if modules are missing"
            ) from error
        finally:
            if not is_ready:
                await worker.end()
        return worker

    async def _start_process(self, descriptor: int) -> Process:
        try:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "jobs.documents.reader_worker"),
                *(str(descriptor), self._folder, self._settings.model_dump_json()),
                stdin=DEVNULL,
                stdout=DEVNULL,
                cwd=_SOURCE_ROOT,
                env={name: os.environ[name] for name in _INHERITED if name in os.environ},
                pass_fds=(descriptor,),
                start_new_session=True,
            )
        except OSError as error:
            raise ReaderStartError(
                f"no process that reads documents can be started: {error.strerror}; give this "
                "machine or user room for more, then run the same command again"
            ) from error


def _is_spoilt(answer: Document | Rejection) -> bool:
    return isinstance(answer, Rejection) and answer.reason in SPOILING_REASONS


class _Worker(NamedTuple):
    process: Process
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, source: SourceFile) -> bytes:
        body = source.model_dump_json().encode()
        self.writer.write(len(body).to_bytes(LENGTH_BYTES) + body)
        await self.writer.drain()
        return await self.receive()

    async def receive(self) -> bytes:
        length = int.from_bytes(await self.reader.readexactly(LENGTH_BYTES))
        return await self.reader.readexactly(length)

    async def describe_end(self) -> str:
        """How a process ended that has closed its connection.

        It is not killed at once: killing a process that is just exiting can lose its exit code.
        """
        try:
            async with asyncio.timeout(END_S):
                code = await self.process.wait()
        except TimeoutError:
            self.process.kill()
            code = await self.process.wait()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return f"its reader ended with {how}; the file may be damaged"

    async def end(self) -> None:
        """Kill the process and close its connection; cancellation does not interrupt this."""
        if self.process.returncode is None:
            self.process.kill()
        self.writer.close()
        await self.process.wait()
