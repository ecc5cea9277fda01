"""What the live lane makes of replies that their output limit cut off."""

import asyncio

import orjson
import pytest

from engine.errors import AuthError, InterruptedRunError, NeverSentError
from engine.testing.calls import chat_request
from engine.testing.clocks import in_virtual_time
from engine.testing.transport import FakeTransport, error_answer, good_answer
from engine.wire.endpoints import Endpoint
from engine.wire.replies.responses import HttpResponse
from schemas.outcomes import Completed, Failed, Usage
from schemas.settings import LimitSettings
from tests.rows import each_row
from tests.unit.engine.live.lanes import make_lane


@in_virtual_time
async def test_cut_off_answer_is_asked_again_once_with_a_doubled_limit_and_both_are_paid() -> None:
    transport = FakeTransport([good_answer(finish_reason="length", completion_tokens=100)])

    outcome = await make_lane(transport).send(chat_request(output_tokens=100))

    assert isinstance(outcome, Completed)
    assert orjson.loads(transport.sent[1][2])["max_completion_tokens"] == 200
    assert (outcome.attempts, outcome.usage) == (2, Usage(40, 150, 0))
    assert outcome.cost_usd == pytest.approx(0.19)


@each_row(
    "second",
    [
        good_answer(finish_reason="length"),
        error_answer(400, "invalid_value"),
        error_answer(500),
        error_answer(401, "invalid_api_key"),
        error_answer(429, "insufficient_quota"),
    ],
)
@in_virtual_time
async def test_paid_reply_that_was_cut_off_stands_whatever_its_second_try_comes_to(
    second: HttpResponse,
) -> None:
    transport = FakeTransport([good_answer(finish_reason="length"), second])
    lane = make_lane(transport, settings=LimitSettings(max_attempts=1))

    outcome = await lane.send(chat_request())

    assert isinstance(outcome, Failed)
    assert outcome.code == "truncated"
    assert outcome.reply is not None
    assert outcome.usage.completion_tokens >= 50
    assert len(transport.sent) == 2


@in_virtual_time
async def test_fatal_error_of_a_second_try_keeps_the_cut_off_reply_and_stops_later_calls() -> None:
    lane = make_lane(
        FakeTransport([good_answer(finish_reason="length"), error_answer(401, "invalid_api_key")])
    )

    outcome = await lane.send(chat_request())

    assert isinstance(outcome, Failed)
    assert outcome.code == "truncated"
    assert outcome.cost_usd == pytest.approx(0.07)
    with pytest.raises(AuthError):
        await lane.send(chat_request("later"))


@in_virtual_time
async def test_stop_before_a_second_try_keeps_the_cut_off_reply() -> None:
    transport = FakeTransport([good_answer(finish_reason="length")], latency_s=1.0)
    lane = make_lane(transport)
    sending = asyncio.create_task(lane.send(chat_request()))
    await asyncio.sleep(0.5)

    lane.stop_admitting(InterruptedRunError(15))
    outcome = await sending

    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.attempts) == ("truncated", 1)
    assert outcome.usage == Usage(20, 50, 0)
    with pytest.raises(InterruptedRunError):
        await lane.send(chat_request("later"))


@in_virtual_time
async def test_outage_in_a_second_try_keeps_the_cut_off_reply() -> None:
    def respond(_: Endpoint, __: bytes) -> HttpResponse | Exception:
        gone = NeverSentError("refused")
        return good_answer(finish_reason="length") if len(transport.sent) == 1 else gone

    transport = FakeTransport(responder=respond)
    lane = make_lane(transport, settings=LimitSettings(max_outage_s=10.0))

    outcome = await lane.send(chat_request())

    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.usage) == ("truncated", Usage(20, 50, 0))
    assert len(transport.sent) > 2


@in_virtual_time
async def test_cut_off_reply_is_an_answer_where_the_limit_is_what_the_user_wants() -> None:
    transport = FakeTransport([good_answer(finish_reason="length")])
    lane = make_lane(transport, settings=LimitSettings(retry_truncated=False))

    outcome = await lane.send(chat_request())

    assert isinstance(outcome, Completed)
    assert len(transport.sent) == 1
