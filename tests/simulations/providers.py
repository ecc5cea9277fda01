"""A provider and its batches, simulated in memory and virtual time."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.testing.calls import completed
from engine.testing.transport import error_answer, good_answer
from engine.wire.endpoints import Endpoint
from engine.wire.replies.responses import HttpResponse
from schemas.requests import Request, Url

if TYPE_CHECKING:
    from tests.simulations.lanes import Job

REQUEST_USD = 0.07  # at the live price: 20 tokens in and 50 out, at $1 a thousand


CANCEL_S = 300.0


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
        self.lacks_money = False
        self.ledger = SimpleNamespace(
            waiting_count=0, passed_by="job", needs_pass=True, pass_count=0, note_pass=self._note
        )

    async def _note(self, waiting: int, name: str, *, lacks_money: bool = False) -> None:
        self.ledger.needs_pass = False
        self.ledger.pass_count += 1

    async def holds(self, request: Request) -> bool:
        """Whether a request is in a batch."""
        asked = request.request_id
        return any(asked == each.request_id for batch in self.out for each in batch.requests)

    async def spool(self, request: Request) -> None:
        """Put a request into the outbox."""
        self.outbox.requests.append(request)

    async def submit_outbox(self) -> int:
        """Make a batch of all that waits and the budget has room for; returns how many stay."""
        budget, waiting = self._job.budget, self.outbox.requests
        room_usd = budget.room_usd
        count = len(waiting) if room_usd is None else int(room_usd / REQUEST_USD)
        if waiting and not count and not self.out:
            raise budget.exhausted()
        fitting, self.outbox.requests = waiting[:count], waiting[count:]
        if fitting:
            now_s = asyncio.get_running_loop().time()
            ends_s = now_s + next(self._durations_s, self._last_s)
            self.out.append(SimulatedBatch(fitting, now_s, ends_s))
            budget.held_usd += REQUEST_USD * len(fitting)
        return len(self.outbox.requests)

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
            self._job.budget.held_usd -= REQUEST_USD * len(batch.requests)
            for request in batch.requests[: round(len(batch.requests) * batch.answered_share)]:
                self._job.provider.bill(request.request_id, 0.5)
                self._job.budget.spent_usd += REQUEST_USD / 2
                self._job.keep(completed(request, cost_usd=REQUEST_USD / 2, lane="batch"))

    def next_poll_s(self) -> float:
        """Seconds until the next look."""
        return 60.0
