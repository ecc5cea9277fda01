"""Limits of requests a day, as some providers name in the headers of a minute."""

import asyncio
from collections.abc import Mapping

import pytest

from engine.errors import OutageError
from engine.stats.counters import Stats
from engine.testing.calls import chat_request
from engine.testing.clocks import in_virtual_time
from engine.testing.transport import FakeTransport, Step, error_answer, good_answer
from engine.wire.endpoints import Endpoint
from schemas.outcomes import Completed
from tests.unit.engine.live.lanes import make_lane, send_all


def now_s() -> float:
    return asyncio.get_running_loop().time()


def day_headers(remaining: int) -> Mapping[str, str]:
    return {
        "x-ratelimit-limit-requests": "14400",
        "x-ratelimit-remaining-requests": str(remaining),
        "x-ratelimit-reset-requests": f"{(14_400 - remaining) * 6}s",
    }


@in_virtual_time
async def test_day_that_is_used_up_costs_few_refusals() -> None:
    left = 30.0
    asked_s = 0.0

    def answer(endpoint: Endpoint, payload: bytes) -> Step:
        nonlocal left, asked_s
        left, asked_s = left + (now_s() - asked_s) / 6, now_s()
        if left < 1:
            headers = {**day_headers(0), "retry-after": "6"}
            return error_answer(429, "rate_limit_exceeded", "Rate limit reached", headers=headers)
        left -= 1
        return good_answer(headers=day_headers(int(left)))

    stats = Stats()
    lane = make_lane(FakeTransport(responder=answer), stats=stats)

    ended = await send_all(lane, 80)

    assert all(isinstance(outcome, Completed) for outcome in ended)
    assert stats.refused <= 40


@in_virtual_time
async def test_day_that_is_used_up_for_long_is_not_waited_for_beyond_the_longest_pause() -> None:
    headers = {
        "x-ratelimit-limit-requests": "20",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "24h0m0s",
    }
    transport = FakeTransport(responder=lambda *_: good_answer(headers=headers))
    lane = make_lane(transport)
    await lane.send(chat_request())

    with pytest.raises(OutageError, match="used up"):
        await lane.send(chat_request("b"))
