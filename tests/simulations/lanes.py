"""A job by live, flex, batch and auto, in virtual time: when it ends, and what it is billed.

Lanes, gate, plan and rounds are the real ones; the provider, its batches and the journal are
simulated in memory.
"""

import asyncio
import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from engine.ask import Lane
from engine.batch.lane import BatchLane
from engine.errors import Deferred, EngineError
from engine.live.flex.gate import FlexPolicy
from engine.live.flex.lane import FlexLane
from engine.live.lane import LiveLane
from engine.spending.budget import Budget
from engine.stats.counters import Stats
from engine.stopping import Stopping
from engine.testing.calls import chat_request
from engine.testing.clocks import EPOCH, LoopClock, VirtualTimeLoop
from engine.wire.endpoints import Endpoint
from jobs.run.lanes import LanePlan, live_pace
from jobs.run.progress import Backlog
from jobs.run.rounds import Rounds
from schemas.outcomes import LaneChoice, Outcome, Usage
from schemas.settings import LimitSettings
from tests.simulations.providers import (
    Desk,
    Provider,
    Scenario,
)

WINDOW = 16


class End(NamedTuple):
    """What came of a job. `reported_usd` is by its journal, `billed_usd` by the provider."""

    is_done: bool
    ended_s: float
    reported_usd: float
    billed_usd: float
    most_billed: int
    lanes: Counter[str]
    held_usd: float


class Job:
    """Questions about chunks, then answers to them: what is settled is asked nothing again."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.provider = Provider(scenario, random.Random(scenario.seed))
        self.backlog = Backlog()
        self.stats = Stats()
        self.settled: dict[str, Outcome] = {}
        self.budget = Budget(cap_usd=scenario.cap_usd, spent_usd=0.0, price=_price)
        self.lane: Lane

    def keep(self, outcome: Outcome) -> None:
        """Journal an outcome, once."""
        assert outcome.request_id not in self.settled
        self.settled[outcome.request_id] = outcome

    def live_lane(self) -> LiveLane:
        """A live lane to the provider."""
        limits = {"requests_per_minute": self.scenario.requests_per_minute, "max_in_flight": WINDOW}
        return LiveLane(
            [Endpoint("https://api.openai.com/v1", "sk-none")],
            settings=LimitSettings.model_validate(limits),
            transport=self.provider,
            clock=LoopClock(),
            budget=self.budget,
            stats=self.stats,
            rng=random.Random(self.scenario.seed),
        )

    async def run_pass(self) -> bool:
        """Pass over both stages; whether all is done."""
        chunks, count = range(self.scenario.chunks), self.scenario.answers_per_chunk
        stages = (
            ([f"q{chunk}" for chunk in chunks], 1.0 + count),
            ([f"a{chunk}.{number}" for chunk in chunks for number in range(count)], 1.0),
        )
        return all([await self._pass_stage(names, each) for names, each in stages][: self._ready()])

    def _ready(self) -> int:
        return 2

    async def _pass_stage(self, names: list[str], requests_per_item: float) -> bool:
        left = [name for name in names if name not in self.settled]
        if names[0].startswith("a") and any(
            f"q{chunk}" not in self.settled for chunk in range(self.scenario.chunks)
        ):
            return False
        self.backlog.begin(len(left), requests_per_item)
        waiting = iter(left)

        async def work() -> None:
            for name in waiting:
                try:
                    self.keep(await self.lane.send(chat_request(name)))
                except Deferred:
                    continue
                self.backlog.finish()

        async with asyncio.TaskGroup() as group:
            for _ in range(WINDOW):
                group.create_task(work())
        return all(name in self.settled for name in names)


async def _run_for(most_s: float | None, job: Job, choice: LaneChoice) -> None:
    async with asyncio.timeout(most_s):
        await _run(job, choice)


async def _run(job: Job, choice: LaneChoice) -> None:
    live, deadline = job.live_lane(), EPOCH + timedelta(seconds=job.scenario.deadline_s)
    alone = FlexPolicy(is_alone=True, patience_s=300.0, max_scarce_s=3_600.0)
    if choice in ("live", "flex"):
        job.lane = live if choice == "live" else FlexLane(live, alone)
        await job.run_pass()
        return
    desk: Any = Desk(job, job.scenario)
    flex = FlexLane(live, alone._replace(is_alone=False)) if choice == "auto" else None
    lane = BatchLane(desk, live, flex)
    if flex is not None:
        flex.is_wanted = lambda: lane.tries_flex()
    job.lane = lane
    await Rounds(
        job.run_pass,
        desk,
        lane,
        plan=_plan(job, choice, deadline),
        poll_s=10.0,
        clock=LoopClock(),
        stopping=Stopping(),
    ).run("job", is_changed=True)


def _plan(job: Job, lane: LaneChoice, deadline: datetime) -> LanePlan:
    return LanePlan(
        lane=lane,
        waits=True,
        deadline=deadline if lane == "auto" else None,
        live_below=100 if lane == "auto" else 0,
        requests_per_minute=job.scenario.requests_per_minute,
        pace=lambda: live_pace(job.stats.read_limits(), job.stats.latencies.percentile_s(0.5)),
        work_left=lambda: job.backlog.requests_left,
    )


def simulate(scenario: Scenario, lane: LaneChoice, *, most_s: float | None = None) -> End:
    """Do the job by one lane; `most_s`: what comes later is of no interest."""
    job = Job(scenario)
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        loop = runner.get_loop()
        try:
            runner.run(_run_for(most_s, job, lane))
        except* (EngineError, TimeoutError):
            """It ended early: what it has is looked at."""
        ended_s = loop.time()
    wanted = scenario.chunks * (1 + scenario.answers_per_chunk)
    return End(
        is_done=len(job.settled) == wanted,
        ended_s=ended_s,
        reported_usd=sum(each.cost_usd or 0.0 for each in job.settled.values()),
        billed_usd=job.provider.usd,
        most_billed=max(job.provider.billed.values(), default=0),
        lanes=Counter(each.lane for each in job.settled.values()),
        held_usd=job.budget.held_usd,
    )


def _price(model: str, usage: Usage) -> float | None:
    return (usage.prompt_tokens + usage.completion_tokens) / 1000
