import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from engine.budget import Budget, BudgetedLane
from engine.engine import Engine
from engine.errors import ConfigError, QuotaError
from engine.files.journal import Journal
from engine.stopping import Stopping
from engine.testing.calls import chat_request
from engine.testing.stage_parts import FakeLane
from schemas.outcomes import Usage


def price(model: str, usage: Usage) -> float | None:
    """A cent a token, whatever kind."""
    return None if model == "unknown" else (usage.prompt_tokens + usage.completion_tokens) * 0.01


async def test_request_is_sent_only_if_its_worst_case_fits(tmp_path: Path) -> None:
    lane = FakeLane(cost_usd=1.0)
    budget = Budget(cap_usd=7.0, spent_usd=0.0, price=price)  # worst case of one request: 5.0

    async with Journal(tmp_path / "journal.jsonl") as journal:
        engine = Engine(journal=journal, lane=BudgetedLane(lane, budget), stopping=Stopping())
        for name in ("a", "b", "c"):
            await engine.ask(chat_request(name, prompt_tokens=100))
        with pytest.raises(
            QuotaError, match=r"budget of \$7\.0000 has no room .*\$3\.0000 is spent"
        ):
            await engine.ask(chat_request("d", prompt_tokens=100))

    assert lane.sent == ["a", "b", "c"]


async def test_request_waits_while_others_may_turn_out_cheaper() -> None:
    budget = Budget(cap_usd=7.0, spent_usd=0.0, price=price)
    order: list[str] = []

    async def spend(name: str) -> None:
        async with budget.reserve(chat_request(name, prompt_tokens=100)) as reservation:
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            reservation.settle(0.5)
            order.append(f"{name} ends")

    await asyncio.gather(spend("a"), spend("b"))

    assert order == ["a begins", "a ends", "b begins", "b ends"]
    assert budget.spent_usd == pytest.approx(1.0)


async def test_failed_call_gives_its_reservation_back() -> None:
    budget = Budget(cap_usd=5.0, spent_usd=0.0, price=price)

    with pytest.raises(TimeoutError):
        async with budget.reserve(chat_request("a", prompt_tokens=100)):
            raise TimeoutError
    async with budget.reserve(chat_request("b", prompt_tokens=100)) as reservation:
        reservation.settle(1.0)

    assert budget.spent_usd == pytest.approx(1.0)


async def test_nothing_is_waited_for_when_rounding_alone_is_reserved() -> None:
    dollars = {"small": 0.05, "large": 0.1, "too large": 0.5}  # of each of two sends
    budget = Budget(cap_usd=0.35, spent_usd=0.0, price=lambda model, usage: dollars[model])
    small, large, too_large = (
        budget.reserve(replace(chat_request(model, prompt_tokens=100), model=model))
        for model in dollars
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
        async with capped.reserve(chat_request("a", prompt_tokens=100)):
            pass
    async with open_ended.reserve(chat_request("a", prompt_tokens=100)):
        pass
