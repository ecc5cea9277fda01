"""LiveLane over real sockets, against the stand-in for the API."""

import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import NamedTuple

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.clock import SystemClock
from engine.errors import AuthError, FatalError
from engine.live.lane import LiveLane
from engine.live.transport import HttpTransport
from engine.spending.budget import Budget
from engine.stats.counters import Stats
from engine.testing.calls import chat_request
from engine.wire.endpoints import Endpoint
from schemas.outcomes import Completed, Failed
from schemas.requests import EMBEDDINGS, Request, make_request
from schemas.settings import LimitSettings
from tests.openai_server.config import Faults, Latency, ModelLimits, Outage, ServerConfig
from tests.openai_server.faults import Fault
from tests.openai_server.server import OpenAIServer
from tests.unit.engine.live.lanes import send_by_workers


class Bench(NamedTuple):
    server: OpenAIServer
    lane: LiveLane
    stats: Stats


OpenBench = Callable[..., AbstractAsyncContextManager[Bench]]


@asynccontextmanager
async def bench(
    config: ServerConfig | None = None, *, api_key: str | None = None, **limits: float
) -> AsyncIterator[Bench]:
    """A stand-in and a lane to it."""
    settings = LimitSettings.model_validate({"request_timeout_s": 5.0, **limits})
    stats = Stats()
    async with OpenAIServer(config) as server:
        key = server.api_key if api_key is None else api_key
        lane = make_lane(Endpoint(server.base_url, key), settings, stats)
        try:
            yield Bench(server, lane, stats)
        finally:
            await lane.aclose()


def make_lane(endpoint: Endpoint, settings: LimitSettings, stats: Stats) -> LiveLane:
    return LiveLane(
        [endpoint],
        settings=settings,
        transport=HttpTransport(timeout_s=settings.request_timeout_s),
        clock=SystemClock(),
        budget=Budget(cap_usd=None, spent_usd=0.0, price=lambda model, usage: 0.001),
        stats=stats,
        rng=random.Random(7),
    )


def chat(name: str, *, output_tokens: int = 200) -> Request:
    return chat_request(name, model="gpt-4o-mini", output_tokens=output_tokens)


async def test_chat_and_embeddings_are_answered_and_paid_once() -> None:
    embed = make_request(
        "e",
        0,
        url=EMBEDDINGS,
        body={"model": "text-embedding-3-small", "input": ["one", "two"]},
        purpose="embed",
        prompt_tokens=2,
    )
    async with bench() as (server, lane, stats):
        outcomes = [await lane.send(chat("a")), await lane.send(embed)]

        totals = server.totals()

    assert all(isinstance(outcome, Completed) for outcome in outcomes)
    assert all(orjson.loads(outcome.raw) == outcome.reply for outcome in outcomes)
    assert totals["billed_calls"] == 2
    assert stats.prompt_tokens == totals["prompt_tokens"] > 0


@pytest.mark.parametrize(
    "fault",
    [
        "reset_before",
        "reset_after",
        "cut_off",
        "hang",
        "html",
        "empty",
        "list",
        "server_error",
        "bad_gateway",
        "server_is_overloaded",
        "gateway_timeout",
        "request_timeout",
        "conflict",
        "slow_down",
        "rate_limit_exceeded",
        "rate_limit_without_retry_after",
        "rate_limit_with_date",
    ],
)
async def test_every_transient_fault_on_the_wire_is_overcome(fault: Fault) -> None:
    faults = Faults(calls={1: fault}, hang_s=10.0, retry_after_s=0.05)
    async with bench(ServerConfig(faults=faults), request_timeout_s=0.5) as (server, lane, stats):
        outcome = await lane.send(chat("a"))

        calls = len(server.calls)

    assert isinstance(outcome, Completed)
    assert outcome.attempts == calls == 2
    assert stats.retried.total() == 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("request_too_large", "request_too_large"),
        ("context_length_exceeded", "context_length_exceeded"),
        ("unprocessable", "invalid_request_error"),
        ("refusal", "refused"),
        ("content_filter", "refused"),
    ],
)
async def test_every_permanent_fault_is_a_failed_outcome(fault: Fault, code: str) -> None:
    async with bench(ServerConfig(faults=Faults(calls={1: fault}))) as (server, lane, _):
        outcome = await lane.send(chat("a"))

        calls = len(server.calls)

    assert isinstance(outcome, Failed)
    assert (outcome.code, calls) == (code, 1)


async def test_cut_off_answer_is_asked_again_with_a_larger_limit() -> None:
    faults = Faults(calls={1: "length"})
    async with bench(ServerConfig(faults=faults)) as (server, lane, stats):
        outcome = await lane.send(chat("a", output_tokens=150))

        bodies = [orjson.loads(call.body or b"") for call in server.calls]
        billed = server.totals()["completion_tokens"]

    assert isinstance(outcome, Completed)
    assert [body["max_completion_tokens"] for body in bodies] == [150, 300]
    assert outcome.usage.completion_tokens == billed == stats.completion_tokens


@pytest.mark.parametrize(
    "fault",
    [
        "insufficient_quota",
        "organization_spend_limit_exceeded",
        "invalid_api_key",
        "permission_denied",
        "model_not_found",
    ],
)
async def test_every_fatal_fault_stops_the_lane(fault: Fault) -> None:
    async with bench(ServerConfig(faults=Faults(calls={3: fault}))) as (server, lane, _):
        with pytest.raises(ExceptionGroup) as caught:
            await send_by_workers(lane, 200, workers=32, make=chat)

        calls = len(server.calls)

    assert caught.group_contains(FatalError)
    assert calls < 40


async def test_wrong_key_is_named_as_such_without_showing_it() -> None:
    async with bench(api_key="sk-not-the-right-one") as (_, lane, _):
        with pytest.raises(AuthError, match="check the key") as caught:
            await lane.send(chat("a"))

    assert "not-the-right" not in str(caught.value)


@pytest.mark.parametrize("kind", ["refused", "gateway"])
async def test_outage_in_the_middle_is_survived(kind: str) -> None:
    outage = Outage.model_validate({"kind": kind, "after_calls": 100, "duration_s": 2.0})
    async with bench(ServerConfig(outage=outage), max_attempts=3) as (server, lane, _):
        outcomes = await send_by_workers(lane, 300, workers=32, make=chat)

        totals = server.totals()

    assert sum(isinstance(outcome, Completed) for outcome in outcomes) == 300
    assert totals["delivered_twice"] == 0


async def test_storm_of_faults_settles_every_request_exactly_once() -> None:
    probabilities: Mapping[Fault, float] = {
        "rate_limit_exceeded": 0.10,
        "server_error": 0.05,
        "server_is_overloaded": 0.05,
        "reset_before": 0.02,
        "reset_after": 0.01,
        "cut_off": 0.03,
        "html": 0.02,
    }
    faults = Faults(probabilities=dict(probabilities), retry_after_s=0.02)
    config = ServerConfig(faults=faults, latency=Latency(median_s=0.02))
    async with bench(config) as (server, lane, stats):
        outcomes = await send_by_workers(lane, 200, workers=32, make=chat)

        totals = server.totals()

    unread = [outcome for outcome in outcomes if not isinstance(outcome, Completed)]
    assert len({outcome.request_id for outcome in outcomes}) == 200
    assert {getattr(outcome, "code", "") for outcome in unread} <= {"malformed_reply"}
    assert len(unread) <= 4  # two pages in a row instead of an answer: 0.08 are expected
    assert totals["delivered_twice"] == 0
    assert totals["billed_twice"] <= totals["lost_calls"]
    assert stats.snapshot().in_flight == 0


async def test_learnt_limits_are_kept_without_a_refused_call() -> None:
    limits = {"*": ModelLimits(requests_per_minute=3000)}
    async with bench(ServerConfig(limits=limits, latency=Latency(median_s=0.05))) as made:
        await send_by_workers(made.lane, 150, workers=32, make=chat)

        refused = made.server.totals()["refused"]

    assert refused <= 1
    assert made.stats.snapshot().requests_per_minute == 3000


async def test_redirect_is_not_followed_with_the_key_and_is_fatal() -> None:
    async with OpenAIServer() as target:

        async def redirect(_: web.BaseRequest) -> web.Response:
            return web.Response(status=307, headers={"Location": f"{target.base_url}/x"})

        server = TestServer(web.Application(), skip_url_asserts=True)
        server.app.router.add_post("/v1/chat/completions", redirect)
        async with server:
            lane = make_lane(
                Endpoint(str(server.make_url("/v1")), "sk-x"), LimitSettings(), Stats()
            )
            with pytest.raises(FatalError, match="set base_url to the final address"):
                await lane.send(chat("a"))
            await lane.aclose()

        assert target.calls == []
