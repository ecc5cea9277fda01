"""Starts processes that work for this one, and talks with them over a socket."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from engine.errors import FatalError
from jobs.processes.serve_parent import LENGTH_BYTES

END_S = 2.0  # for a process that has hung up to end by itself
_SOURCE_ROOT = Path(__file__).parents[2]
_INHERITED = ("LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH")  # and nothing secret


class WorkerStartError(FatalError):
    """No worker process could be started; what it said is on standard error."""


def core_count() -> int:
    """How many processes of this one can run at once."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class WorkerProcess(NamedTuple):
    """A process that answers one frame after the other."""

    process: Process
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, body: bytes) -> bytes:
        """The answer to a frame.

        Raises:
            IncompleteReadError, ConnectionError: the process has ended.
        """
        self.writer.write(len(body).to_bytes(LENGTH_BYTES) + body)
        await self.writer.drain()
        return await self.receive()

    async def receive(self) -> bytes:
        """The next frame. Raises what `ask` raises."""
        length = int.from_bytes(await self.reader.readexactly(LENGTH_BYTES))
        return await self.reader.readexactly(length)

    async def describe_end(self) -> str:
        """How a process ended that has hung up.

        It is not killed at once: to kill what is just dying can lose its exit code.
        """
        try:
            async with asyncio.timeout(END_S):
                code = await self.process.wait()
        except TimeoutError:
            self.process.kill()
            code = await self.process.wait()
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    async def end(self) -> None:
        """Kill the process, give back its connection; cancellation does not stop this half-way."""
        if self.process.returncode is None:
            self.process.kill()
        self.writer.close()
        await self.process.wait()


async def start_worker(
    module: str, *arguments: str | Path, inherited: Sequence[str] = ()
) -> WorkerProcess:
    """A process of `python -m module FD arguments...` that has said that it is ready.

    `inherited` are the variables that it gets besides what an interpreter needs.

    Raises:
        WorkerStartError: this installation or machine cannot start it.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        process = await _start_process(module, theirs.fileno(), arguments, inherited)
    reader, writer = await asyncio.open_connection(sock=ours)
    worker = WorkerProcess(process, reader, writer)
    is_ready = False
    try:
        await worker.receive()
        is_ready = True
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise WorkerStartError(
            "a process that works for this one ended as it started; its message is above; "
            "install corpus-distill anew if modules are missing"
        ) from error
    finally:
        if not is_ready:
            await worker.end()
    return worker


async def _start_process(
    module: str, descriptor: int, arguments: tuple[str | Path, ...], inherited: Sequence[str]
) -> Process:
    names = (*_INHERITED, *inherited)
    try:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, str(descriptor), *arguments),
            stdin=DEVNULL,
            stdout=DEVNULL,
            cwd=_SOURCE_ROOT,
            env={name: os.environ[name] for name in names if name in os.environ},
            pass_fds=(descriptor,),
            start_new_session=True,
        )
    except OSError as error:
        raise WorkerStartError(
            f"no process that works for this one can be started: {error.strerror}; give this "
            "machine or user room for more, then run the same command again"
        ) from error
