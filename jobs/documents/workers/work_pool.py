"""Calls a function of ours in as many processes as there are cores."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from engine.errors import EngineError
from engine.files.closing import AsyncClosing
from engine.workers import run_workers
from jobs.documents.workers.work_process import Work, name_of
from jobs.documents.workers.worker_process import Worker, WorkerStartError, core_count, start_worker

MIN_S_PER_WORKER = 1.0  # of less work, it is done before a process has started
CALLS_PER_WORKER = 8  # begun at once, so that no process waits while one works on a large piece


def worker_count_for(size_bytes: int, *, bytes_per_s: float) -> int:
    """How many processes are worth starting; 0 where this one is enough.

    `bytes_per_s`: how much of the text one process does in a second, roughly.
    """
    count = min(core_count(), int(size_bytes / bytes_per_s / MIN_S_PER_WORKER))
    return count if count > 1 else 0


class WorkPool(AsyncClosing):
    """At most `worker_count` processes, started when first needed, ended with the pool.

    Any number of tasks may call at once. The processes end with this one however it ends. What a
    function comes to does not depend on their number; with 0 this process does the work.
    """

    def __init__(self, work: Work, *, worker_count: int) -> None:
        self._work = work
        self._worker_count = worker_count
        self._places = asyncio.Semaphore(max(1, worker_count))
        self._idle: list[Worker] = []

    @property
    def window(self) -> int:
        """How many calls may be begun at once to keep every process busy."""
        return max(1, self._worker_count * CALLS_PER_WORKER)

    async def aclose(self) -> None:
        """End the processes."""
        while self._idle:
            await self._idle.pop().end()

    async def call(self, body: bytes) -> bytes:
        """What the function makes of `body`, which is not empty. Raises what it raises."""
        async with self._places:
            answer = await self._call_worker(body) if self._worker_count else None
            return await asyncio.to_thread(self._work, body) if answer is None else answer

    async def _call_worker(self, body: bytes) -> bytes | None:
        """None if its process ended, or none could be started: then this one has to do it."""
        try:
            worker = self._idle.pop() if self._idle else await self._start()
        except WorkerStartError:
            self._worker_count = 0
            return None
        answer = None
        try:
            answer = await worker.ask(body)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        finally:
            if answer is None:
                await worker.end()
            else:
                self._idle.append(worker)
        return answer

    async def _start(self) -> Worker:
        return await start_worker("jobs.documents.workers.work_process", name_of(self._work))


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
    pool: Caller, bodies: Iterable[bytes], take: Callable[[bytes], None]
) -> None:
    """Call the pool's function for all `bodies`, drawn lazily; `take` gets the answers in order.

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
                answer = await pool.call(body)
                await before.wait()
                if errors:
                    return
                take(answer)
            finally:
                mine.set()

    await run_workers(work_off, pool.window, on_error=errors.append)
    if errors:
        raise errors[0]
