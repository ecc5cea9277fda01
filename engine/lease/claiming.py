"""Claims in time for a holder, while its work is under way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from engine.errors import EngineError
from engine.lease.client import LeaseClient


@asynccontextmanager
async def claiming(lease_client: LeaseClient) -> AsyncIterator[None]:
    """While the block runs, what is lent is claimed again in time. Raises what the block does."""
    ended_by: EngineError | None = None
    async with asyncio.TaskGroup() as group:
        keeping = group.create_task(lease_client.keep())
        try:
            yield
        except EngineError as error:
            ended_by = error  # as a task group would raise it, nobody would know it
        finally:
            keeping.cancel()
    if ended_by is not None:
        raise ended_by
