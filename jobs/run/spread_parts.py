"""Opens what has items worked on by other processes, beside an open engine."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import NamedTuple

from engine.assemble import EngineParts
from engine.stopping import Stopping
from jobs.run.elsewhere import Spread
from jobs.run.run_engine import RunEngine
from jobs.run.servers import OtherServers
from jobs.run.stored import SealingLender


class SpreadParts(NamedTuple):
    """What other processes need of an open engine, which gets what they buy.

    `others` are servers beside those of the order. They send by what `lender` lends; None: the run
    is in its folder alone.
    """

    engine: EngineParts
    others: OtherServers
    stopping: Stopping
    lender: SealingLender | None


OpenSpread = Callable[[SpreadParts], AbstractAsyncContextManager[Spread]]


@asynccontextmanager
async def spread_opened(
    opening: OpenSpread | None, engine: RunEngine, others: OtherServers, stopping: Stopping
) -> AsyncIterator[Spread | None]:
    """Where items go that a model is asked about, while the block runs; None: nowhere."""
    if opening is None:
        yield None
        return
    async with opening(SpreadParts(engine.parts, others, stopping, engine.lender)) as spread:
        yield spread
