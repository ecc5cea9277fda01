import asyncio

import pytest

from engine.errors import QuotaError
from engine.spending.budget import Budget
from engine.testing.calls import chat_request
from schemas.outcomes import Usage
from schemas.requests import Request


def price(_model: str, usage: Usage) -> float:
    """A cent a token, whatever kind."""
    return (usage.prompt_tokens + usage.completion_tokens) * 0.01


def dollar_request() -> Request:
    """A request that costs 2 dollars at most."""
    return chat_request("a", prompt_tokens=100)


class LentCap:
    """A cap that grows by what it is asked for, up to `most_usd`."""

    def __init__(self, cap_usd: float, most_usd: float) -> None:
        self.cap_usd = cap_usd
        self.most_usd = most_usd
        self.asked_usd: list[float] = []

    async def grow(self, usd: float, least_usd: float) -> bool:
        self.asked_usd.append(usd)
        await asyncio.sleep(0)
        before_usd, self.cap_usd = self.cap_usd, min(self.most_usd, self.cap_usd + usd)
        return self.cap_usd > before_usd

    async def recover(self, usd: float) -> bool:
        raise QuotaError("nobody gives anything back")


async def spend(budget: Budget, cost_usd: float) -> None:
    async with budget.send(dollar_request()) as send:
        await send.begin()
        send.pay(cost_usd)


async def test_budget_of_a_lent_cap_asks_for_what_it_lacks_until_there_is_no_more() -> None:
    cap = LentCap(0.0, 4.5)
    budget = Budget(cap_usd=None, spent_usd=0.0, price=price, tier_shares={}, cap=cap)

    for _ in range(3):
        await spend(budget, 1.0)

    with pytest.raises(QuotaError, match="nobody gives anything back"):
        await spend(budget, 1.0)
    assert cap.asked_usd == [2.0, 1.0, 1.0, 1.0, 0.5]


async def test_batches_may_spend_all_of_a_cap_of_which_a_part_is_lent() -> None:
    budget = Budget(cap_usd=None, spent_usd=1.0, price=price, tier_shares={}, cap=LentCap(2.0, 9.0))
    budget.held_usd = 3.0

    assert budget.room_usd == -2.0
    assert budget.batch_room_usd == 5.0
    assert "the budget of $9.0000" in str(budget.exhausted())


async def test_sends_that_wait_for_a_lent_cap_at_once_stay_within_it_together() -> None:
    cap = LentCap(0.0, 6.0)
    budget = Budget(cap_usd=None, spent_usd=0.0, price=price, tier_shares={}, cap=cap)
    seen_usd: list[float] = []

    async def spend_half() -> None:
        async with budget.send(dollar_request()) as send:
            seen_usd.append(budget.room_usd or 0.0)
            await send.begin()
            await asyncio.sleep(0)
            send.pay(0.5)

    await asyncio.gather(*(spend_half() for _ in range(6)))

    assert min(seen_usd) >= 0.0
    assert budget.spent_usd == 3.0
