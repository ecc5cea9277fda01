"""A loopback server of which a test says word by word what it answers, and a lane to it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.errors import EngineError
from engine.live.lane import LiveLane
from engine.live.open_lane import open_live_lane
from engine.spending.budget import Budget
from engine.stats.counters import Stats
from engine.testing.calls import chat_request
from engine.wire.endpoints import Endpoint
from schemas.outcomes import Outcome
from schemas.requests import Json, Request
from schemas.settings import JsonForm, LimitSettings

Body = dict[str, Any]
Answer = Callable[[Body, int], web.StreamResponse | Awaitable[web.StreamResponse]]
Make = Callable[[], web.Response]

SCHEMA: dict[str, Json] = {"type": "object", "required": ["answer"], "properties": {}}


class Own(NamedTuple):
    """The lane, and the bodies of all calls in the order in which they came."""

    lane: LiveLane
    stats: Stats
    calls: list[Body]
    base_url: str

    def sent(self, name: str) -> int:
        """How often the request of that name was sent."""
        return sum(body["messages"][-1]["content"] == name for body in self.calls)


@asynccontextmanager
async def own_server(
    answer: Answer, *, output: JsonForm | None = None, **limits: object
) -> AsyncIterator[Own]:
    """`answer` is given a call's body and its number (1-based)."""
    calls: list[Body] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        calls.append(orjson.loads(await request.read()))
        response = answer(calls[-1], len(calls))
        return response if isinstance(response, web.StreamResponse) else await response

    app = web.Application(client_max_size=1 << 30)
    app.router.add_post("/v1/chat/completions", handle)
    stats = Stats()
    async with TestServer(app) as server:
        base_url = f"http://127.0.0.1:{server.port}/v1"
        settings = LimitSettings.model_validate({"request_timeout_s": 10.0, **limits})
        endpoint = Endpoint(base_url, "sk-of-the-test", output=output)
        budget = Budget(cap_usd=None, spent_usd=0.0, price=lambda *_: 0.001)
        lane = open_live_lane([endpoint], settings, budget=budget, stats=stats)
        try:
            yield Own(lane, stats, calls, base_url)
        finally:
            await lane.aclose()


def ask(name: str = "a", *, has_schema: bool = False) -> Request:
    """A request that is named in its only message."""
    schema: dict[str, Json] = {"name": "answers", "strict": True, "schema": SCHEMA}
    form: dict[str, Json] = {"type": "json_schema", "json_schema": schema}
    return chat_request(name, output_tokens=50, response_format=form if has_schema else None)


def name_of(body: Body) -> str:
    """The name of the request that a call was made for."""
    return str(body["messages"][-1]["content"])


def chat(content: Json, *, finish_reason: str = "stop", **fields: Json) -> web.Response:
    """A well-formed reply."""
    message: Json = {"role": "assistant", "content": content}
    choice: Json = {"index": 0, "finish_reason": finish_reason, "message": message}
    usage: Json = {"prompt_tokens": 10, "completion_tokens": 5}
    return as_json({"choices": [choice], "usage": usage, **fields})


def as_json(body: Json, status: int = 200, **headers: str) -> web.Response:
    """Any JSON."""
    return web.Response(
        body=orjson.dumps(body), status=status, headers=headers, content_type="application/json"
    )


def page(status: int, text: str = "<html><h1>No</h1></html>") -> web.Response:
    """A page of a gateway."""
    return web.Response(text=text, status=status, content_type="text/html")


def raw(body: bytes) -> web.Response:
    """A body as it stands, called a stream of events."""
    return web.Response(body=body, content_type="text/event-stream")


class Ended(NamedTuple):
    """How a request ended that was answered oddly each time, and how often it was sent."""

    end: Outcome | EngineError
    sent_count: int


async def send_odd(make: Make) -> Ended:
    """Send a request that is answered by `make`, after others that were answered well."""

    def answer(body: Body, _: int) -> web.Response:
        return make() if name_of(body) == "odd" else chat("Yes.")

    async with own_server(answer, max_attempts=2) as own:
        for number in range(3):
            await own.lane.send(ask(f"r{number}"))
        try:
            end: Outcome | EngineError = await own.lane.send(ask("odd"))
        except EngineError as error:
            end = error
        return Ended(end, own.sent("odd"))
