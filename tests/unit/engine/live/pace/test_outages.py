"""When a server does not respond: pause, probe, go on; and several endpoints."""

import asyncio
import itertools
import logging

import pytest

from engine.errors import (
    AuthError,
    InterruptedRunError,
    NeverSentError,
    OutageError,
    TransientError,
)
from engine.live.pace.breaker import MAX_FIRST_CONTACT_S
from engine.stats.counters import Stats
from engine.testing.calls import chat_request
from engine.testing.clocks import in_virtual_time
from engine.testing.transport import FakeTransport, Step, error_answer, good_answer, page_answer
from engine.wire.endpoints import Endpoint
from engine.wire.replies.responses import HttpResponse
from schemas.outcomes import Completed
from schemas.settings import LimitSettings
from tests.rows import each_row
from tests.unit.engine.live.lanes import ENDPOINT, OTHER, make_lane, send_all, send_by_workers

REFUSED = NeverSentError("connection refused")
LOST = TransientError("connection reset", code="connection_lost")


def failing_until(end_s: float, failure: Step) -> FakeTransport:
    """Fails until a moment of the loop's time, then answers well."""

    def respond(endpoint: Endpoint, payload: bytes) -> Step:
        return failure if asyncio.get_running_loop().time() < end_s else good_answer()

    return FakeTransport(responder=respond)


def failing_between(start_s: float, end_s: float, failure: Step) -> FakeTransport:
    """Fails from one moment of the loop's time to another, and answers well otherwise."""

    def respond(endpoint: Endpoint, payload: bytes) -> Step:
        now_s = asyncio.get_running_loop().time()
        return failure if start_s <= now_s < end_s else good_answer()

    return FakeTransport(responder=respond)


@each_row("failure", [page_answer(502), LOST, REFUSED, error_answer(503)])
@in_virtual_time
async def test_outage_is_waited_out_with_few_probes_and_every_request_is_answered(
    failure: Step,
) -> None:
    transport = failing_between(0.05, 600, failure)
    lane = make_lane(transport, settings=LimitSettings(max_attempts=3))
    await lane.send(chat_request("before"))

    ended = await send_all(lane, 70)

    assert all(isinstance(outcome, Completed) for outcome in ended)
    failed = [time_s for time_s in transport.times_s if time_s < 600]
    assert len(failed) < 60
    assert asyncio.get_running_loop().time() < 700


@in_virtual_time
async def test_every_attempt_that_was_sent_counts_also_as_a_probe() -> None:
    transport = failing_until(1e9, page_answer(502))
    lane = make_lane(transport, settings=LimitSettings(max_attempts=4))

    ended = await send_all(lane, 4)

    assert [type(end) for end in ended] == [TransientError] * 4
    assert len(transport.sent) == 4 * 4


@in_virtual_time
async def test_stop_wakes_those_that_wait_for_a_probe_or_a_pause() -> None:
    outage = make_lane(failing_until(9e9, page_answer(502)))
    pause = make_lane(FakeTransport([error_answer(429, headers={"retry-after": "600"})]))
    tasks = [asyncio.create_task(send_all(lane, 20)) for lane in (outage, pause)]
    await asyncio.sleep(100)

    for lane in (outage, pause):
        lane.stop_admitting(InterruptedRunError(15))
    ended = [end for task in tasks for end in await task]

    assert asyncio.get_running_loop().time() < 101
    assert {type(end) for end in ended} <= {InterruptedRunError, Completed}


@in_virtual_time
async def test_only_one_probe_at_a_time_goes_through_and_the_gaps_grow() -> None:
    transport = failing_until(200, page_answer(502))

    await send_all(make_lane(transport), 50)

    probes = [time_s for time_s in transport.times_s if 5 < time_s < 200]
    gaps = [later - earlier for earlier, later in itertools.pairwise(probes)]
    assert all(gap > 0.5 for gap in gaps)
    assert gaps[-1] >= 29


@in_virtual_time
async def test_outage_is_one_line_in_the_log_and_its_end_another(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        await send_all(make_lane(failing_until(300, page_answer(502))), 50)

    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert "does not respond (502 http_502:" in messages[0]
    assert "responds again after" in messages[1]


@in_virtual_time
async def test_outage_longer_than_allowed_ends_it_for_all() -> None:
    settings = LimitSettings(max_outage_s=120)
    lane = make_lane(failing_until(1e9, page_answer(502)), settings=settings)

    ended = await send_all(lane, 50)
    with pytest.raises(OutageError):
        await lane.send(chat_request("later"))

    assert {type(error) for error in ended} == {OutageError}
    assert 120 <= asyncio.get_running_loop().time() < 160


@in_virtual_time
async def test_one_request_that_the_server_stumbles_over_is_no_outage() -> None:
    lane = make_lane(FakeTransport([error_answer(500)] * 8))

    with pytest.raises(TransientError, match="500"):
        await lane.send(chat_request())

    assert isinstance(await lane.send(chat_request("b")), Completed)


@in_virtual_time
async def test_refused_connections_do_not_count_as_attempts() -> None:
    lane = make_lane(
        transport := FakeTransport([REFUSED] * 5), settings=LimitSettings(max_attempts=2)
    )

    outcome = await lane.send(chat_request())

    assert isinstance(outcome, Completed)
    assert len(transport.sent) == 6


@in_virtual_time
async def test_cancelled_probe_lets_another_one_go() -> None:
    transport = failing_until(20, page_answer(502))
    lane = make_lane(transport)
    tasks = [asyncio.create_task(lane.send(chat_request(f"r{number}"))) for number in range(8)]
    while len([time_s for time_s in transport.times_s if time_s > 5]) < 1:
        await asyncio.sleep(0.01)

    for task in tasks[:7]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert isinstance(tasks[7].result(), Completed)


@in_virtual_time
async def test_requests_go_where_there_is_room() -> None:
    slow = Endpoint("https://slow.example/v1", requests_per_minute=60)
    fast = Endpoint("https://fast.example/v1", requests_per_minute=600)
    transport = FakeTransport()

    await send_all(make_lane(transport, slow, fast), 110)

    to_slow = sum(endpoint == slow for _, endpoint, _ in transport.sent)
    assert 6 <= to_slow <= 14
    assert asyncio.get_running_loop().time() < 14


@each_row(
    "failure",
    [page_answer(502), REFUSED, error_answer(401), error_answer(429, "insufficient_quota")],
)
@in_virtual_time
async def test_failing_endpoint_is_set_aside_and_the_other_does_its_work(
    failure: HttpResponse,
) -> None:
    def respond(endpoint: Endpoint, payload: bytes) -> Step:
        return failure if endpoint == OTHER else good_answer()

    transport = FakeTransport(responder=respond)
    settings = LimitSettings(max_attempts=3, requests_per_minute=600)

    ended = await send_all(make_lane(transport, ENDPOINT, OTHER, settings=settings), 120)

    to_other = [time_s for time_s, endpoint, _ in transport.sent if endpoint == OTHER]
    assert all(isinstance(outcome, Completed) for outcome in ended)
    assert len(to_other) < 16
    assert asyncio.get_running_loop().time() < 15


@in_virtual_time
async def test_endpoint_that_is_back_is_used_again() -> None:
    def respond(endpoint: Endpoint, payload: bytes) -> Step:
        is_out = endpoint == OTHER and asyncio.get_running_loop().time() < 2
        return page_answer(502) if is_out else good_answer()

    transport = FakeTransport(responder=respond)
    settings = LimitSettings(requests_per_minute=600)

    await send_by_workers(make_lane(transport, ENDPOINT, OTHER, settings=settings), 160)

    late = [endpoint for time_s, endpoint, _ in transport.sent if time_s > 6]
    assert 0.4 < late.count(OTHER) / len(late) < 0.6


@in_virtual_time
async def test_endpoint_whose_limits_are_not_known_gets_its_share() -> None:
    known = Endpoint("https://known.example/v1", "sk-k", requests_per_minute=600)
    unknown = Endpoint("https://unknown.example/v1", "sk-u")
    transport = FakeTransport(responder=lambda endpoint, payload: good_answer())

    await send_by_workers(make_lane(transport, known, unknown), 120)

    to_unknown = sum(endpoint == unknown for _, endpoint, _ in transport.sent)
    assert to_unknown > 60


@in_virtual_time
async def test_all_endpoints_without_a_key_that_works_is_fatal() -> None:
    stats = Stats()
    lane = make_lane(
        FakeTransport(responder=lambda *_: error_answer(401)), ENDPOINT, OTHER, stats=stats
    )

    with pytest.raises(AuthError):
        await lane.send(chat_request())

    assert stats.settled == 0


@in_virtual_time
async def test_server_that_never_responded_is_given_up_soon_with_its_name_and_port() -> None:
    lane = make_lane(failing_until(1e9, REFUSED), Endpoint("http://wrong.example:8123/v1", "k"))
    began_s = asyncio.get_running_loop().time()

    ended = await send_all(lane, 50)

    assert asyncio.get_running_loop().time() - began_s < MAX_FIRST_CONTACT_S + 2.0
    assert {type(error) for error in ended} == {OutageError}
    assert "wrong.example, port 8123, has not responded once" in str(ended[0])


@in_virtual_time
async def test_requests_that_fail_while_others_are_answered_are_no_outage(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def respond(endpoint: Endpoint, payload: bytes) -> Step:
        return error_answer(500) if b"bad" in payload else good_answer()

    lane = make_lane(FakeTransport(responder=respond), settings=LimitSettings(max_attempts=5))
    names = [f"{kind}{number}" for number in range(8) for kind in ("bad", "r")]

    ended = await asyncio.gather(
        *(lane.send(chat_request(name)) for name in names), return_exceptions=True
    )

    assert [type(end) for end in ended] == [TransientError, Completed] * 8
    assert caplog.records == []


@each_row("seconds", ["7200", "86400"])
@in_virtual_time
async def test_wait_that_a_server_asks_for_never_outlasts_the_longest_outage(seconds: str) -> None:
    transport = FakeTransport([error_answer(503, headers={"retry-after": seconds})])
    lane = make_lane(transport, settings=LimitSettings(max_outage_s=8))

    assert isinstance(await lane.send(chat_request()), Completed)
    assert asyncio.get_running_loop().time() < 15
