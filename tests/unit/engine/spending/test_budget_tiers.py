"""A cap holds whatever service tier an account bills at, asked for or not."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.errors import QuotaError
from engine.spending.budget import Budget
from engine.testing.calls import chat_request
from engine.wire.prices import PUBLIC_TIER_SHARES
from schemas.outcomes import Usage
from schemas.requests import Request
from tests.rows import each_row

WORST_USD = 2.0
WORST = Usage(100, 100)

TierOf = Callable[[], str]


def price(model: str, usage: Usage) -> float | None:
    """A cent a token, whatever kind."""
    return (usage.prompt_tokens + usage.completion_tokens) * 0.01


def request(name: str = "a", *, asked: str = "") -> Request:
    """A request that costs 2 dollars at most by the live price."""
    way = b'"service_tier":"%b"' % asked.encode() if asked else b""
    return replace(chat_request(name, prompt_tokens=100), way=way)


def make_budget(cap_usd: float, spent_usd: float = 0.0) -> Budget:
    return Budget(cap_usd=cap_usd, spent_usd=spent_usd, price=price)


class Server:
    """Bills each request to its limit, at a tier of its choice, once all that may are out."""

    def __init__(self, budget: Budget, tier_of: TierOf) -> None:
        self.budget = budget
        self.tier_of = tier_of
        self.billed_usd = 0.0
        self.is_refused = False
        self.out_counts: list[int] = []

    async def answer(self, asked: Request) -> None:
        """One request, unless there is no room for it."""
        try:
            async with self.budget.send(asked) as send:
                await send.begin()
                tier = self.tier_of()
                cost_usd = WORST_USD * PUBLIC_TIER_SHARES.get(tier, 1.0)
                self.billed_usd += cost_usd
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                send.pay(cost_usd, WORST, tier)
        except QuotaError:
            self.is_refused = True

    async def answer_all(self, count: int, *, asked: str = "") -> float:
        """So many at once; returns the bill."""
        requests = [request(f"r{number}", asked=asked) for number in range(count)]
        await asyncio.gather(*map(self.answer, requests))
        return self.billed_usd


@each_row("spent_usd", [0.0, 14.0, 18.0, 18.5])
@each_row("asked", ["", "auto", "default", "flex"])
async def test_account_that_bills_a_dearer_tier_unasked_stays_within_the_cap(
    asked: str, spent_usd: float
) -> None:
    budget = make_budget(21.0, spent_usd)

    await Server(budget, lambda: "priority").answer_all(20, asked=asked)

    assert budget.spent_usd <= 21.0
    assert budget.spent_usd > 21.0 - 2 * WORST_USD


@each_row("tier", ["default", "", "scale"])
async def test_cap_is_used_to_its_end_where_replies_come_at_the_usual_tier(tier: str) -> None:
    budget = make_budget(61.0)

    assert await Server(budget, lambda: tier).answer_all(40) == 58.0  # less than one at the dearest


async def test_last_dollars_pay_for_no_request_that_a_dearer_tier_would_take_above_the_cap() -> (
    None
):
    budget = make_budget(21.0, 18.5)

    with pytest.raises(
        QuotaError, match=r"cost \$4\.0000 at the dearest service tier that an account may bill"
    ):
        async with budget.send(request()):
            raise AssertionError("it went out")


async def test_last_request_alone_passes_no_cap_where_the_account_has_just_changed_its_tier() -> (
    None
):
    budget = make_budget(61.0)
    server = Server(budget, lambda: "priority" if server.billed_usd >= 58.0 else "default")

    assert await server.answer_all(40) == 58.0
    assert server.is_refused


async def test_tier_is_known_of_each_model_server_and_asked_tier_by_itself() -> None:
    budget = make_budget(100.0)
    await Server(budget, lambda: "").answer(request())
    others = (
        request(asked="flex"),
        replace(request(), model="other"),
        replace(request(), server="judge"),
        replace(request(), payload=b'{"service_tier":"priority"}'),
    )

    held = [budget.send(each).worst_usd for each in (request(), request(asked="auto"), *others)]

    assert held == [WORST_USD, WORST_USD, *[2 * WORST_USD] * 4]


async def test_reply_by_flex_says_nothing_of_what_asks_for_no_tier() -> None:
    budget = make_budget(100.0)
    async with budget.send(request(), asked_tier="flex") as send:
        await send.begin()
        send.pay(1.0, WORST, "flex")

    assert budget.send(request(), asked_tier="flex").worst_usd == WORST_USD
    assert budget.send(request()).worst_usd == 2 * WORST_USD


async def test_bill_stays_within_the_cap_where_all_that_are_out_turn_out_dearer_than_before() -> (
    None
):
    budget = make_budget(41.0)
    tiers = iter([*["default"] * 5, *["priority"] * 30])

    billed_usd = await Server(budget, lambda: next(tiers)).answer_all(30)

    assert 41.0 - 2 * WORST_USD < billed_usd <= 41.0


async def test_without_a_cap_a_lost_reply_counts_at_the_tier_it_asked_for() -> None:
    budget = Budget(cap_usd=None, spent_usd=0.0, price=price)

    worst = [budget.send(request(asked=tier)).worst_usd for tier in ("", "flex", "priority")]

    assert worst == [WORST_USD, WORST_USD, 2 * WORST_USD]
