"""Rounds over a job of chains of calls, in virtual time."""

from collections.abc import Sequence
from typing import Any

from engine.batch.lane import BatchLane
from engine.errors import (
    Deferred,
    LeftToOthersError,
    TransientError,
)
from engine.testing.calls import chat_request
from engine.testing.stage_parts import FakeLane
from jobs.run.lanes import LanePlan
from jobs.run.rounds import Rounds
from schemas.outcomes import Outcome
from schemas.requests import Request
from tests.unit.engine.batch.desks import Bench, Place

OUTAGE = TransientError("no answer", code="connection_failed")


POLL_S = 10.0


def plan(lane: Any = "batch", **changes: Any) -> LanePlan:
    fields = {"waits": False, "deadline": None, "live_below": 0, "requests_per_minute": 60.0}
    return LanePlan(lane=lane, **{**fields, **changes})


class Job:
    """Items of which each asks for several things, one after the other."""

    def __init__(self, place: Place, items: Sequence[str], steps: Sequence[str]) -> None:
        self._place = place
        self._items = items
        self._steps = steps
        self.live = FakeLane()
        self.flex: FakeFlex | None = None
        self.name = "dataset"
        self.pass_count = 0

    async def round(self, plan: LanePlan, *, is_changed: bool = False, **settings: Any) -> bool:
        """A process; returns whether everything is done."""
        async with self._place.open(poll_s=POLL_S, **settings) as bench:
            return await self.rounds(bench, plan).run_to_end(is_changed=is_changed)

    def rounds(self, bench: Bench, plan: LanePlan) -> "Driven":
        self.lane = BatchLane(bench.desk, self.live, self.flex)
        rounds = Rounds(
            self.run_pass,
            bench.desk,
            self.lane,
            plan=plan,
            poll_s=POLL_S,
            clock=self._place.clock,
            stopping=bench.stopping,
        )
        return Driven(rounds, self)

    async def run_pass(self) -> bool:
        self.pass_count += 1
        ends = [await self._go_on(item) for item in self._items]
        return all(ends)

    async def _go_on(self, item: str) -> bool:
        for step in self._steps:
            request = chat_request(f"{item}.{step}")
            if request.request_id not in self._place.settled:
                try:
                    outcome = await self.lane.send(request)
                except Deferred:
                    return False
                self._place.settled[request.request_id] = outcome
        return True

    @property
    def is_done(self) -> bool:
        wanted = {f"{item}.{step}" for item in self._items for step in self._steps}
        return wanted <= self._place.settled.keys()


class Driven:
    """Rounds, and whether they have brought the job to its end."""

    def __init__(self, rounds: Rounds, job: Job) -> None:
        self._rounds = rounds
        self._job = job

    async def run_to_end(self, *, is_changed: bool) -> bool:
        await self._rounds.run(self._job.name, is_changed=is_changed)
        return self._job.is_done


def working(place: Place) -> None:
    """Have the provider end all batches whenever somebody sleeps."""
    place.clock.on_sleep = place.provider.end_all


class FakeFlex(FakeLane):
    """Flex that has capacity for so many requests, and leaves the others."""

    def __init__(self, capacity: int, *, is_scarce: bool = True) -> None:
        super().__init__()
        self.capacity = capacity
        self.is_scarce = is_scarce

    async def send(self, request: Request) -> Outcome:
        if self.capacity <= 0:
            raise LeftToOthersError("left", is_scarce=self.is_scarce)
        self.capacity -= 1
        return await super().send(request)
