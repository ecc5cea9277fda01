"""Workers that share one source: when one fails, what the others have begun lands first."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from engine.errors import EngineError, StorageError, UnexpectedError

_log = logging.getLogger(__name__)

Worker = asyncio.Task[None]


async def run_workers(
    work: Callable[[], Awaitable[None]], count: int, *, on_error: Callable[[EngineError], None]
) -> None:
    """Run `work` up to `count` times at once, until all have ended.

    `work` ends when nothing is left to begin: after one that has ended no more are started.
    `on_error` is called with the error that a worker ends with, at once; it must see to it that
    the others begin nothing new. An unforeseen exception is turned into UnexpectedError:
    the others are not cancelled, because what they wait for is paid for.

    Raises:
        CancelledError: this call was cancelled, and all workers with it.
    """

    async def watched() -> None:
        try:
            await work()
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            on_error(as_engine_error(error))
            raise

    # Not a TaskGroup: it cancels the others as soon as one fails.
    ends = await asyncio.gather(*await _start(watched, count), return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException) and not isinstance(end, Exception):
            raise end


async def _start(work: Callable[[], Coroutine[Any, Any, None]], count: int) -> list[Worker]:
    """Twice as many each time, up to `count`: there may be less to do than could be at once."""
    workers: list[Worker] = []
    try:
        while len(workers) < count and not any(worker.done() for worker in workers):
            more = min(len(workers) or 1, count - len(workers))
            workers += [asyncio.create_task(work()) for _ in range(more)]
            await asyncio.sleep(0)  # they begin
    except asyncio.CancelledError:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        raise
    return workers


def as_engine_error(error: BaseException) -> EngineError:
    """An error as one of the engine's, with one message that says where it comes from.

    Of a group it is the first.
    """
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, EngineError):
        return error
    if isinstance(error, OSError):  # such as a library's temporary file on a full disk
        ours: EngineError = StorageError(
            f"the system refused something: {error}; mend it, then run again"
        )
    else:
        ours = UnexpectedError(
            f"an unforeseen error, {type(error).__name__} ({error}), at {_place(error)}; "
            "what was paid for is kept, the same command again goes on. Please report it"
        )
        _log.debug("unforeseen", exc_info=error)
    ours.__cause__ = error
    return ours


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "an unknown place"
    last = frames[-1]
    return f"{Path(last.filename).name}:{last.lineno} ({last.name})"
