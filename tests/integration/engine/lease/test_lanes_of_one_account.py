"""Several lanes that are lent the limits and the dollars of one account, in virtual time."""

import asyncio
import random
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from engine.errors import EngineError, OutageError, QuotaError, TransientError
from engine.lease.claims import Claim, Lease
from engine.lease.client import LeaseClient
from engine.lease.leases import Leases
from engine.live.lane import LiveLane
from engine.spending.budget import Budget
from engine.stats.counters import Stats
from engine.testing.calls import chat_request
from engine.testing.clocks import LoopClock, in_virtual_time
from engine.testing.transport import FakeTransport
from schemas.outcomes import Completed
from schemas.settings import LimitSettings
from tests.unit.engine.live.lanes import ENDPOINT, price

PER_S = 100
SETTINGS = LimitSettings(requests_per_minute=60 * PER_S)
WAY_S = 0.002


class NearLender:
    """Leases behind a way that takes time, which may be cut."""

    def __init__(self, holder_count: int, cap_usd: float | None = None) -> None:
        clock, self.cap_usd = LoopClock(), cap_usd
        self.leases = Leases(cap_usd=cap_usd, spent_usd=0.0, holder_count=holder_count, clock=clock)
        self.is_away = False
        self.calls = 0

    async def renew(self, claim: Claim) -> Lease:
        self.calls += 1
        await asyncio.sleep(WAY_S)
        if self.is_away:
            raise TransientError("away", code="away")
        lease = self.leases.renew(claim)
        await asyncio.sleep(WAY_S)
        return lease

    async def close(self, holder: str, spent_usd: float) -> None:
        self.leases.close(holder, spent_usd)


class Sender:
    """A lane by what one holder is lent."""

    def __init__(
        self, name: str, lender: NearLender, transport: FakeTransport, settings: LimitSettings
    ) -> None:
        self.name = name
        self.is_superseded = False
        self.lease_client = LeaseClient(
            name,
            lender,
            budget_usd=lender.cap_usd,
            is_superseded=lambda: self.is_superseded,
            max_outage_s=settings.max_outage_s,
            clock=LoopClock(),
        )
        self.budget = Budget(cap_usd=None, spent_usd=0.0, price=price, cap=self.lease_client)
        self.lease_client.follow(self.budget)
        self.lane = LiveLane(
            [ENDPOINT],
            settings=settings,
            transport=transport,
            clock=LoopClock(),
            budget=self.budget,
            stats=Stats(),
            rng=random.Random(1),
        )
        self.lane.go_by(self.lease_client)
        self.ends: list[object] = []

    async def send(self, count: int) -> None:
        numbers = iter(range(count))

        async def work() -> None:
            for number in numbers:
                request = chat_request(f"{self.name}{number}")
                try:
                    self.ends.append(await self.lane.send(request))
                except EngineError as error:
                    self.ends.append(error)
                    return

        async with asyncio.TaskGroup() as group:
            for _ in range(40):
                group.create_task(work())


@asynccontextmanager
async def claiming(senders: Sequence[Sender]) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        keeping = [group.create_task(sender.lease_client.keep()) for sender in senders]
        yield
        for task in keeping:
            task.cancel()


def most_within(times_s: list[float], window_s: float) -> int:
    return max(bisect_left(times_s, start + window_s) - at for at, start in enumerate(times_s))


@in_virtual_time
async def test_lanes_use_the_limit_together_and_do_not_exceed_it() -> None:
    transport, lender = FakeTransport(), NearLender(4)
    senders = [Sender(name, lender, transport, SETTINGS) for name in "abcd"]

    async with claiming(senders):
        await asyncio.gather(*(sender.send(750) for sender in senders))

    times_s = transport.times_s
    assert len(times_s) == 3000
    assert 0.95 < 3000 / PER_S / times_s[-1] < 1.02
    assert most_within(times_s, 1.0) <= PER_S * 1.5 + 4
    assert lender.calls < 4 * 30


@in_virtual_time
async def test_limit_of_a_lane_that_is_lost_goes_to_the_others_within_seconds() -> None:
    transport, lender = FakeTransport(), NearLender(2)
    lost, other = (Sender(name, lender, transport, SETTINGS) for name in "ab")

    async with claiming([other]):
        async with claiming([lost]):
            gone = asyncio.create_task(lost.send(10_000))
            sending = asyncio.create_task(other.send(1500))
            await asyncio.sleep(10.0)
            gone.cancel()
        before = len(transport.times_s)
        await asyncio.sleep(8.0)
        meanwhile = len(transport.times_s)
        await sending

    later = [time_s for time_s in transport.times_s if time_s > 18.0]
    assert before == pytest.approx(10 * PER_S, rel=0.06)
    assert meanwhile - before > 8 * PER_S / 2 * 0.95
    assert len(later) / (later[-1] - later[0]) == pytest.approx(PER_S, rel=0.02)


@in_virtual_time
async def test_lanes_keep_the_cap_together_and_spend_nearly_all_of_it() -> None:
    transport, lender = FakeTransport(), NearLender(3, cap_usd=40.0)
    senders = [Sender(name, lender, transport, SETTINGS) for name in "abc"]

    async with claiming(senders):
        await asyncio.gather(*(sender.send(1000) for sender in senders))

    spent_usd = sum(sender.budget.spent_usd for sender in senders)
    assert 39.5 < spent_usd <= 40.0
    for sender in senders:
        errors = [end for end in sender.ends if isinstance(end, Exception)]
        assert {type(error) for error in errors} == {QuotaError}
        assert "the budget of $40.0000 has no room" in str(errors[0])


@in_virtual_time
async def test_nothing_goes_while_the_lender_is_away_for_longer_than_what_it_lent() -> None:
    transport, lender = FakeTransport(), NearLender(1)
    sender = Sender("a", lender, transport, SETTINGS)

    async with claiming([sender]):
        sending = asyncio.create_task(sender.send(3000))
        await asyncio.sleep(10.0)
        lender.is_away = True
        await asyncio.sleep(20.0)
        lender.is_away = False
        await sending

    gap_s, start_s = max(
        (after - before, before)
        for before, after in zip(transport.times_s, transport.times_s[1:], strict=False)
    )
    assert 12.0 < start_s < 15.1
    assert 30.0 < start_s + gap_s < 31.0
    assert all(isinstance(end, Completed) for end in sender.ends)


@in_virtual_time
async def test_lender_that_does_not_come_back_ends_the_work() -> None:
    settings = SETTINGS.model_copy(update={"max_outage_s": 30.0})
    transport, lender = FakeTransport(), NearLender(1)
    sender = Sender("a", lender, transport, settings)
    lender.is_away = True

    async with claiming([sender]):
        await sender.send(3)

    assert [type(end) for end in sender.ends] == [OutageError] * 3
    assert transport.times_s == []


@in_virtual_time
async def test_lane_whose_work_another_has_taken_over_sends_nothing_more() -> None:
    transport, lender = FakeTransport(), NearLender(1)
    sender = Sender("a", lender, transport, SETTINGS)

    async with claiming([sender]):
        sending = asyncio.create_task(sender.send(10_000))
        await asyncio.sleep(5.0)
        sender.is_superseded = True
        sent = len(transport.times_s)
        await sending

    assert len(transport.times_s) == sent
