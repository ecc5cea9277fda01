"""A desk in front of a provider of batches in memory, and the points at which a process dies."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from engine.batch.collecting.collector import Sink
from engine.batch.desk import BatchDesk
from engine.batch.folder import BatchFolder
from engine.batch.open_desk import DeskOrder, open_desk
from engine.batch.submit import on_disk_is_enough
from engine.spending.budget import Budget
from engine.stopping import Stopping
from engine.testing.batch_provider import FakeProvider
from engine.testing.clocks import ManualClock
from engine.wire.endpoints import Endpoint
from schemas.outcomes import Outcome, Usage
from schemas.requests import Request
from schemas.settings import BatchSettings, JsonForm

ENDPOINT = Endpoint("https://one.example/v1", "sk-a-secret-of-ours")


class Crash(BaseException):
    """The process is killed here."""


class Points:
    """Counts down to the moment at which the process is killed; 0: never."""

    def __init__(self) -> None:
        self.left = 0

    def pass_one(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Crash


class Bench(NamedTuple):
    """A desk, the provider behind it, and what has been settled."""

    desk: BatchDesk
    provider: FakeProvider
    settled: dict[str, Outcome]
    budget: Budget
    stopping: Stopping


class Place(NamedTuple):
    """What outlives a process: the folder, the provider, the journal."""

    folder: Path
    clock: ManualClock
    provider: FakeProvider
    settled: dict[str, Outcome]
    points: Points

    @asynccontextmanager
    async def open(self, **settings: Any) -> AsyncIterator[Bench]:
        """A process's desk; after a crash it is opened again."""
        async with self.open_with(**settings) as bench:
            yield bench

    @asynccontextmanager
    async def open_with(
        self,
        *,
        output: JsonForm | None = None,
        cap_usd: float | None = None,
        back_up: Callable[[], Awaitable[None]] = on_disk_is_enough,
        **settings: Any,
    ) -> AsyncIterator[Bench]:
        """The same at an endpoint where JSON is asked for in the form `output` at first."""

        async def keep_each(outcomes: Sequence[Outcome]) -> None:
            for outcome in outcomes:
                self.points.pass_one()
                assert outcome.request_id not in self.settled
                self.settled[outcome.request_id] = outcome

        stopping, budget = Stopping(), Budget(cap_usd=cap_usd, spent_usd=0.0, price=price)
        order = DeskOrder(
            folder=BatchFolder(self.folder / "batches.jsonl", self.folder / "batches", "run-id"),
            endpoint=replace(ENDPOINT, output=output, output_setting="teacher.output"),
            settings=BatchSettings(**settings),
            state_dir=self.folder / "state",
            price=price,
            budget=budget,
            sink=Sink(keep_each, lambda ids: self.settled.keys() & ids),
            enlarges_truncated=True,
            clock=self.clock,
            stopping=stopping,
            back_up=back_up,
        )
        async with open_desk(self.provider, order) as desk:
            yield Bench(desk, self.provider, self.settled, budget, stopping)


def make_place(folder: Path) -> Place:
    """A run that has not begun."""
    folder.mkdir(exist_ok=True)
    points = Points()
    clock = ManualClock(points.pass_one)
    return Place(folder, clock, FakeProvider(clock, points.pass_one), {}, points)


def price(model: str, usage: Usage) -> float | None:
    """A tenth of a cent a token; nothing is known of model `unknown`."""
    if model == "unknown":
        return None
    return (usage.prompt_tokens + usage.completion_tokens) / 1000


async def submit(desk: BatchDesk, *requests: Request) -> int:
    """Spool requests that are not out, all at once as the lane does, and submit what fits."""

    async def spool(request: Request) -> None:
        if not await desk.holds(request):
            await desk.spool(request)

    await asyncio.gather(*map(spool, requests))
    return await desk.submit_outbox()
