"""What is done again and again beside a block: claiming in time, sealing in time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from engine.clock import Clock
from engine.errors import EngineError, TransientError
from engine.stopping import Stopping

BACK_UP_EVERY_S = 2.0

BackUp = Callable[[], Awaitable[None]]


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run `work` while the block runs, and cancel it at its end. Raises what the block does."""
    ended_by: EngineError | None = None
    async with asyncio.TaskGroup() as group:
        running = group.create_task(work)
        try:
            yield
        except EngineError as error:
            ended_by = error  # a task group would wrap it in an ExceptionGroup
        finally:
            running.cancel()
    if ended_by is not None:
        raise ended_by


@asynccontextmanager
async def backed_up_meanwhile(
    back_up: BackUp | None, stopping: Stopping, clock: Clock
) -> AsyncIterator[None]:
    """Back up every few seconds while the block runs; what makes that impossible stops it.

    Where it only cannot be done yet, whoever backs up says so, and the block goes on. None: nothing
    is to be done.
    """
    if back_up is None:
        yield
        return
    async with beside(_keep_backed_up(back_up, stopping, clock)):
        yield


async def _keep_backed_up(back_up: BackUp, stopping: Stopping, clock: Clock) -> None:
    while True:
        await clock.sleep(BACK_UP_EVERY_S)
        try:
            await back_up()
        except TransientError:
            continue
        except EngineError as error:
            stopping.request(error)
            return
