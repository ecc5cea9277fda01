"""A transport that answers by script in virtual time, and the lane around it."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence

import orjson

from engine.live.lane import LiveLane
from engine.stats import Stats
from engine.wire.endpoints import Endpoint
from engine.wire.replies import HttpResponse
from schemas.outcomes import Usage
from schemas.requests import CHAT_COMPLETIONS, Json, Request, Url, make_request
from schemas.settings import LimitSettings
from tests.unit.engine.live.virtual_time import LoopClock

KEY = "sk-a-secret-of-ours"
ENDPOINT = Endpoint("https://one.example/v1", KEY)
OTHER = Endpoint("https://two.example/v1", "sk-another-secret")

Step = HttpResponse | Exception
Responder = Callable[[Endpoint, bytes], Step]


def ask(name: str = "a", *, output_tokens: int = 100, prompt_tokens: int = 20) -> Request:
    return make_request(
        name,
        0,
        url=CHAT_COMPLETIONS,
        body={
            "model": "m",
            "messages": [{"role": "user", "content": name}],
            **({"max_completion_tokens": output_tokens} if output_tokens else {}),
        },
        purpose="questions",
        prompt_tokens=prompt_tokens,
    )


def good(
    *,
    finish_reason: str = "stop",
    refusal: str | None = None,
    completion_tokens: int = 50,
    prompt_tokens: int = 20,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    message: dict[str, Json] = {"role": "assistant", "content": "Yes.", "refusal": refusal}
    body = {
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens},
    }
    return HttpResponse(200, headers or {}, orjson.dumps(body, option=orjson.OPT_INDENT_2))


def bad(
    status: int,
    code: str | None = None,
    message: str = "no",
    *,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    error = {"error": {"message": message, "type": "t", "code": code, "param": None}}
    return HttpResponse(status, headers or {}, orjson.dumps(error))


def page(status: int) -> HttpResponse:
    return HttpResponse(status, {"Content-Type": "text/html"}, b"<html><h1>Bad gateway</h1></html>")


class FakeTransport:
    """Plays its steps in order, then answers well; or asks `responder` each time."""

    def __init__(
        self,
        steps: Sequence[Step] = (),
        *,
        responder: Responder | None = None,
        latency_s: float = 0.1,
    ) -> None:
        self._steps = deque(steps)
        self._responder = responder
        self._latency_s = latency_s
        self.sent: list[tuple[float, Endpoint, bytes]] = []
        self.in_flight = 0
        self.max_in_flight = 0
        self.is_closed = False

    @property
    def times_s(self) -> list[float]:
        return [time_s for time_s, _, _ in self.sent]

    async def post(self, endpoint: Endpoint, url: Url, payload: bytes) -> HttpResponse:
        self.sent.append((asyncio.get_running_loop().time(), endpoint, payload))
        step = self._next(endpoint, payload)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self._latency_s)
        finally:
            self.in_flight -= 1
        if isinstance(step, Exception):
            raise step
        return step

    async def aclose(self) -> None:
        self.is_closed = True

    def _next(self, endpoint: Endpoint, payload: bytes) -> Step:
        if self._responder is not None:
            return self._responder(endpoint, payload)
        return self._steps.popleft() if self._steps else good()


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
        price=price,
        stats=stats or Stats(),
        rng=random.Random(1),
    )


async def send_all(lane: LiveLane, count: int) -> list[object]:
    """Send `count` requests at once; outcomes and errors in their order."""
    return await asyncio.gather(
        *(lane.send(ask(f"r{number}")) for number in range(count)), return_exceptions=True
    )


async def send_by_workers(lane: LiveLane, count: int, *, workers: int = 64) -> list[object]:
    """Send `count` requests as a stage does: so many workers, one request each at a time."""
    numbers = iter(range(count))
    outcomes: list[object] = []

    async def work() -> None:
        for number in numbers:
            outcomes.append(await lane.send(ask(f"r{number}")))  # noqa: PERF401

    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(work())
    return outcomes
