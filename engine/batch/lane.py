"""The batch lane: requests wait on disk for the next batch, or go another way."""

from collections.abc import Callable

from engine.ask import Lane
from engine.batch.desk import BatchDesk
from engine.errors import Deferred, LeftToOthersError
from schemas.outcomes import Outcome
from schemas.requests import Request


class BatchLane:
    """Spools requests for the next batch, or sends them live where `goes_live` says so.

    With `flex` they try that way first, as long as `tries_flex` says so. A request that is in a
    batch is never sent a second time, whichever way was chosen since. `is_flex_scarce` says why
    flex left the last one that it left.
    """

    def __init__(self, desk: BatchDesk, live: Lane, flex: Lane | None = None) -> None:
        self._desk = desk
        self._live = live
        self._flex = flex
        self.goes_live: Callable[[str], bool] = lambda _: False
        self.tries_flex: Callable[[], bool] = lambda: False
        self.is_flex_scarce = False

    @property
    def has_flex(self) -> bool:
        """Whether there is a flex lane to try."""
        return self._flex is not None

    async def send(self, request: Request) -> Outcome:
        """Return the outcome of a request that goes by flex or live.

        Raises:
            Deferred: it is out, or waits for a batch.
            What the flex lane and the live lane raise.
        """
        if await self._desk.holds(request):
            raise Deferred
        if self._flex is not None and self.tries_flex():
            try:
                return await self._flex.send(request)
            except LeftToOthersError as left:  # nothing was paid for it: other ways are open
                self.is_flex_scarce = left.is_scarce
        if self.goes_live(request.request_id):
            return await self._live.send(request)
        await self._desk.spool(request)
        raise Deferred

    async def aclose(self) -> None:
        """Close the live lane."""
        await self._live.aclose()
