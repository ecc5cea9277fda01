"""Thousands of requests against the limits of a model, in simulated time."""

from bisect import bisect_left

import pytest

from engine.testing.clocks import in_virtual_time
from engine.testing.transport import FakeTransport, error_answer, good_answer
from schemas.settings import LimitSettings
from tests.unit.engine.live.lanes import make_lane, send_all
from tests.unit.engine.live.pace.test_limits import rate


@in_virtual_time
async def test_given_requests_per_minute_are_used_to_the_full_and_not_exceeded() -> None:
    transport = FakeTransport()
    settings = LimitSettings(requests_per_minute=1200)

    await send_all(make_lane(transport, settings=settings), 2000)

    assert 0.99 < 2000 / 20 / transport.times_s[-1] < 1.01
    assert most_within(transport.times_s, 1.0) <= 31


@in_virtual_time
async def test_given_tokens_per_minute_are_settled_with_the_real_usage() -> None:
    transport = FakeTransport(
        responder=lambda *_: good_answer(completion_tokens=40, prompt_tokens=20)
    )
    settings = LimitSettings(tokens_per_minute=60_000)

    await send_all(make_lane(transport, settings=settings), 1000)

    assert 0.95 < 60 * 1000 / 1000 / transport.times_s[-1] < 1.01


@in_virtual_time
async def test_unused_output_is_refunded_again_once_the_provider_is_seen_to_do_so() -> None:
    headers = {
        "x-ratelimit-limit-tokens": "60000",
        "x-ratelimit-remaining-tokens": "1000",
        "x-ratelimit-reset-tokens": "0ms",
    }
    message = "Rate limit reached for m on tokens per min (TPM): Limit 60000"
    steps = [error_answer(429, "rate_limit_exceeded", message)] + [
        good_answer(headers=headers)
    ] * 999
    transport = FakeTransport(steps)
    settings = LimitSettings(tokens_per_minute=60_000)

    await send_all(make_lane(transport, settings=settings), 900)

    assert rate(transport, 0, 6) == pytest.approx(1000 / 120, rel=0.15)
    assert rate(transport, 20, 50) == pytest.approx(1000 / 70, rel=0.05)


def most_within(times_s: list[float], window_s: float) -> int:
    """The largest number of sends in any window."""
    times_s = sorted(times_s)
    ends = (bisect_left(times_s, start_s + window_s) for start_s in times_s)
    return max(end - index for index, end in enumerate(ends))
