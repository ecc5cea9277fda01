"""A live lane over a fake transport in virtual time, and ways to send many requests by it."""

import asyncio
import random
from collections.abc import Callable

from engine.live.lane import LiveLane
from engine.spending.budget import Budget
from engine.stats.counters import Stats
from engine.testing.calls import chat_request
from engine.testing.clocks import LoopClock
from engine.testing.transport import FakeTransport
from engine.wire.endpoints import Endpoint
from schemas.outcomes import Outcome, Usage
from schemas.requests import Request
from schemas.settings import LimitSettings

KEY = "sk-a-secret-of-ours"
ENDPOINT = Endpoint("https://one.example/v1", KEY)
OTHER = Endpoint("https://two.example/v1", "sk-another-secret")


def price(model: str, usage: Usage) -> float | None:
    return (usage.prompt_tokens + usage.completion_tokens) / 1000


def make_lane(
    transport: FakeTransport,
    *endpoints: Endpoint,
    stats: Stats | None = None,
    settings: LimitSettings | None = None,
) -> LiveLane:
    return LiveLane(
        endpoints or [ENDPOINT],
        settings=settings or LimitSettings(),
        transport=transport,
        clock=LoopClock(),
        budget=Budget(cap_usd=None, spent_usd=0.0, price=price),
        stats=stats or Stats(),
        rng=random.Random(1),
    )


async def send_all(lane: LiveLane, count: int) -> list[object]:
    """Send `count` requests at once; outcomes and errors in their order."""
    return await asyncio.gather(
        *(lane.send(chat_request(f"r{number}")) for number in range(count)), return_exceptions=True
    )


async def send_by_workers(
    lane: LiveLane,
    count: int,
    *,
    workers: int = 64,
    make: Callable[[str], Request] = chat_request,
) -> list[Outcome]:
    """Send `count` requests as a stage does: so many workers, one request each at a time."""
    numbers = iter(range(count))
    outcomes: list[Outcome] = []

    async def work() -> None:
        for number in numbers:
            outcomes.append(await lane.send(make(f"r{number}")))  # noqa: PERF401

    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(work())
    return outcomes
