"""Workers are lent what a store lends, until a moment that counts from what it has."""

from engine.errors import RunInUseError, TransientError
from engine.lease.claims import Claim, Lease
from engine.testing.clocks import ManualClock
from jobs.send.sharded.borrowing import SEAL_EVERY_S, Borrowing
from jobs.send.sharded.messages import Lend, Wanted
from tests.rows import each_row

TTL_S = 5.0
LOOK_S, PUT_S = 0.5, 0.25


class FakeLender:
    """Seals, which takes time, and lends what is wanted up to a budget."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.claims: list[Claim] = []
        self.closed: list[str] = []
        self.fails_by: Exception | None = None

    async def renew(self, claim: Claim) -> Lease:
        self._clock.go(seconds=PUT_S)
        if self.fails_by is not None:
            raise self.fails_by
        self.claims.append(claim)
        usd = min(10.0, claim.used_usd + claim.wanted_usd)
        return Lease({}, TTL_S, 2.0, usd, 0.0, 0.0)

    async def close(self, holder: str, spent_usd: float) -> None:
        self.closed.append(holder)

    async def back_up(self) -> None:
        """Nothing is in batches."""


class Workers:
    """Workers that want something, and what they were lent."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.lender = FakeLender(self.clock)
        self.lent: list[Lend] = []
        self.looks = 0
        self.is_known = True
        self.borrowing = Borrowing(
            self.lender,
            "call",
            take_in=self._take_in,
            lend=self.lent.append,
            clock=self.clock,
        )

    async def want(self, used_usd: float, wanted_usd: float = 0.0) -> None:
        await self.borrowing.hear(Wanted(used_usd=used_usd, wanted_usd=wanted_usd))

    async def _take_in(self) -> bool:
        self.looks += 1
        self.clock.go(seconds=LOOK_S)
        return self.is_known


async def test_lease_counts_from_before_it_was_looked_what_is_written() -> None:
    workers = Workers()
    began_s = workers.clock.monotonic_s()

    await workers.want(1.0, 2.0)
    await workers.borrowing.close()

    assert workers.lent == [Lend(until_s=began_s + TTL_S, usd=3.0)]
    assert workers.lender.closed == ["call"]


async def test_it_is_sealed_every_few_seconds_and_at_once_where_more_is_wanted() -> None:
    workers = Workers()
    await workers.want(1.0, 2.0)

    await workers.want(1.5, 1.5)
    looks_soon = workers.looks
    await workers.want(3.0, 1.0)
    looks_wanting = workers.looks
    await workers.want(10.0, 5.0)
    await workers.want(10.0, 5.0)
    looks_at_the_cap = workers.looks
    workers.clock.go(seconds=SEAL_EVERY_S)
    await workers.want(10.0, 5.0)

    assert (looks_soon, looks_wanting, looks_at_the_cap, workers.looks) == (1, 2, 3, 4)


async def test_never_less_is_lent_than_before_and_room_for_what_is_soon_spent() -> None:
    workers = Workers()
    await workers.want(0.0, 4.0)
    workers.clock.go(seconds=2.0)

    await workers.want(1.0)
    workers.clock.go(seconds=2.0)
    await workers.want(6.0)

    first, second, third = (lend.usd for lend in workers.lent)
    assert first == second == 4.0
    assert 6.0 < third <= 10.0


@each_row("error", [TransientError("away", code="away"), RunInUseError("another")])
async def test_nothing_is_lent_while_the_store_is_away_or_another_goes_on(
    error: Exception,
) -> None:
    workers = Workers()
    workers.lender.fails_by = error

    await workers.want(1.0, 2.0)
    lent_meanwhile = list(workers.lent)
    workers.lender.fails_by = None
    await workers.want(1.0, 2.0)

    assert lent_meanwhile == []
    assert len(workers.lent) == 1


async def test_nothing_is_lent_where_it_is_not_known_what_workers_have_written() -> None:
    workers = Workers()
    workers.is_known = False

    await workers.want(1.0, 2.0)

    assert workers.lent == []
    assert workers.lender.claims == []
