"""How many requests are in flight: additive increase, multiplicative decrease (AIMD)."""

import asyncio
from collections import deque
from collections.abc import Callable

from engine.clock import Clock
from engine.stopping import Admission

OVERLOAD_MEMORY = 1 / 32  # weight of the latest reply in the share of overloads
OVERLOAD_SHARE = 0.3  # of recent replies: fewer are accidents, more mean that we are too many
GROWTH_SHARE = 0.15  # above it, it does not grow


class Slots:
    """At most `limit` callers at once, first come first served; the limit moves by itself.

    It grows while it is what callers wait for: by one a reply until the first overload, then by
    one a round. It halves when many recent replies say overload, once for all requests that were
    in flight at that moment.
    """

    def __init__(self, start: int, *, ceiling: int, clock: Clock) -> None:
        self._clock = clock
        self._limit = float(min(start, ceiling))
        self._ceiling = ceiling
        self.limit = min(start, ceiling)  # how many may be in flight now
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._has_met_overload = False
        self._overload_share = 0.0
        self._last_cut_s = float("-inf")
        self.in_use = 0

    @property
    def load(self) -> int:
        """How many are in flight or wait to be."""
        return self.in_use + len(self._waiting)

    def acquire_at_once(self) -> bool:
        """Take a slot if one is free and no request waits; whether it was."""
        if self._waiting or self.in_use >= self.limit:
            return False
        self.in_use += 1
        return True

    async def acquire(self) -> None:
        """Take a slot; a cancelled wait takes none."""
        if self.acquire_at_once():
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn  # `_admit` has counted us in
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()
            raise

    def release(self) -> None:
        """Give a slot back."""
        self.in_use -= 1
        if self._waiting:
            self._admit()

    def note_answer(self, *, is_bottleneck: bool) -> None:
        """Note a good reply; `is_bottleneck`: only the slots may have held requests back."""
        self._overload_share *= 1.0 - OVERLOAD_MEMORY
        if is_bottleneck and self._waiting and self._overload_share < GROWTH_SHARE:
            step = 1.0 / self._limit if self._has_met_overload else 1.0
            self._raise_to(self._limit + step)

    def open_up(self) -> None:
        """Go to the ceiling at once: from now on known limits hold requests back."""
        if not self._has_met_overload:
            self._raise_to(self._ceiling)

    def note_overload(self, sent_s: float) -> None:
        """Note an overload met by a request that was sent at `sent_s`."""
        self._overload_share += OVERLOAD_MEMORY * (1.0 - self._overload_share)
        if self._overload_share > OVERLOAD_SHARE and sent_s >= self._last_cut_s:
            self._has_met_overload = True
            self._overload_share = 0.0
            self._last_cut_s = self._clock.monotonic_s()
            self._limit = max(1.0, min(self._limit, self.in_use) / 2)
            self.limit = int(self._limit)

    def wake_all(self) -> None:
        """Let every waiting caller in, limit or not: each will find that nothing may be sent."""
        self._admit(len(self._waiting))

    def _raise_to(self, limit: float) -> None:
        self._limit = min(limit, float(self._ceiling))
        self.limit = int(self._limit)
        self._admit()

    def _admit(self, extra: int = 0) -> None:
        while self._waiting and (self.in_use < self.limit or extra > 0):
            turn = self._waiting.popleft()
            extra -= 1
            if not turn.done():
                self.in_use += 1
                turn.set_result(None)


class Gate:
    """Lets as many through at a time as `room` has; several lanes may share one room."""

    def __init__(self, room: Slots, admission: Admission) -> None:
        self._room = room
        self._admission = admission

    def enter_at_once(self) -> bool:
        """Go through if there is room now; whether there was."""
        return not self._admission.is_closed and self._room.acquire_at_once()

    async def enter(self, give_up: Callable[[], None]) -> None:
        """Wait until there is room; `leave` makes room again.

        `give_up` is called if it comes to nothing: cancelled, or nothing may be sent any more.

        Raises:
            EngineError: the reason for which nothing may be sent any more.
        """
        try:
            await self._room.acquire()
        except asyncio.CancelledError:
            give_up()
            raise
        if self._admission.is_closed:  # meanwhile
            self.leave()
            give_up()
            self._admission.check()

    def leave(self) -> None:
        """Make room for the next."""
        self._room.release()
