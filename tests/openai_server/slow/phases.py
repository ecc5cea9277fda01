"""The lives of batches and jobs: one task each, whose phases take compressed time."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

_STEP_S = 0.01  # how soon a cancellation or a changed rule is seen


async def wait_phase(
    seconds: Callable[[], float], is_over: Callable[[], bool], started_s: float | None = None
) -> None:
    """Until `seconds` have passed since `started_s` (None: now), or `is_over` says so.

    Both are asked every few milliseconds.
    """
    started_s = time.monotonic() if started_s is None else started_s
    while not is_over():
        left_s = started_s + seconds() - time.monotonic()
        if left_s <= 0:
            return
        await asyncio.sleep(min(left_s, _STEP_S))


class Lives:
    """The tasks of one kind. One that breaks is logged at once, and raised at the end."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def __len__(self) -> int:
        return len(self._tasks)

    def begin(self, life: Coroutine[Any, Any, None]) -> None:
        """Let it run until it is over."""
        task = asyncio.create_task(life)
        task.add_done_callback(_log_break)
        self._tasks.append(task)

    async def close(self) -> None:
        """Cancel all and wait. Raises what the first of them broke with."""
        for task in self._tasks:
            task.cancel()
        for result in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result


def _log_break(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logging.getLogger(__name__).error("a batch or job of the stand-in broke", exc_info=error)
