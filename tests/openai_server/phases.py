"""Waits for a phase of a batch or job to be over, in compressed time."""

import asyncio
import time
from collections.abc import Callable, Sequence

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


async def end_tasks(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Cancel them and wait. Raises what one of them broke with."""
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result
