import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from engine.errors import (
    ConfigError,
    EngineError,
    NeverSentError,
    OverloadError,
    QuotaError,
    RateLimitError,
    RequestError,
    TransientError,
)
from engine.spending.budget import Budget
from engine.spending.send import Send
from engine.testing.calls import chat_request
from engine.wire.output_sizes import REPLIES_TO_LEARN
from schemas.outcomes import Usage
from schemas.requests import Request
from tests.rows import each_row


def price(model: str, usage: Usage) -> float | None:
    """A cent a token, whatever kind."""
    return None if model == "unknown" else (usage.prompt_tokens + usage.completion_tokens) * 0.01


def dollar_request(name: str = "a") -> Request:
    """A request that costs 2 dollars at most."""
    return chat_request(name, prompt_tokens=100)


async def pay(budget: Budget, request: Request, cost_usd: float) -> None:
    async with budget.send(request) as send:
        await send.begin()
        send.pay(cost_usd)


async def lose(budget: Budget, error: BaseException, *, paid_usd: float | None = None) -> None:
    async with budget.send(dollar_request()) as send:
        await send.begin()
        if paid_usd is not None:
            send.pay(paid_usd)
        raise error


async def test_request_goes_out_only_if_its_worst_case_fits() -> None:
    budget = Budget(cap_usd=4.5, spent_usd=0.0, price=price, tier_shares={})

    for _ in range(3):
        await pay(budget, dollar_request(), 1.0)

    with pytest.raises(QuotaError, match=r"budget of \$4\.5000 has no room .*\$3\.0000 is spent"):
        await pay(budget, dollar_request(), 1.0)


async def test_an_enlarged_send_is_held_with_its_larger_limit() -> None:
    budget = Budget(cap_usd=2.5, spent_usd=0.0, price=price, tier_shares={})

    with pytest.raises(QuotaError, match=r"it may cost \$3\.0000"):
        async with budget.send(dollar_request(), 2):
            pass


async def test_request_waits_while_others_may_turn_out_cheaper() -> None:
    budget = Budget(cap_usd=3.0, spent_usd=0.0, price=price, tier_shares={})
    order: list[str] = []

    async def spend(name: str) -> None:
        async with budget.send(dollar_request(name)) as send:
            order.append(f"{name} begins")
            await send.begin()
            await asyncio.sleep(0)
            send.pay(0.5)
            order.append(f"{name} ends")

    await asyncio.gather(spend("a"), spend("b"))

    assert order == ["a begins", "a ends", "b begins", "b ends"]
    assert budget.spent_usd == pytest.approx(1.0)


@each_row(
    "error, spent_usd",
    [
        (TransientError("lost", code="connection_lost"), 2.0),
        (TransientError("no JSON", code="malformed_reply"), 2.0),
        (OverloadError("too late", code="timeout"), 2.0),
        (OverloadError("too late", code="http_504", status=504), 2.0),
        (asyncio.CancelledError(), 2.0),
        (NeverSentError("refused"), 0.0),
        (TransientError("its fault", code="server_error", status=500), 0.0),
        (RateLimitError("too fast", code="rate_limit_exceeded", status=429), 0.0),
        (RequestError("no", code="invalid_request", status=400), 0.0),
    ],
)
async def test_what_may_have_been_billed_counts_in_full(
    error: BaseException, spent_usd: float
) -> None:
    budget = Budget(cap_usd=5.0, spent_usd=0.0, price=price, tier_shares={})

    with pytest.raises(type(error)):
        await lose(budget, error)

    assert budget.spent_usd == pytest.approx(spent_usd)
    assert budget.room_usd == pytest.approx(5.0 - spent_usd)


async def test_what_never_went_out_costs_nothing() -> None:
    budget = Budget(cap_usd=5.0, spent_usd=0.0, price=price, tier_shares={})

    with pytest.raises(EngineError):
        async with budget.send(dollar_request()):
            raise TransientError("no slot", code="timeout")

    assert budget.spent_usd == 0.0


async def test_a_reply_that_was_paid_for_costs_what_it_says_whatever_comes_then() -> None:
    budget = Budget(cap_usd=5.0, spent_usd=0.0, price=price, tier_shares={})

    with pytest.raises(TransientError):
        await lose(budget, TransientError("no answer", code="malformed_reply"), paid_usd=0.25)

    assert budget.spent_usd == pytest.approx(0.25)


async def test_a_server_that_bills_more_than_the_worst_case_is_believed_from_then_on() -> None:
    budget = Budget(cap_usd=9.0, spent_usd=0.0, price=price, tier_shares={})

    await pay(budget, dollar_request(), 4.0)

    async with budget.send(dollar_request()) as send:
        assert send.worst_usd == pytest.approx(4.0)


async def test_server_that_bills_more_is_believed_once_whoever_was_under_way() -> None:
    budget = Budget(cap_usd=90.0, spent_usd=0.0, price=price, tier_shares={})
    both_are_out = asyncio.Barrier(2)

    async def pay_double(name: str) -> None:
        async with budget.send(dollar_request(name)) as send:
            await send.begin()
            await both_are_out.wait()
            send.pay(4.0)

    await asyncio.gather(pay_double("a"), pay_double("b"))

    assert budget.send(dollar_request()).worst_usd == pytest.approx(4.0)


async def test_nothing_is_waited_for_when_rounding_alone_is_held() -> None:
    dollars = {"small": 0.1, "large": 0.2, "too large": 1.0}
    budget = Budget(cap_usd=0.65, spent_usd=0.0, price=lambda model, usage: dollars[model])
    small, large, too_large = (
        budget.send(replace(dollar_request(model), model=model)) for model in dollars
    )

    await small.__aenter__()
    await large.__aenter__()
    await small.__aexit__(None, None, None)
    await large.__aexit__(None, None, None)  # 0.1 + 0.2 - 0.1 - 0.2 is above 0

    with pytest.raises(QuotaError, match="no room"):
        async with asyncio.timeout(1), too_large:
            pass


async def test_unknown_price_is_an_error_only_with_a_cap() -> None:
    capped = Budget(cap_usd=5.0, spent_usd=0.0, price=lambda model, usage: None)
    open_ended = Budget(cap_usd=None, spent_usd=0.0, price=lambda model, usage: None)

    with pytest.raises(ConfigError, match="price of model 'm' is unknown"):
        async with capped.send(dollar_request()):
            pass
    async with open_ended.send(dollar_request()) as send:
        assert isinstance(send, Send)


async def learn_sizes(budget: Budget, tokens: int, count: int = REPLIES_TO_LEARN) -> None:
    for number in range(count):
        async with budget.send(dollar_request(f"l{number}"), may_be_limited=True) as send:
            await send.begin()
            send.pay(0.0, Usage(100, tokens))


async def test_as_many_go_out_at_once_as_their_learnt_sizes_let_fit() -> None:
    budget = Budget(cap_usd=7.6, spent_usd=0.0, price=price, tier_shares={})
    await learn_sizes(budget, 40)

    async with asyncio.timeout(1), AsyncExitStack() as stack:
        sends = [
            await stack.enter_async_context(
                budget.send(dollar_request(f"r{number}"), may_be_limited=True)
            )
            for number in range(4)
        ]

        assert [send.output_limit for send in sends] == [None, None, None, 50]
        assert sends[-1].worst_usage == Usage(100, 50, cache_write_tokens=100)
        assert budget.room_usd == pytest.approx(7.6 - 3 * 2.0 - 1.5)


async def test_a_request_keeps_its_own_limit_while_the_budget_is_ample_or_no_size_is_known() -> (
    None
):
    ample = Budget(cap_usd=1_000.0, spent_usd=0.0, price=price, tier_shares={})
    await learn_sizes(ample, 40)
    new = Budget(cap_usd=2.5, spent_usd=0.0, price=price, tier_shares={})
    await learn_sizes(new, 40, REPLIES_TO_LEARN - 1)

    for budget in (ample, new):
        async with budget.send(dollar_request(), may_be_limited=True) as send:
            assert send.output_limit is None


async def test_a_request_whose_replies_are_as_long_as_they_may_be_keeps_its_own_limit() -> None:
    budget = Budget(cap_usd=2.1, spent_usd=0.0, price=price, tier_shares={})
    await learn_sizes(budget, 90)  # of 100
    other = asyncio.create_task(pay(budget, dollar_request(), 0.0))

    async with budget.send(dollar_request(), may_be_limited=True) as send:
        assert send.output_limit is None
    await other


async def test_a_model_that_ignores_output_limits_is_believed_from_then_on() -> None:
    budget = Budget(cap_usd=2.5, spent_usd=0.0, price=price, tier_shares={})
    await learn_sizes(budget, 40)
    budget.spent_usd = 1.0  # one request of 2 dollars no longer fits

    async with budget.send(dollar_request(), may_be_limited=True) as send:
        assert send.output_limit == 50
        await send.begin()
        send.pay(0.0, Usage(100, 51))
    budget.spent_usd = 0.5

    assert budget.sizes.enough_for(dollar_request()) is None  # nor in a batch

    async with budget.send(dollar_request(), may_be_limited=True) as send:
        assert send.output_limit is None
        assert send.worst_usd == pytest.approx(2.0)
