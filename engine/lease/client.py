"""The client of a lender: claims in time, and uses nothing that has run out."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from engine.clock import Clock
from engine.errors import (
    EngineError,
    OutageError,
    QuotaError,
    RunInUseError,
    TransientError,
)
from engine.lease.claims import Claim, Lease, Lender
from engine.lease.leased_share import HolderState, LeasedShare, Meter

RESERVE_S = 5.0  # for so long there is room for what is spent, at the present rate
RETRY_S = 0.25  # where the lender is away, or others hold what is wanted
LOOK_EVERY_S = 0.02  # whether another goes on: to look before each send costs 2% of a request
ROUNDING_USD = 1e-9
NOTHING_LENT = "nothing_lent"


class Spending(Protocol):
    """What a budget has spent, and what room it has."""

    spent_usd: float

    @property
    def room_usd(self) -> float | None:
        """What may still be spent, None without a cap."""
        ...


class LeaseClient:
    """The shares and the cap of one holder, as Shares and SpendingCap of the engine have them.

    `budget_usd` is the cap of all holders together. `is_superseded` says whether another goes on
    in this one's place: then nothing goes out any more. While the lender is away what is lent
    lasts to its end; OutageError once that is `max_outage_s` ago.
    """

    def __init__(
        self,
        holder: str,
        lender: Lender,
        *,
        budget_usd: float | None,
        is_superseded: Callable[[], bool],
        max_outage_s: float,
        clock: Clock,
    ) -> None:
        self._holder = holder
        self._lender = lender
        self._budget_usd = budget_usd
        self._is_superseded = is_superseded
        self._max_outage_s = max_outage_s
        self._clock = clock
        self._shares: dict[str, LeasedShare] = {}
        self._spending: Spending | None = None
        self._spent_meter = Meter(clock)
        self._number = 0
        self._turn = asyncio.Lock()
        self._is_wanted, self._changed = asyncio.Event(), asyncio.Event()
        self._away_since_s: float | None = None
        self._denied_until_s = self._alone_until_s = self._look_at_s = float("-inf")
        self._ended_by: EngineError | None = None
        self.cap_usd = None if budget_usd is None else 0.0
        self.most_usd = budget_usd

    def of(self, name: str) -> LeasedShare:
        """The share of these limits; it is claimed at once."""
        share = self._shares.get(name)
        if share is None:
            standing = HolderState(self._may_send, self._wait_for_change)
            share = self._shares[name] = LeasedShare(self._clock, standing)
            self._is_wanted.set()
        return share

    def follow(self, spending: Spending) -> None:
        """Claim what this budget needs; before anything is claimed."""
        self._spending = spending
        self._spent_meter = Meter(self._clock, spending.spent_usd)

    def end(self, reason: EngineError) -> None:
        """Wait for nothing any more: all that wait get the reason."""
        self._ended_by = self._ended_by or reason
        self._tell()

    async def keep(self) -> None:
        """Claim again and again; to be cancelled when nothing is to be sent any more."""
        while self._ended_by is None:
            again_s = RETRY_S
            self._is_wanted.clear()
            async with self._turn:
                try:
                    again_s = (await self._claim(wanted_usd=self._reserve_usd())).again_s
                except TransientError as error:
                    self._note_absence(error)
                except EngineError as error:
                    self.end(error)
            waiting = asyncio.ensure_future(self._is_wanted.wait())
            pause = asyncio.ensure_future(self._clock.sleep(again_s))
            try:
                await asyncio.wait((waiting, pause), return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
                pause.cancel()

    async def close(self) -> None:
        """Give everything back.

        Raises:
            TransientError: the lender is away.
        """
        spent_usd = 0.0 if self._spending is None else self._spending.spent_usd
        await self._lender.close(self._holder, spent_usd)

    async def grow(self, usd: float, least_usd: float) -> bool:
        """Try to make room for `usd` more, or for `least_usd` in all."""
        before_usd = self.cap_usd or 0.0
        async with self._turn:
            self._raise_end()
            if self._has_grown(before_usd):
                return True
            if self._clock.monotonic_s() < self._denied_until_s:
                return False
            room_usd = self._room_usd()
            least_usd = least_usd if room_usd < least_usd else 0.0
            wanted_usd = room_usd + usd + self._reserve_usd() + ROUNDING_USD
            try:
                await self._claim(least_usd=least_usd, wanted_usd=wanted_usd)
            except TransientError as error:
                self._note_absence(error)
            if self._has_grown(before_usd):
                return True
            self._denied_until_s = self._clock.monotonic_s() + RETRY_S
            return False

    async def recover(self, usd: float) -> bool:
        """The same, where only other holders can make room.

        Raises:
            QuotaError: none of them holds anything that it could give back.
            OutageError: the lender is away for longer than allowed.
            EngineError: what ends this holder.
        """
        before_usd = self.cap_usd or 0.0
        async with self._turn:
            self._raise_end()
            if self._has_grown(before_usd) or self._is_under_way:
                return True
            if self._clock.monotonic_s() >= self._alone_until_s:  # one asks for all that wait
                self._alone_until_s = self._clock.monotonic_s() + RETRY_S
                if await self._give_back_and_claim(usd):
                    return True
        await self._clock.sleep(RETRY_S)
        return True

    async def _give_back_and_claim(self, usd: float) -> bool:
        try:
            lease = await self._claim(least_usd=usd, wanted_usd=usd + ROUNDING_USD)
        except TransientError as error:
            self._note_absence(error)
            return False
        if self._room_usd() >= usd:  # as a budget looks at it: nearly so would be asked for ever
            return True
        if lease.held_usd <= ROUNDING_USD:
            self.end(self._exhausted(lease.spent_usd, usd))
        self._raise_end()
        return False

    async def _claim(self, *, least_usd: float = 0.0, wanted_usd: float) -> Lease:
        """Claim, and take what is lent. What may be lent to others is not used meanwhile."""
        self._number += 1
        used_usd, asked_s = self._used_usd(), self._clock.monotonic_s()
        if self.cap_usd is not None:
            self.cap_usd = min(self.cap_usd, used_usd + (0.0 if least_usd else wanted_usd))
        claim = Claim(
            self._holder,
            self._number,
            {name: share.wanted for name, share in self._shares.items()},
            spent_usd=self._spent_usd(),
            used_usd=used_usd,
            least_usd=least_usd,
            wanted_usd=wanted_usd,
        )
        lease = await self._lender.renew(claim)
        if lease.ttl_s <= 0.0 and not lease.is_over:
            raise TransientError("it has nothing to lend", code=NOTHING_LENT)
        self._away_since_s = None
        if lease.is_over:
            self.end(self._superseded())
            self._raise_end()
        for name in claim.wants:
            self._shares[name].lend(lease.parts.get(name), asked_s + lease.ttl_s)
        if self.cap_usd is not None:
            self.cap_usd = lease.granted_usd
        self._tell()
        return lease

    def _may_send(self) -> bool:
        now_s = self._clock.monotonic_s()
        if self._ended_by is None and now_s >= self._look_at_s:
            self._look_at_s = now_s + LOOK_EVERY_S
            if self._is_superseded():
                self.end(self._superseded())
        return self._ended_by is None

    async def _wait_for_change(self) -> None:
        self._raise_end()
        await self._changed.wait()
        self._raise_end()

    def _tell(self) -> None:
        """Let all that wait for a change look again."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _raise_end(self) -> None:
        if self._ended_by is not None:
            raise self._ended_by.with_traceback(None)

    def _note_absence(self, error: TransientError) -> None:
        now_s = self._clock.monotonic_s()
        if self._away_since_s is None:
            self._away_since_s = now_s
        if now_s - self._away_since_s > self._max_outage_s:
            what = f"nothing is lent for more than {self._max_outage_s:,.0f} s ({error})"
            self.end(OutageError(f"{what}; the same command again goes on"))

    def _superseded(self) -> RunInUseError:
        return RunInUseError(f"{self._holder}: another goes on with it")

    def _exhausted(self, spent_usd: float, usd: float) -> QuotaError:
        return QuotaError(
            f"the budget of ${self._budget_usd or 0:.4f} has no room for the next request: "
            f"${spent_usd:.4f} is spent, and it may cost ${usd:.4f}; raise it (--budget-usd, "
            "budget.usd) to go on"
        )

    def _has_grown(self, before_usd: float) -> bool:
        return (self.cap_usd or 0.0) > before_usd + ROUNDING_USD

    @property
    def _is_under_way(self) -> bool:
        return self._used_usd() > self._spent_usd() + ROUNDING_USD

    def _spent_usd(self) -> float:
        return 0.0 if self._spending is None else self._spending.spent_usd

    def _room_usd(self) -> float:
        return 0.0 if self._spending is None else self._spending.room_usd or 0.0

    def _used_usd(self) -> float:
        return max(0.0, (self.cap_usd or 0.0) - self._room_usd())

    def _reserve_usd(self) -> float:
        """What is to be spent until the claim after the next; none where there is too little."""
        per_s = self._spent_meter.read(self._spent_usd()) or 0.0
        is_denied = self._clock.monotonic_s() < max(self._denied_until_s, self._alone_until_s)
        return 0.0 if is_denied else per_s * RESERVE_S
