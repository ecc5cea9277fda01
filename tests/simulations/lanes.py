"""A job by live, flex, batch and auto, in virtual time: when it ends, and what it is billed.

Lanes, gate, plan and rounds are the real ones; the provider, its batches and the journal are
simulated in memory.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Literal, NamedTuple

from engine.ask import Lane
from engine.batch.lane import BatchLane
from engine.budget import Budget
from engine.errors import Deferred, EngineError
from engine.live.flex.gate import FlexPolicy
from engine.live.flex.lane import FlexLane
from engine.live.lane import LiveLane
from engine.stats.counters import Stats
from engine.stopping import Stopping
from engine.testing.calls import chat_request, completed
from engine.testing.clocks import EPOCH, LoopClock, VirtualTimeLoop
from engine.testing.transport import error_answer, good_answer
from engine.wire.endpoints import Endpoint
from engine.wire.replies import HttpResponse
from jobs.run.backlog import Backlog
from jobs.run.lanes import LanePlan, live_pace
from jobs.run.rounds import Rounds
from schemas.outcomes import Outcome, Usage
from schemas.requests import Request, Url
from schemas.settings import LimitSettings

Way = Literal["live", "flex", "batch", "auto"]

REQUEST_USD = 0.07  # at the live price: 20 tokens in and 50 out, at $1 a thousand
CANCEL_S = 300.0
WINDOW = 16


class Scenario(NamedTuple):
    """A job and a provider: `batch_s` is how long each batch takes, hours at most a day."""

    chunks: int
    answers_per_chunk: int
    scarcity: float
    batch_s: tuple[float, ...]
    deadline_s: float
    seed: int
    requests_per_minute: float = 120.0
    cap_usd: float | None = None


class End(NamedTuple):
    """What came of a job. `reported_usd` is by its journal, `billed_usd` by the provider."""

    is_done: bool
    ended_s: float
    reported_usd: float
    billed_usd: float
    most_billed: int
    ways: Counter[str]


@dataclass
class Provider:
    """Answers live and by flex; `billed` has the requests, `usd` what they cost."""

    scenario: Scenario
    uniform: random.Random
    usd: float = 0.0
    billed: Counter[str] = field(default_factory=Counter)

    async def post(
        self, endpoint: Endpoint, url: Url, payload: bytes, *, is_slow: bool = False
    ) -> HttpResponse:
        """One attempt."""
        is_flex = b'"service_tier":"flex"' in payload
        if is_flex and self.uniform.random() < self.scenario.scarcity:
            await asyncio.sleep(0.2)
            return error_answer(429, "resource_unavailable", "Resource unavailable")
        await asyncio.sleep(self.uniform.uniform(4.0, 12.0) if is_flex else 2.0)
        self.bill(payload.split(b'"content":"')[1].split(b'"')[0].decode(), 0.5 if is_flex else 1.0)
        return good_answer(service_tier="flex" if is_flex else "default")

    def bill(self, request_id: str, share: float) -> None:
        """Note an answer."""
        self.billed[request_id] += 1
        self.usd += REQUEST_USD * share

    async def aclose(self) -> None:
        """Nothing is open."""


@dataclass
class SimulatedBatch:
    """A batch that is out; `answered_share` of it is answered at `ends_s`."""

    requests: list[Request]
    began_s: float
    ends_s: float
    answered_share: float = 1.0
    is_cancelled: bool = False

    @property
    def intent(self) -> SimpleNamespace:
        """What the rounds ask of it."""
        return SimpleNamespace(request_count=len(self.requests))


class Outbox:
    """The requests that wait for a batch."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def __len__(self) -> int:
        return len(self.requests)

    def read(self) -> list[Request]:
        """All of them."""
        return self.requests

    async def rewrite(self) -> Any:
        """A context after which nothing stays."""

        @contextmanager
        def rewriting() -> Iterator[None]:
            self.requests = []
            yield

        return rewriting()


class Desk:
    """What rounds and the batch lane need of a desk, in memory."""

    def __init__(self, job: "Job", scenario: Scenario) -> None:
        self._job = job
        self._durations_s = iter(scenario.batch_s)
        self._last_s = scenario.batch_s[-1]
        self.outbox = Outbox()
        self.out: list[SimulatedBatch] = []
        self.given_up_count = 0
        self.ledger = SimpleNamespace(
            waiting_count=0, passed_by="job", needs_pass=True, pass_count=0, note_pass=self._note
        )

    async def _note(self, waiting: int, name: str) -> None:
        self.ledger.needs_pass = False
        self.ledger.pass_count += 1

    def is_out(self, request_id: str) -> bool:
        """Whether a request is in a batch."""
        return any(request_id == each.request_id for batch in self.out for each in batch.requests)

    async def spool(self, request: Request) -> None:
        """Put a request into the outbox."""
        self.outbox.requests.append(request)

    async def submit_outbox(self) -> int:
        """Make a batch of all that waits."""
        if self.outbox.requests:
            now_s = asyncio.get_running_loop().time()
            ends_s = now_s + next(self._durations_s, self._last_s)
            self.out.append(SimulatedBatch(self.outbox.requests, now_s, ends_s))
            self.outbox.requests = []
        return 0

    async def cancel(self, batches: list[SimulatedBatch]) -> int:
        """End batches within minutes; they have answered as much as their time allowed."""
        now_s, count = asyncio.get_running_loop().time(), 0
        for batch in batches:
            if not batch.is_cancelled and batch.ends_s > now_s + CANCEL_S:
                batch.answered_share = (now_s - batch.began_s) / (batch.ends_s - batch.began_s)
                batch.ends_s, count = now_s + CANCEL_S, count + 1
            batch.is_cancelled = True
        return count

    async def collect(self) -> None:
        """Settle what ended batches have answered."""
        now_s = asyncio.get_running_loop().time()
        for batch in [each for each in self.out if each.ends_s <= now_s]:
            self.out.remove(batch)
            self.ledger.needs_pass = True
            for request in batch.requests[: round(len(batch.requests) * batch.answered_share)]:
                self._job.provider.bill(request.request_id, 0.5)
                self._job.keep(completed(request, cost_usd=REQUEST_USD / 2, lane="batch"))

    def next_poll_s(self) -> float:
        """Seconds until the next look."""
        return 60.0


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


async def _run(job: Job, way: Way) -> None:
    live, deadline = job.live_lane(), EPOCH + timedelta(seconds=job.scenario.deadline_s)
    alone = FlexPolicy(is_alone=True, patience_s=300.0, max_scarce_s=3_600.0)
    if way in ("live", "flex"):
        job.lane = live if way == "live" else FlexLane(live, alone)
        await job.run_pass()
        return
    desk: Any = Desk(job, job.scenario)
    flex = FlexLane(live, alone._replace(is_alone=False)) if way == "auto" else None
    lane = BatchLane(desk, live, flex)
    if flex is not None:
        flex.is_wanted = lambda: lane.tries_flex()
    job.lane = lane
    await Rounds(
        job.run_pass,
        desk,
        lane,
        plan=_plan(job, way, deadline),
        poll_s=10.0,
        clock=LoopClock(),
        stopping=Stopping(),
    ).run("job", is_changed=True)


def _plan(job: Job, way: Way, deadline: datetime) -> LanePlan:
    return LanePlan(
        lane=way,
        waits=True,
        deadline=deadline if way == "auto" else None,
        live_below=100 if way == "auto" else 0,
        requests_per_minute=job.scenario.requests_per_minute,
        pace=lambda: live_pace(job.stats.read_limits(), job.stats.latencies.percentile_s(0.5)),
        work_left=lambda: job.backlog.requests_left,
    )


def simulate(scenario: Scenario, way: Way) -> End:
    """Do the job one way."""
    job = Job(scenario)
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        loop = runner.get_loop()
        try:
            runner.run(_run(job, way))
        except* EngineError:
            """It ended early: what it has is looked at."""
        ended_s = loop.time()
    wanted = scenario.chunks * (1 + scenario.answers_per_chunk)
    return End(
        is_done=len(job.settled) == wanted,
        ended_s=ended_s,
        reported_usd=sum(each.cost_usd or 0.0 for each in job.settled.values()),
        billed_usd=job.provider.usd,
        most_billed=max(job.provider.billed.values(), default=0),
        ways=Counter(each.lane for each in job.settled.values()),
    )


def _price(model: str, usage: Usage) -> float | None:
    return (usage.prompt_tokens + usage.completion_tokens) / 1000
