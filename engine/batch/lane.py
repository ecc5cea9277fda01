"""The batch lane: requests wait on disk for the next batch, or go live."""

from collections.abc import Callable

from engine.ask import Lane
from engine.batch.desk import BatchDesk
from engine.errors import Deferred
from schemas.outcomes import Outcome
from schemas.requests import Request


class BatchLane:
    """Spools requests for the next batch, or sends them live where `goes_live` says so.

    A request that is in a batch is never sent a second time, whichever way was chosen since.
    """

    def __init__(self, desk: BatchDesk, live: Lane) -> None:
        self._desk = desk
        self._live = live
        self.goes_live: Callable[[str], bool] = lambda _: False

    async def send(self, request: Request) -> Outcome:
        """Return the outcome of a request that goes live.

        Raises:
            Deferred: it is out, or waits for a batch.
            What the live lane raises.
        """
        if self._desk.is_out(request.request_id):
            raise Deferred
        if self.goes_live(request.request_id):
            return await self._live.send(request)
        await self._desk.spool(request)
        raise Deferred

    async def aclose(self) -> None:
        """Close the live lane."""
        await self._live.aclose()
