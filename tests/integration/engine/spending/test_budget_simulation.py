"""A run with a cap, killed again and again, at a provider that bills what it likes."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.errors import QuotaError, RateLimitError, TransientError
from engine.files.sends import SendLog
from engine.spending.budget import Budget
from engine.testing.calls import chat_request
from engine.wire.prices import PUBLIC_TIER_SHARES
from engine.wire.replies.usage import read_usage
from schemas.outcomes import Usage
from schemas.requests import Json
from tests.unit.engine.spending.test_budget_tiers import Server, make_budget, request

SEEDS = 1_000
GROUPS = 10
CAP_USD = 12.0
REQUESTS = 140
LANES = 6
OUTPUT_LIMIT = 200
CALLS_OF_THE_COMMAND = 4
SENDS_OF_ONE_REQUEST = 3
SHARES = {"default": 1.0, "priority": PUBLIC_TIER_SHARES["priority"]}


def price(model: str, usage: Usage) -> float | None:
    """A request of the simulation costs 0.3 dollars at most."""
    return (usage.prompt_tokens + usage.completion_tokens) / 1_000


class Billed(NamedTuple):
    """What a reply says that it cost."""

    usage: Usage
    tier: str


class World:
    """The provider with its bill, and what of a run is on disk."""

    def __init__(self, seed: int, path: Path) -> None:
        self.random = random.Random(seed)
        self.path = path
        self.bill_usd = 0.0
        self.journal_usd: dict[str, float] = {}
        self.batches: dict[str, float] = {}  # out: the worst case of each
        self.collected_usd = 0.0
        self.long_share = self.random.choice(
            [0.2, 0.0, 0.02]
        )  # of replies that are as long as may be
        self.limited_count = 0
        self.dear_share = self.random.choice([0.0, 0.0, 0.5, 1.0])  # billed at the priority tier

    async def pause(self) -> None:
        for _ in range(self.random.randrange(4)):
            await asyncio.sleep(0)

    def bill(self, worst: Usage) -> Billed:
        """Bill a send: anything up to its worst case, mostly little, at any tier."""
        is_long = self.random.random() < self.long_share
        wanted_tokens = OUTPUT_LIMIT if is_long else self.random.randrange(OUTPUT_LIMIT // 5)
        usage = Usage(worst.prompt_tokens, min(wanted_tokens, worst.completion_tokens))
        tier = "priority" if self.random.random() < self.dear_share else "default"
        self.bill_usd += (price("m", usage) or 0.0) * SHARES[tier]
        return Billed(usage, tier)


class Paid(NamedTuple):
    """What a reply cost, and whether no limit of the budget cut it off."""

    usd: float
    is_whole: bool


class Process:
    """One call of the command: lanes that share a budget, until the work or the budget ends."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.log = SendLog(world.path, is_synced=False, is_settled=world.journal_usd.__contains__)
        spent_usd = sum(world.journal_usd.values()) + world.collected_usd + self.log.lost_usd
        self.budget = Budget(cap_usd=CAP_USD, spent_usd=spent_usd, price=price, record=self.log)
        self.note_out()

    def note_out(self) -> None:
        self.budget.held_usd = sum(self.world.batches.values())

    async def live_lane(self, names: Iterator[str]) -> None:
        for name in names:
            if name in self.world.journal_usd:
                continue
            cost_usd, may_be_limited = 0.0, True
            for _ in range(SENDS_OF_ONE_REQUEST):
                await self.world.pause()
                with suppress(TransientError):
                    paid = await self.send(name, may_be_limited=may_be_limited)
                    cost_usd += paid.usd
                    if paid.is_whole:
                        self.world.journal_usd[name] = cost_usd
                        break
                    may_be_limited = False

    async def send(self, name: str, *, may_be_limited: bool) -> Paid:
        request = chat_request(name, prompt_tokens=100, output_tokens=OUTPUT_LIMIT)
        async with self.budget.send(request, may_be_limited=may_be_limited) as send:
            limit = send.output_limit
            self.world.limited_count += limit is not None
            await self.world.pause()
            await send.begin()
            await self.world.pause()
            chance = self.world.random.random()
            if chance < 0.1:
                raise RateLimitError("too fast", code="rate_limit_exceeded", status=429)
            usage, tier = self.world.bill(send.worst_usage)
            await self.world.pause()
            if chance < 0.3:
                raise TransientError("lost", code="connection_lost")
            said: dict[str, Json] = {
                "prompt_tokens": usage.prompt_tokens,
                "completion_tokens": -1 if chance < 0.4 else usage.completion_tokens,
            }
            counted = read_usage({"choices": [], "usage": said}).or_at_most(send.worst_usage)
            cost_usd = (price("m", counted.usage) or 0.0) * SHARES[tier]
            send.pay(cost_usd, None if counted.is_estimated else counted.usage, tier)
            return Paid(cost_usd, limit is None or counted.usage.completion_tokens < limit)

    async def batch_lane(self) -> None:
        world = self.world
        for number in range(6):
            await world.pause()
            worst_usd = world.random.uniform(0.1, 1.5)
            if worst_usd <= (self.budget.room_usd or 0.0):
                world.batches[f"{number}.{len(world.batches)}.{world.random.random()}"] = worst_usd
                self.note_out()
            await world.pause()
            if world.batches and world.random.random() < 0.7:
                self.collect(world.random.choice(list(world.batches)))

    def collect(self, name: str) -> None:
        cost_usd = self.world.random.random() * self.world.batches.pop(name)
        self.world.bill_usd += cost_usd
        self.world.collected_usd += cost_usd
        self.budget.spent_usd += cost_usd
        self.note_out()

    async def run(self) -> None:
        names = iter([f"r{number}" for number in range(REQUESTS)])
        tasks = [asyncio.create_task(self.live_lane(names)) for _ in range(LANES)]
        tasks.append(asyncio.create_task(self.batch_lane()))
        work = asyncio.gather(*tasks, return_exceptions=True)
        lifetime = self.world.random.randrange(5, 800)
        for _ in range(lifetime):
            if work.done():
                break
            await asyncio.sleep(0)
            assert self.world.bill_usd <= CAP_USD + 1e-9
        on_disk = self.world.path.read_bytes()  # as a kill leaves it
        settled = dict(self.world.journal_usd)
        for task in tasks:
            task.cancel()
        ends = await work
        assert all(isinstance(e, QuotaError | asyncio.CancelledError | None) for e in ends), ends
        self.log.close()
        self.world.path.write_bytes(on_disk)
        self.world.journal_usd = settled


@pytest.mark.parametrize("group", range(GROUPS))
async def test_the_bill_never_passes_the_cap_whatever_happens_when(
    tmp_path: Path, group: int
) -> None:
    limited_count = 0
    for seed in range(group, SEEDS, GROUPS):
        world = World(seed, tmp_path / f"{seed}.jsonl")
        for _ in range(CALLS_OF_THE_COMMAND):
            await Process(world).run()
            assert world.bill_usd <= CAP_USD + 1e-9, f"seed {seed}"
        limited_count += world.limited_count
    assert limited_count  # requests have gone out with a smaller output limit


TIER_SEEDS = 1_000


def _priority_at_times(rng: random.Random, share: float) -> str:
    return "priority" if rng.random() < share else "default"


async def test_bill_stays_within_the_cap_where_an_account_bills_at_several_tiers() -> None:
    for seed in range(TIER_SEEDS):
        rng = random.Random(seed)
        cap_usd, share = rng.uniform(5.0, 90.0), rng.choice([0.3, 0.6, 0.9, 1.0])
        server = Server(make_budget(cap_usd), partial(_priority_at_times, rng, share))
        await server.answer(request())
        await server.answer_all(50)

        assert server.is_refused
        assert server.billed_usd <= cap_usd + 1e-9, seed
