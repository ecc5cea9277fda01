"""Calls functions of ours in as many processes as there are cores."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, Protocol

from engine.closing import AsyncClosing
from engine.errors import EngineError
from engine.workers import run_workers
from jobs.processes.work_process import Work, name_of
from jobs.processes.worker_process import WorkerProcess, WorkerStartError, start_worker

MIN_BYTES = 2_000_000  # of text: less is worked on before processes have started
CALLS_PER_WORKER = 4  # begun at once, so that no process waits while one works on a large piece


class WorkPool(AsyncClosing):
    """At most `worker_count` processes, started when first needed, ended with the pool.

    Any number of tasks may call at once. The processes end with this one however it ends. What a
    function comes to does not depend on their number; with fewer than 2 this process does the work.
    """

    def __init__(self, *, worker_count: int = 0) -> None:
        self._worker_count = worker_count if worker_count > 1 else 0
        self._places = asyncio.Semaphore(max(1, self._worker_count))
        self._idle: list[WorkerProcess] = []

    async def aclose(self) -> None:
        """End the processes."""
        await self.rest()

    async def rest(self) -> None:
        """End the processes that wait for work; the next work starts others."""
        while self._idle:
            await self._idle.pop().end()

    def calls_of(self, work: Work, *, on: Path) -> "WorkCalls":
        """Calls of `work` on a file, in processes if they run already or are worth starting."""
        size_bytes = on.stat().st_size if on.exists() else 0
        is_worth_it = bool(self._idle) or size_bytes >= MIN_BYTES
        return WorkCalls(self, work, self._worker_count if is_worth_it else 0)

    async def call_here(self, work: Work, body: bytes) -> bytes:
        """What a function makes of `body` in this process, one call at a time."""
        async with self._places:
            return await asyncio.to_thread(work, body)

    async def call(self, work: Work, body: bytes) -> bytes:
        """What a function makes of `body`. Raises what it raises."""
        async with self._places:
            answer = await self._call_worker(work, body) if self._worker_count else None
            return await asyncio.to_thread(work, body) if answer is None else answer

    async def _call_worker(self, work: Work, body: bytes) -> bytes | None:
        """None if its process ended, or none could be started: then this one has to do it."""
        try:
            worker = self._idle.pop() if self._idle else await self._start()
        except WorkerStartError:
            self._worker_count = 0
            return None
        answer = None
        try:
            answer = await worker.ask(name_of(work).encode() + b"\n" + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        finally:
            if answer is None:
                await worker.end()
            else:
                self._idle.append(worker)
        return answer

    async def _start(self) -> WorkerProcess:
        return await start_worker("jobs.processes.work_process")


class WorkCalls(NamedTuple):
    """The calls of one function. `worker_count` 0: in this process."""

    pool: WorkPool
    work: Work
    worker_count: int

    @property
    def window(self) -> int:
        """How many calls may be begun at once to keep every process busy."""
        return max(1, self.worker_count * CALLS_PER_WORKER)

    async def call(self, body: bytes) -> bytes:
        """What the function makes of `body`. Raises what it raises."""
        if self.worker_count:
            return await self.pool.call(self.work, body)
        return await self.pool.call_here(self.work, body)


class Caller(Protocol):
    """What `map_in_order` calls."""

    @property
    def window(self) -> int:
        """How many calls may be begun at once."""
        ...

    async def call(self, body: bytes) -> bytes:
        """What comes of `body`."""
        ...


async def map_in_order(
    calls: Caller, bodies: Iterable[bytes], take: Callable[[bytes], None]
) -> None:
    """Call a function for all `bodies`, drawn lazily; `take` gets the answers in order.

    Raises:
        EngineError: what a body, a call or `take` raised first.
    """
    waiting, errors = iter(bodies), list[EngineError]()
    last = asyncio.Event()  # set once the answer before has been taken
    last.set()

    async def work_off() -> None:
        nonlocal last
        for body in waiting:
            before, last = last, asyncio.Event()
            mine = last
            try:
                answer = await calls.call(body)
                await before.wait()
                if errors:
                    return
                take(answer)
            finally:
                mine.set()

    await run_workers(work_off, calls.window, on_error=errors.append)
    if errors:
        raise errors[0]
