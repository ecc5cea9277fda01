"""What is done again and again beside a block: claiming in time, sealing in time."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from engine.errors import EngineError


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run `work` while the block runs, and cancel it at its end. Raises what the block does."""
    ended_by: EngineError | None = None
    async with asyncio.TaskGroup() as group:
        running = group.create_task(work)
        try:
            yield
        except EngineError as error:
            ended_by = error  # as a task group would raise it, nobody would know it
        finally:
            running.cancel()
    if ended_by is not None:
        raise ended_by
