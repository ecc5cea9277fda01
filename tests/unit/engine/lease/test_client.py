"""What a holder of leases claims, by what its budget has spent."""

import asyncio
import random
from dataclasses import replace

import pytest

from engine.beside import beside
from engine.errors import OutageError, RunInUseError
from engine.lease.claims import Claim, Lease
from engine.lease.client import LeaseClient
from engine.testing.clocks import LoopClock, in_virtual_time

BUDGET_USD = 10.0
SPENT_BEFORE_USD = 4.0


class NotingLender:
    """Lends all that is wanted, and keeps the claims."""

    def __init__(self) -> None:
        self.claims: list[Claim] = []

    async def renew(self, claim: Claim) -> Lease:
        self.claims.append(claim)
        granted_usd = claim.used_usd + claim.wanted_usd
        return Lease(dict(claim.wants), 5.0, 2.0, granted_usd, claim.spent_usd, held_usd=0.0)

    async def close(self, holder: str, spent_usd: float) -> None:
        """Nothing comes back."""


class Spent:
    """A budget that has spent something before this process, and nothing since."""

    def __init__(self, client: LeaseClient, spent_usd: float = SPENT_BEFORE_USD) -> None:
        self._client = client
        self.spent_usd = spent_usd

    @property
    def room_usd(self) -> float | None:
        return (self._client.cap_usd or 0.0) - self.spent_usd


@in_virtual_time
async def test_what_was_spent_before_is_no_rate_at_which_more_is_wanted() -> None:
    lender = NotingLender()
    client = LeaseClient(
        "run",
        lender,
        budget_usd=BUDGET_USD,
        is_superseded=lambda: False,
        max_outage_s=1.0,
        clock=LoopClock(),
    )
    client.follow(Spent(client))

    async with beside(client.keep()):
        await asyncio.sleep(10.0)

    assert len(lender.claims) >= 5
    assert {claim.wanted_usd for claim in lender.claims} == {0.0}
    client.end(RunInUseError("over"))


class EmptyLender(NotingLender):
    """Has something to lend for a while, and then nothing."""

    async def renew(self, claim: Claim) -> Lease:
        lease = await super().renew(claim)
        return lease if len(self.claims) == 1 else replace(lease, ttl_s=0.0)


@in_virtual_time
async def test_lender_that_has_nothing_to_lend_is_as_one_that_is_away() -> None:
    client = LeaseClient(
        "worker",
        EmptyLender(),
        budget_usd=BUDGET_USD,
        is_superseded=lambda: False,
        max_outage_s=8.0,
        clock=LoopClock(),
    )
    client.follow(Spent(client))
    share = client.of("model")

    async with beside(client.keep()):
        await asyncio.sleep(4.0)
        is_held_before = share.is_held
        await asyncio.sleep(2.0)
        is_held_after = share.is_held
        with pytest.raises(OutageError, match="nothing is lent for more than 8 s"):
            await share.wait()

    assert (is_held_before, is_held_after) == (True, False)


@in_virtual_time
async def test_what_is_lent_for_one_request_is_room_for_it_whatever_was_spent_before() -> None:
    chance, request_usd = random.Random(3), 0.00207
    too_small = []
    for _ in range(200):
        client = LeaseClient(
            "run",
            NotingLender(),
            budget_usd=BUDGET_USD,
            is_superseded=lambda: False,
            max_outage_s=8.0,
            clock=LoopClock(),
        )
        spent = Spent(client, chance.uniform(0.0, 0.1))
        client.follow(spent)

        await client.recover(request_usd)

        if (spent.room_usd or 0.0) < request_usd:  # as a budget looks at it
            too_small.append(spent.spent_usd)
    assert too_small == []
