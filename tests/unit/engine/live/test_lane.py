"""What LiveLane promises, on a transport that answers by script in virtual time."""

import asyncio

import orjson
import pytest

from engine.errors import (
    AuthError,
    InterruptedRunError,
    ModelGoneError,
    NeverSentError,
    QuotaError,
    TransientError,
)
from engine.stats.counters import Stats
from engine.testing.calls import chat_request
from engine.testing.clocks import in_virtual_time
from engine.testing.transport import FakeTransport, error_answer, good_answer, page_answer
from engine.wire.endpoints import Endpoint
from engine.wire.replies.responses import HttpResponse
from schemas.outcomes import Completed, Failed, Usage
from schemas.settings import LimitSettings
from tests.rows import each_row
from tests.unit.engine.live.lanes import ENDPOINT, KEY, make_lane, send_all


@in_virtual_time
async def test_answer_becomes_a_completed_outcome_with_its_bytes_on_one_line() -> None:
    transport = FakeTransport([good_answer(headers={"x-request-id": "req_7"})])

    outcome = await make_lane(transport).send(chat_request())

    assert isinstance(outcome, Completed)
    assert outcome.server_request_id == "req_7"
    assert (outcome.attempts, outcome.usage) == (1, Usage(20, 50, 0))
    assert outcome.cost_usd == pytest.approx(0.07)
    assert outcome.latency_s == pytest.approx(0.1)
    assert b"\n" not in outcome.raw
    assert orjson.loads(outcome.raw) == outcome.reply
    assert (
        transport.sent[0][2] is chat_request().payload
        or transport.sent[0][2] == chat_request().payload
    )


@each_row(
    "step",
    [
        error_answer(500, "server_error"),
        error_answer(503, "server_is_overloaded"),
        error_answer(408),
        error_answer(409),
        error_answer(429, "rate_limit_exceeded"),
        error_answer(429, "slow_down"),
        page_answer(502),
        page_answer(403),
        page_answer(429),
        HttpResponse(200, {}, b""),
        HttpResponse(200, {}, b"<html>one moment</html>"),
        HttpResponse(200, {}, b'[{"choices": []}]'),
        HttpResponse(200, {}, b'{"choices": []}'),
        HttpResponse(200, {}, good_answer().body[:-9]),
        TransientError("reset", code="connection_lost"),
        NeverSentError("refused"),
    ],
)
@in_virtual_time
async def test_transient_trouble_is_tried_again(step: HttpResponse | Exception) -> None:
    stats = Stats()
    lane = make_lane(FakeTransport([step]), stats=stats)

    outcome = await lane.send(chat_request())

    assert isinstance(outcome, Completed)
    assert outcome.attempts == 2
    assert stats.retried.total() == 1


@each_row(
    "step, code",
    [
        (error_answer(400, "context_length_exceeded"), "context_length_exceeded"),
        (error_answer(422), "t"),
        (error_answer(418, "teapot"), "teapot"),
        (error_answer(413), "t"),
        (
            error_answer(429, "rate_limit_exceeded", "Request too large for m on TPM"),
            "request_too_large",
        ),
    ],
)
@in_virtual_time
async def test_trouble_of_the_request_itself_is_a_failed_outcome(
    step: HttpResponse, code: str
) -> None:
    lane = make_lane(transport := FakeTransport([step]))

    outcome = await lane.send(chat_request())
    later = await lane.send(chat_request("b"))

    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.status, outcome.cost_usd) == (code, step.status, 0.0)
    assert isinstance(later, Completed)
    assert len(transport.sent) == 2


@each_row(
    "step, kind",
    [
        (error_answer(401, "invalid_api_key"), AuthError),
        (page_answer(401), AuthError),
        (error_answer(403, None, "You have insufficient permissions for this."), AuthError),
        (error_answer(429, "insufficient_quota"), QuotaError),
        (error_answer(429, "organization_spend_limit_exceeded"), QuotaError),
        (error_answer(402), QuotaError),
        (error_answer(404, "model_not_found"), ModelGoneError),
        (error_answer(404, "DeploymentNotFound", "It does not exist."), ModelGoneError),  # Azure
        (error_answer(404, None, "The model `m` does not exist"), ModelGoneError),
    ],
)
@in_virtual_time
async def test_fatal_error_stops_every_later_call_while_what_is_in_flight_lands(
    step: HttpResponse, kind: type[Exception]
) -> None:
    lane = make_lane(transport := FakeTransport([good_answer(), step, good_answer()]))

    ended = await send_all(lane, 10)
    with pytest.raises(kind):
        await lane.send(chat_request("later"))

    landed = [outcome for outcome in ended if isinstance(outcome, Completed)]
    assert len(transport.sent) == len(landed) + 1 <= 5
    assert len(landed) >= 2
    assert {type(error) for error in ended if isinstance(error, Exception)} == {kind}


@in_virtual_time
async def test_the_key_is_in_no_error_and_no_repr() -> None:
    message = f"Incorrect API key provided: {KEY} or sk-abc*******xyz. See the docs."
    lane = make_lane(FakeTransport([error_answer(401, "invalid_api_key", message)]))

    with pytest.raises(AuthError) as caught:
        await lane.send(chat_request())

    assert "[key]" in str(caught.value)
    assert "sk-" not in str(caught.value) + repr(caught.value) + repr(ENDPOINT)


@in_virtual_time
async def test_attempts_are_bounded_and_the_request_stays_unsettled() -> None:
    stats = Stats()
    transport = FakeTransport([error_answer(500)] * 3)
    lane = make_lane(transport, stats=stats, settings=LimitSettings(max_attempts=3))

    with pytest.raises(TransientError, match="500"):
        await lane.send(chat_request())

    assert len(transport.sent) == 3
    assert stats.settled == 0


@in_virtual_time
async def test_retry_time_is_bounded() -> None:
    transport = FakeTransport([error_answer(409)] * 100)
    settings = LimitSettings(max_attempts=100, max_retry_s=30)

    with pytest.raises(TransientError, match="409"):
        await make_lane(transport, settings=settings).send(chat_request())

    assert transport.times_s[-1] - transport.times_s[0] < 30 + 60
    assert len(transport.sent) < 20


@each_row(
    "headers, floor_s",
    [
        ({"retry-after-ms": "2500", "retry-after": "9"}, 2.5),
        ({"retry-after": "3.5"}, 3.5),
        ({"retry-after": "Wed, 25 Nov 2026 00:00:07 GMT"}, 6.8),
    ],
)
@in_virtual_time
async def test_retry_after_is_a_floor_for_all(headers: dict[str, str], floor_s: float) -> None:
    transport = FakeTransport([error_answer(429, "rate_limit_exceeded", headers=headers)])
    lane = make_lane(transport)

    first = asyncio.create_task(lane.send(chat_request("a")))
    await asyncio.sleep(0.2)
    await asyncio.gather(first, lane.send(chat_request("b")))

    assert all(time_s - 0.1 >= floor_s for time_s in transport.times_s[1:])


@in_virtual_time
async def test_a_days_limit_pauses_for_long() -> None:
    message = "Rate limit reached for m on requests per day (RPD): Limit 200"
    transport = FakeTransport([error_answer(429, "rate_limit_exceeded", message)])

    await make_lane(transport).send(chat_request())

    assert transport.times_s[1] >= 60


@each_row("step", [good_answer(refusal="I cannot."), good_answer(finish_reason="content_filter")])
@in_virtual_time
async def test_refusal_is_a_failed_outcome_that_keeps_reply_and_cost(step: HttpResponse) -> None:
    outcome = await make_lane(FakeTransport([step])).send(chat_request())

    assert isinstance(outcome, Failed)
    assert outcome.code == "refused"
    assert outcome.reply == orjson.loads(step.body)
    assert outcome.cost_usd == pytest.approx(0.07)


@in_virtual_time
async def test_output_limit_is_renamed_for_endpoints_that_know_only_the_old_name() -> None:
    endpoint = Endpoint("http://local.example/v1", output_limit_name="max_tokens")
    transport = FakeTransport([good_answer(finish_reason="length")])

    await make_lane(transport, endpoint).send(chat_request(output_tokens=100))

    first, second = (orjson.loads(payload) for _, _, payload in transport.sent)
    assert (first["max_tokens"], second["max_tokens"]) == (100, 200)
    assert "max_completion_tokens" not in first
    assert "max_completion_tokens" not in second


@in_virtual_time
async def test_redirect_is_fatal_and_names_its_target() -> None:
    step = HttpResponse(301, {"Location": "https://new.example/v1"}, b"")

    with pytest.raises(Exception, match="base_url"):
        await make_lane(FakeTransport([step])).send(chat_request())


@in_virtual_time
async def test_stop_lets_what_is_in_flight_land_and_wakes_all_that_wait() -> None:
    settings = LimitSettings(requests_per_minute=60, max_in_flight=20)
    lane = make_lane(FakeTransport(latency_s=5), settings=settings)
    task = asyncio.create_task(send_all(lane, 50))
    await asyncio.sleep(3.2)

    lane.stop_admitting(InterruptedRunError(2))
    ended = await task

    assert sum(isinstance(outcome, Completed) for outcome in ended) in (3, 4)
    assert sum(isinstance(outcome, InterruptedRunError) for outcome in ended) in (46, 47)
    assert asyncio.get_running_loop().time() < 9.0


@in_virtual_time
async def test_cancelled_sender_gives_its_slot_back() -> None:
    lane = make_lane(FakeTransport(latency_s=1), settings=LimitSettings(max_in_flight=1))
    task = asyncio.create_task(lane.send(chat_request("a")))
    waiting = asyncio.create_task(lane.send(chat_request("b")))
    await asyncio.sleep(0.5)

    task.cancel()
    waiting.cancel()

    assert isinstance(await lane.send(chat_request("c")), Completed)


@in_virtual_time
async def test_refused_requests_are_counted() -> None:
    stats = Stats()
    await make_lane(FakeTransport([error_answer(429)]), stats=stats).send(chat_request())

    snapshot = stats.snapshot()

    assert (snapshot.sent, snapshot.settled, snapshot.refused, snapshot.in_flight) == (2, 1, 1, 0)
    assert snapshot.retried == {"t": 1}
