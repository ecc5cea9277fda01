"""Flex: half the price where there is capacity, and what becomes of requests elsewhere."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import orjson
import pytest

from engine.errors import FatalError, LeftToOthersError, OutageError
from engine.live.flex.gate import FOREIGN_TO_TELL, REFUSALS_TO_CLOSE, FlexPolicy
from engine.live.flex.lane import FlexLane
from engine.spending.budget import Budget
from engine.stats.counters import Stats
from engine.testing.calls import chat_request
from engine.testing.clocks import in_virtual_time
from engine.testing.transport import FakeTransport, Responder, Step, error_answer, good_answer
from engine.wire.endpoints import Endpoint
from schemas.outcomes import Completed
from schemas.requests import EMBEDDINGS
from tests.rows import each_row
from tests.unit.engine.live.lanes import make_lane

ALONE = FlexPolicy(is_alone=True, patience_s=60.0, max_scarce_s=600.0)
BESIDE_OTHERS = ALONE._replace(is_alone=False)
SCARCE = error_answer(429, "resource_unavailable", "Resource unavailable")
GROQ_SCARCE = error_answer(498, "capacity_exceeded", "Flex tier capacity exceeded")
BY_FLEX = good_answer(service_tier="flex")
REAL_USD = 0.07


def by_tier(flex: Step) -> Responder:
    """A server that answers requests for flex with `flex`, and others well."""

    def respond(_: Endpoint, payload: bytes) -> Step:
        return flex if b'"service_tier":"flex"' in payload else good_answer()

    return respond


@in_virtual_time
async def test_requests_carry_the_tier_may_take_long_and_cost_half() -> None:
    transport = FakeTransport([BY_FLEX])
    lane = FlexLane(make_lane(transport), ALONE)

    outcome = await lane.send(chat_request("a"))

    ((_, _, payload),) = transport.sent
    assert orjson.loads(payload)["service_tier"] == "flex"
    assert transport.slow_count == 1
    assert (outcome.lane, outcome.service_tier) == ("flex", "flex")
    assert outcome.cost_usd == pytest.approx(REAL_USD / 2)


@each_row("refusal", [SCARCE, GROQ_SCARCE])
@in_virtual_time
async def test_request_without_capacity_is_unbilled_and_tried_until_it_is_served(
    refusal: Step,
) -> None:
    transport = FakeTransport([refusal] * 12 + [BY_FLEX])
    live = make_lane(transport)

    outcome = await FlexLane(live, ALONE).send(chat_request("a"))

    budget: Budget = live._budget
    assert isinstance(outcome, Completed)
    assert len(transport.sent) == 13  # more than limits.max_attempts: refusals are no failures
    assert budget.spent_usd == outcome.cost_usd == pytest.approx(REAL_USD / 2)
    waits_s = [later - earlier for earlier, later in pairwise(transport.times_s)]
    assert waits_s[0] < waits_s[3] < waits_s[-1] < 31.0


@in_virtual_time
async def test_scarcity_of_flex_holds_nobody_else_back() -> None:
    transport = FakeTransport(responder=by_tier(SCARCE))
    live = make_lane(transport)
    waiting = asyncio.create_task(FlexLane(live, ALONE).send(chat_request("a")))
    await asyncio.sleep(1.0)

    began_s = asyncio.get_running_loop().time()
    for number in range(10):
        await live.send(chat_request(f"r{number}"))
    took_s = asyncio.get_running_loop().time() - began_s

    waiting.cancel()
    assert took_s == pytest.approx(1.0)  # ten replies, one after the other


@in_virtual_time
async def test_scarcity_that_lasts_too_long_ends_the_run_where_there_is_no_other_way() -> None:
    transport = FakeTransport(responder=by_tier(SCARCE))
    lane = FlexLane(make_lane(transport), ALONE._replace(max_scarce_s=150.0))

    ends = await asyncio.gather(
        *(lane.send(chat_request(f"r{n}")) for n in range(20)), return_exceptions=True
    )

    assert all(isinstance(end, OutageError) for end in ends)
    assert "--lane auto" in str(ends[0])
    assert asyncio.get_running_loop().time() == pytest.approx(150, abs=15)
    assert len(transport.sent) < 20 * 3  # most of the time one at a time probes


@in_virtual_time
async def test_scarcity_leaves_requests_to_others_at_once_when_it_has_lasted() -> None:
    transport = FakeTransport(responder=by_tier(SCARCE))
    lane = FlexLane(make_lane(transport), BESIDE_OTHERS)

    async def send(number: int) -> float:
        with pytest.raises(LeftToOthersError):
            await lane.send(chat_request(f"r{number}"))
        return asyncio.get_running_loop().time()

    first_left_s = min(await asyncio.gather(*(send(n) for n in range(32))))
    sent_count = len(transport.sent)
    last_left_s = [await send(100 + n) for n in range(50)][-1]

    assert first_left_s == pytest.approx(60, abs=35)
    assert last_left_s - first_left_s < 65
    assert len(transport.sent) - sent_count < 10


@in_virtual_time
async def test_capacity_that_comes_back_is_found_and_used_by_all() -> None:
    def respond(_: Endpoint, __: bytes) -> Step:
        return BY_FLEX if asyncio.get_running_loop().time() > 100 else SCARCE

    lane = FlexLane(make_lane(FakeTransport(responder=respond)), ALONE)

    outcomes = await asyncio.gather(*(lane.send(chat_request(f"r{n}")) for n in range(40)))

    assert {outcome.lane for outcome in outcomes} == {"flex"}
    assert asyncio.get_running_loop().time() < 200


@in_virtual_time
async def test_what_was_paid_for_goes_on_by_the_usual_tier_when_capacity_is_gone() -> None:
    cut_off = good_answer(finish_reason="length", service_tier="flex")
    steps: list[Step] = [cut_off, *[SCARCE] * REFUSALS_TO_CLOSE]

    def respond(_: Endpoint, payload: bytes) -> Step:
        if b'"service_tier":"flex"' not in payload:
            return good_answer()
        return steps.pop(0) if steps else SCARCE

    lane = FlexLane(make_lane(FakeTransport(responder=respond)), BESIDE_OTHERS)

    outcome = await lane.send(chat_request("a"))

    assert isinstance(outcome, Completed)
    assert outcome.lane == "live"
    assert outcome.cost_usd == pytest.approx(REAL_USD / 2 + REAL_USD)


@in_virtual_time
async def test_model_that_has_no_flex_is_an_error_where_there_is_no_other_way() -> None:
    refusal = error_answer(400, "invalid_value", "Invalid service_tier argument")
    transport = FakeTransport(responder=by_tier(refusal))
    lane = FlexLane(make_lane(transport), ALONE)

    with pytest.raises(FatalError, match=r"not served for this model .*--lane live, batch or auto"):
        await lane.send(chat_request("a"))
    with pytest.raises(FatalError, match="not served"):
        await lane.send(chat_request("b"))

    assert len(transport.sent) == 1


@in_virtual_time
async def test_model_that_has_no_flex_is_asked_once_where_there_are_other_ways() -> None:
    refusal = error_answer(400, "invalid_value", "Invalid service_tier argument")
    transport = FakeTransport(responder=by_tier(refusal))
    lane = FlexLane(make_lane(transport), BESIDE_OTHERS)

    for name in ("a", "b", "c"):
        with pytest.raises(LeftToOthersError):
            await lane.send(chat_request(name))

    assert len(transport.sent) == 1


@in_virtual_time
async def test_error_of_one_request_is_its_own() -> None:
    transport = FakeTransport([error_answer(400, "invalid_prompt", "flagged"), BY_FLEX])
    lane = FlexLane(make_lane(transport), ALONE)

    first, second = await lane.send(chat_request("a")), await lane.send(chat_request("b"))

    assert (getattr(first, "code", ""), first.lane) == ("invalid_prompt", "flex")
    assert isinstance(second, Completed)


@in_virtual_time
async def test_server_that_ignores_the_tier_is_told_and_left_where_there_are_other_ways(
    caplog: pytest.LogCaptureFixture,
) -> None:
    transport = FakeTransport(responder=lambda *_: good_answer(service_tier="default"))
    alone = FlexLane(make_lane(transport), ALONE)
    beside = FlexLane(make_lane(transport), BESIDE_OTHERS)

    by_alone = [await alone.send(chat_request(f"a{n}")) for n in range(FOREIGN_TO_TELL + 5)]
    by_beside = [await beside.send(chat_request(f"b{n}")) for n in range(FOREIGN_TO_TELL)]
    with pytest.raises(LeftToOthersError):
        await beside.send(chat_request("last"))

    costs_usd = [outcome.cost_usd for outcome in [*by_alone, *by_beside]]
    assert costs_usd == [pytest.approx(REAL_USD)] * len(costs_usd)
    told = [record.message for record in caplog.records if "another tier" in record.message]
    assert len(told) == 2
    assert "they cost what that one does" in told[0]


@in_virtual_time
async def test_what_has_no_tier_to_choose_goes_as_it_is() -> None:
    transport = FakeTransport()
    alone = FlexLane(make_lane(transport), ALONE)
    beside = FlexLane(make_lane(transport), BESIDE_OTHERS)
    own_tier = replace(chat_request("a"), way=b'"service_tier":"priority"')
    embedding = replace(chat_request("b"), url=EMBEDDINGS)

    await alone.send(own_tier)
    for request in (own_tier, embedding):
        with pytest.raises(LeftToOthersError):
            await beside.send(request)

    ((_, _, payload),) = transport.sent
    assert payload.count(b"service_tier") == 1
    assert b"priority" in payload


@in_virtual_time
async def test_no_attempt_is_made_by_flex_once_it_is_not_wanted() -> None:
    transport = FakeTransport(responder=by_tier(SCARCE))
    lane = FlexLane(make_lane(transport), BESIDE_OTHERS)
    lane.is_wanted = lambda: asyncio.get_running_loop().time() < 10.0

    with pytest.raises(LeftToOthersError):
        await lane.send(chat_request("a"))

    assert max(transport.times_s) < 10.0
    assert asyncio.get_running_loop().time() < 10.0 + 16.0


@in_virtual_time
async def test_refusals_are_counted_by_their_code() -> None:
    stats = Stats()
    lane = FlexLane(make_lane(FakeTransport([SCARCE, SCARCE, BY_FLEX]), stats=stats), ALONE)

    await lane.send(chat_request("a"))

    assert dict(stats.retried) == {"resource_unavailable": 2}
    assert (stats.refused, stats.settled, stats.in_flight) == (0, 1, 0)
