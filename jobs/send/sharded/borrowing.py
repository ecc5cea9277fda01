"""What workers send by whose files are stored: it is lent while what they wrote is sealed."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from engine.clock import Clock, SystemClock
from engine.errors import RunInUseError, TransientError
from engine.lease.claims import Claim, Demand
from engine.lease.client import RESERVE_S
from engine.lease.leased_share import Meter
from jobs.run.stored import SealingLender
from jobs.send.sharded.messages import Lend, Wanted

ASK_EVERY_S = 0.5  # how much more workers want
SEAL_EVERY_S = 1.5  # workers are heard of twice a second, so it is 2 s at most
ROUNDING_USD = 1e-9


class Demanding(Protocol):
    """The lender of a call, which lends nothing but what it has borrowed."""

    async def demand(self) -> Demand:
        """What there is to borrow for; raises TransientError while it is away."""
        ...


async def tell_wanted(lender: Demanding, report: Callable[[Wanted], None]) -> None:
    """Say again and again what workers want of what they are lent; until it is cancelled."""
    clock = SystemClock()
    while True:
        await clock.sleep(ASK_EVERY_S)
        with suppress(TransientError):
            demand = await lender.demand()
            report(Wanted(used_usd=demand.used_usd, wanted_usd=demand.wanted_usd))


class Borrowing:
    """Lends to the workers of one call what the store lends to their command, for as long.

    What they had written when that began is part of its files and sealed. So what they send by ends
    a lease's time after the moment up to which all is stored.
    """

    def __init__(
        self,
        lender: SealingLender,
        holder: str,
        *,
        take_in: Callable[[], Awaitable[bool]],
        lend: Callable[[Lend], None],
        clock: Clock | None = None,
    ) -> None:
        """`take_in` makes all that workers have written part of the files; False: not all of it."""
        self._lender = lender
        self._holder = holder
        self._take_in = take_in
        self._lend = lend
        self._clock = clock or SystemClock()
        self._began_s = float("-inf")
        self._number = 0
        self._lent_usd = self._answered_usd = 0.0
        self._meter = Meter(self._clock)

    async def hear(self, wanted: Wanted) -> None:
        """Lend anew, if it is time or workers want more than they were told of."""
        began_s, in_all_usd = self._clock.monotonic_s(), wanted.used_usd + wanted.wanted_usd
        is_short = wanted.wanted_usd > ROUNDING_USD and in_all_usd > self._answered_usd
        if not is_short and began_s - self._began_s < SEAL_EVERY_S:
            return
        self._began_s = began_s
        if not await self._take_in():
            return
        with suppress(TransientError, RunInUseError):  # nothing is lent; the second ends the run
            await self._renew(wanted, began_s)
            self._answered_usd = max(self._lent_usd, in_all_usd)

    async def close(self) -> None:
        """Give back what was lent: all workers have ended, and what was spent is written."""
        await self._lender.close(self._holder, 0.0)

    async def _renew(self, wanted: Wanted, began_s: float) -> None:
        """Lend what workers want and what they will soon spend, and never less than before."""
        self._number += 1
        soon_usd = (self._meter.read(wanted.used_usd) or 0.0) * RESERVE_S
        claim = Claim(
            self._holder,
            self._number,
            {},
            used_usd=wanted.used_usd,
            wanted_usd=max(wanted.wanted_usd + soon_usd, self._lent_usd - wanted.used_usd),
        )
        lease = await self._lender.renew(claim)
        self._lent_usd = lease.granted_usd
        self._lend(Lend(until_s=began_s + lease.ttl_s, usd=lease.granted_usd))
