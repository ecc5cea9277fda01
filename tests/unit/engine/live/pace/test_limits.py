"""The lane under limits, given and learnt, in virtual time."""

import asyncio
from collections.abc import Mapping

import pytest

from engine.errors import OutageError
from engine.live.lane import LiveLane
from engine.live.pace.breaker import Breaker
from engine.live.pace.limits import Limits
from engine.stats.counters import Stats
from engine.stopping import Admission
from engine.testing.calls import chat_request
from engine.testing.clocks import LoopClock, in_virtual_time
from engine.testing.transport import FakeTransport, Step, error_answer, good_answer
from engine.wire.endpoints import Endpoint
from engine.wire.payloads import TokenCount
from engine.wire.replies.responses import HttpResponse
from schemas.outcomes import Completed, Failed
from schemas.settings import LimitSettings
from tests.unit.engine.live.lanes import make_lane, send_all


def now_s() -> float:
    return asyncio.get_running_loop().time()


def limit_headers(requests: int, reset: str = "0s") -> Mapping[str, str]:
    return {
        "x-ratelimit-limit-requests": str(requests),
        "x-ratelimit-remaining-requests": "10",
        "x-ratelimit-reset-requests": reset,
    }


@in_virtual_time
async def test_provider_that_charges_the_output_limit_is_charged_for_after_one_refusal() -> None:
    message = "Rate limit reached for m on tokens per min (TPM): Limit 60000"
    transport = FakeTransport([error_answer(429, "rate_limit_exceeded", message)])
    settings = LimitSettings(tokens_per_minute=60_000)

    await send_all(make_lane(transport, settings=settings), 100)

    assert transport.times_s[-1] > 100 * 120 / 1000


@in_virtual_time
async def test_request_larger_than_a_minutes_tokens_fails_before_it_is_sent() -> None:
    transport = FakeTransport()
    lane = make_lane(transport, settings=LimitSettings(tokens_per_minute=1000))

    outcome = await lane.send(chat_request(output_tokens=2000))

    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.attempts) == ("request_too_large", 0)
    assert "2,020 tokens, more than the 1,000 tokens a minute" in outcome.message
    assert transport.sent == []


@in_virtual_time
async def test_large_request_is_not_passed_for_ever_by_small_ones() -> None:
    transport = FakeTransport()
    lane = make_lane(transport, settings=LimitSettings(tokens_per_minute=6000))
    small = [asyncio.create_task(lane.send(chat_request(f"a{number}"))) for number in range(20)]
    await asyncio.sleep(0)

    large = asyncio.create_task(lane.send(chat_request("large", output_tokens=5000)))
    more = asyncio.create_task(send_all(lane, 40))
    await large

    assert len(transport.sent) <= 22
    more.cancel()
    await asyncio.gather(*small, more, return_exceptions=True)


@in_virtual_time
async def test_limits_are_learnt_from_the_first_reply_and_it_starts_gently() -> None:
    transport = FakeTransport(
        responder=lambda *_: good_answer(headers=limit_headers(600)), latency_s=1
    )
    stats = Stats()
    lane = make_lane(transport, stats=stats)

    await send_all(lane, 150)

    assert len([time_s for time_s in transport.times_s if time_s < 1]) == 4
    assert 150 / 10 / transport.times_s[-1] > 0.95
    assert stats.snapshot().requests_per_minute == 600


@in_virtual_time
async def test_changed_limits_are_followed_below_the_given_ceiling() -> None:
    def respond(endpoint: Endpoint, payload: bytes) -> Step:
        return good_answer(headers=limit_headers(150 if 12 < now_s() < 24 else 6000))

    transport = FakeTransport(responder=respond)
    settings = LimitSettings(requests_per_minute=300)

    await send_all(make_lane(transport, settings=settings), 150)

    assert rate(transport, 3, 12) == pytest.approx(5, rel=0.05)
    assert rate(transport, 15, 24) == pytest.approx(2.5, rel=0.05)
    assert rate(transport, 27, 34) == pytest.approx(5, rel=0.1)


@in_virtual_time
async def test_without_any_limit_concurrency_grows_to_its_ceiling() -> None:
    transport = FakeTransport()

    await send_all(make_lane(transport, settings=LimitSettings(max_in_flight=50)), 200)

    assert transport.max_in_flight == 50


@in_virtual_time
async def test_overload_cuts_concurrency_an_ordinary_429_under_known_limits_does_not() -> None:
    overloaded, refused = Stats(), Stats()
    settings = LimitSettings(requests_per_minute=6000, max_in_flight=20)

    for stats, status in ((overloaded, 503), (refused, 429)):
        transport = FakeTransport([error_answer(status)] * 20)
        await send_all(make_lane(transport, stats=stats, settings=settings), 30)

    assert overloaded.snapshot().max_in_flight < 20
    assert refused.snapshot().max_in_flight == 20


@in_virtual_time
async def test_cancelled_wait_for_a_limit_takes_nothing() -> None:
    transport = FakeTransport()
    lane = make_lane(transport, settings=LimitSettings(requests_per_minute=60))
    await lane.send(chat_request("a"))
    waiting = [asyncio.create_task(lane.send(chat_request(f"b{number}"))) for number in range(30)]
    await asyncio.sleep(0.1)

    for task in waiting:
        task.cancel()
    await lane.send(chat_request("c"))

    assert transport.times_s[-1] < 2.1


@in_virtual_time
async def test_cancelled_wait_for_tokens_gives_its_request_back() -> None:
    clock = LoopClock()
    admission = Admission(clock)
    breaker = Breaker("one", max_outage_s=60, admission=admission, clock=clock)
    limits = Limits(600, 600, burst_s=1.0, max_pause_s=60, admission=admission, clock=clock)
    await limits.take(TokenCount(5, 0), breaker, lambda: True)

    for _ in range(10):
        waiting = asyncio.create_task(limits.take(TokenCount(5, 0), breaker, lambda: True))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
    await limits.take(TokenCount(0, 0), breaker, lambda: True)

    assert now_s() < 0.01


@in_virtual_time
async def test_pause_longer_than_an_outage_may_last_ends_the_run() -> None:
    headers = {"retry-after": "7200"}
    lane = make_lane(FakeTransport([error_answer(429, "rate_limit_exceeded", headers=headers)]))

    with pytest.raises(OutageError, match="used up for another"):
        await asyncio.gather(
            lane.send(chat_request("a")), lane.send(chat_request("b")), later(lane)
        )


@in_virtual_time
async def test_models_have_their_own_limits() -> None:
    transport = FakeTransport()
    lane = make_lane(transport, settings=LimitSettings(requests_per_minute=60))
    await send_all(lane, 2)

    before_s = now_s()
    other = chat_request("x").__class__(
        **{name: getattr(chat_request("x"), name) for name in chat_request("x").__slots__}
        | {"model": "other"}
    )
    outcome = await lane.send(other)

    assert isinstance(outcome, Completed)
    assert now_s() - before_s == pytest.approx(0.1)


async def later(lane: LiveLane) -> None:
    await asyncio.sleep(1)
    await lane.send(chat_request("later"))


def rate(transport: FakeTransport, start_s: float, end_s: float) -> float:
    """Sends a second between two moments."""
    return sum(start_s <= time_s < end_s for time_s in transport.times_s) / (end_s - start_s)


@in_virtual_time
async def test_learnt_limit_writes_no_request_off_that_was_not_sent() -> None:
    headers = {"x-ratelimit-limit-tokens": "60", "x-ratelimit-remaining-tokens": "50"}
    transport = FakeTransport(responder=lambda *_: good_answer(headers=headers))

    ended = await send_all(make_lane(transport), 20)

    assert all(isinstance(outcome, Completed) for outcome in ended)
    assert now_s() < 10


@in_virtual_time
async def test_nothing_but_refusals_end_after_the_longest_outage_though_pauses_are_short() -> None:
    def refuse(endpoint: Endpoint, payload: bytes) -> Step:
        return error_answer(429, "rate_limit_exceeded", headers={"retry-after": "1"})

    transport = FakeTransport(responder=refuse)
    lane = make_lane(transport, settings=LimitSettings(max_outage_s=60.0))

    ended = await send_all(lane, 150)

    errors = [end for end in ended if isinstance(end, OutageError)]
    assert len(errors) > 112  # the first few ran out of attempts before
    assert "has refused all for 6" in str(errors[0])
    assert now_s() < 80.0


@in_virtual_time
async def test_answers_without_usage_end_a_row_of_refusals() -> None:
    refused = error_answer(429, "rate_limit_exceeded")
    answered = HttpResponse(200, {}, b'{"choices": [{"message": {"content": "Yes."}}]}')
    lane = make_lane(FakeTransport([refused, answered] * 12))

    for number in range(12):
        await lane.send(chat_request(f"r{number}"))

    assert now_s() < 40.0
