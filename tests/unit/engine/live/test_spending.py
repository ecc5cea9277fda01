import asyncio
import random
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from engine.errors import CONNECTION_LOST, NeverSentError, QuotaError, TransientError
from engine.files.sends import SendLog
from engine.files.sent_sums import read_sends
from engine.live.lane import LiveLane
from engine.spending.budget import Budget
from engine.stats.counters import Stats
from engine.testing.calls import chat_request
from engine.testing.clocks import LoopClock, in_virtual_time
from engine.testing.transport import FakeTransport, Step, error_answer, good_answer
from engine.wire.endpoints import Endpoint
from engine.wire.replies.responses import HttpResponse
from schemas.outcomes import Completed, Failed
from schemas.settings import LimitSettings
from tests.rows import each_row
from tests.unit.engine.live.lanes import ENDPOINT, price, send_by_workers

WORST_USD = 0.121  # the 86 bytes of its body count as 21 tokens in; 100 out
REAL_USD = 0.07
LOST = TransientError("reset by peer", code=CONNECTION_LOST)


def make_lane(budget: Budget, *steps: Step, transport: FakeTransport | None = None) -> LiveLane:
    return LiveLane(
        [ENDPOINT],
        settings=LimitSettings(),
        transport=transport or FakeTransport(steps),
        clock=LoopClock(),
        budget=budget,
        stats=Stats(),
        rng=random.Random(1),
    )


def without_usage() -> HttpResponse:
    answer = good_answer()
    body = orjson.loads(answer.body)
    del body["usage"]
    return answer._replace(body=orjson.dumps(body))


@each_row(
    "steps, spent_usd",
    [
        ([], REAL_USD),
        ([LOST], WORST_USD + REAL_USD),
        ([LOST, LOST], 2 * WORST_USD + REAL_USD),
        ([NeverSentError("refused")], REAL_USD),
        ([error_answer(429, "rate_limit_exceeded")], REAL_USD),
        ([error_answer(500, "server_error")], REAL_USD),
        ([error_answer(504, "gateway_timeout")], WORST_USD + REAL_USD),
        ([without_usage()], WORST_USD),
    ],
)
@in_virtual_time
async def test_every_send_that_may_have_been_billed_counts(
    tmp_path: Path, steps: list[Step], spent_usd: float
) -> None:
    log = SendLog(tmp_path / "sends.jsonl", is_synced=False)
    budget = Budget(cap_usd=1.0, spent_usd=0.0, price=price, record=log, tier_shares={})
    lane = make_lane(budget, *steps)

    outcome = await lane.send(chat_request("a"))

    assert isinstance(outcome, Completed)
    assert budget.spent_usd == pytest.approx(spent_usd)
    lost_usd = sum(read_sends(tmp_path / "sends.jsonl").lost_usd.values())
    assert lost_usd + (outcome.cost_usd or 0.0) == pytest.approx(spent_usd)


@in_virtual_time
async def test_cost_that_is_our_own_count_is_marked() -> None:
    lane = make_lane(Budget(cap_usd=None, spent_usd=0.0, price=price), without_usage())

    first, second = [await lane.send(chat_request(name)) for name in ("a", "b")]

    assert (first.is_estimated, second.is_estimated) == (True, False)
    assert first.cost_usd == pytest.approx(WORST_USD)


@in_virtual_time
async def test_second_send_of_a_reply_that_was_cut_off_needs_room_of_its_own() -> None:
    budget = Budget(cap_usd=0.25, spent_usd=0.0, price=price)  # the second may cost 0.22
    lane = make_lane(budget, good_answer(finish_reason="length", completion_tokens=100))

    outcome = await lane.send(chat_request("a"))

    assert isinstance(outcome, Failed)
    assert outcome.code == "truncated"
    assert budget.spent_usd == pytest.approx(0.12)


@in_virtual_time
async def test_money_that_runs_out_ends_all_that_wait_and_lands_what_is_in_flight() -> None:
    budget = Budget(cap_usd=0.3, spent_usd=0.0, price=price, tier_shares={})
    lane = make_lane(budget)

    ends = await asyncio.gather(
        *(lane.send(chat_request(f"r{number}")) for number in range(6)), return_exceptions=True
    )

    completed = [end for end in ends if isinstance(end, Completed)]
    assert len(completed) == 3
    assert all(isinstance(end, Completed | QuotaError) for end in ends)
    assert budget.spent_usd == pytest.approx(3 * REAL_USD)


def as_long_as_allowed(wanted_tokens: int, payload: bytes) -> HttpResponse:
    """The reply of a model that wants to write so much."""
    limit = orjson.loads(payload)["max_completion_tokens"]
    if wanted_tokens < limit:
        return good_answer(completion_tokens=wanted_tokens)
    return good_answer(finish_reason="length", completion_tokens=limit)


@in_virtual_time
async def test_the_end_of_a_budget_is_spent_as_fast_as_its_beginning() -> None:
    transport = FakeTransport(responder=lambda _, payload: as_long_as_allowed(10, payload))
    budget = Budget(cap_usd=3.0, spent_usd=0.0, price=price)  # 100 replies of 0.03, worst 0.121
    lane = make_lane(budget, transport=transport)

    with pytest.raises(ExceptionGroup, match="unhandled") as raised:
        await send_by_workers(lane, 200, workers=20)

    assert all(isinstance(error, QuotaError) for error in raised.value.exceptions)
    assert len(transport.sent) >= 98
    assert max(transport.times_s) < 1.5  # 20 at once, 0.1 s each
    assert 2.9 < budget.spent_usd <= 3.0


@in_virtual_time
async def test_a_reply_that_the_budgets_limit_cut_off_is_asked_again_with_its_own() -> None:
    wanted = iter([10] * 31 + [60] * 2)
    transport = FakeTransport(
        responder=lambda _, payload: as_long_as_allowed(next(wanted), payload)
    )
    budget = Budget(cap_usd=2.2, spent_usd=0.0, price=price)
    lane = make_lane(budget, transport=transport)
    for number in range(30):
        await lane.send(chat_request(f"r{number}"))
    budget.spent_usd = 1.8  # two worst cases do not fit any more

    outcomes = await asyncio.gather(lane.send(chat_request("a")), lane.send(chat_request("b")))

    limits = [orjson.loads(payload)["max_completion_tokens"] for _, _, payload in transport.sent]
    assert limits == [100] * 31 + [16, 100]
    assert [outcome.attempts for outcome in outcomes] == [1, 2]
    assert all(isinstance(outcome, Completed) for outcome in outcomes)
    assert budget.spent_usd == pytest.approx(1.8 + 0.03 + 0.036 + 0.08)


@in_virtual_time
async def test_a_reply_that_was_cut_off_for_the_budget_is_no_answer_when_money_runs_out() -> None:
    wanted = iter([10] * 30 + [60])
    transport = FakeTransport(
        responder=lambda _, payload: as_long_as_allowed(next(wanted), payload)
    )
    budget = Budget(cap_usd=2.0, spent_usd=0.0, price=price)
    lane = make_lane(budget, transport=transport)
    for number in range(30):
        await lane.send(chat_request(f"r{number}"))
    budget.spent_usd = 1.9  # not one worst case fits any more

    with pytest.raises(QuotaError, match="it may cost"):
        await lane.send(chat_request("a"))

    assert budget.spent_usd == pytest.approx(1.9 + 0.036)


@each_row(
    "tier, share, noted",
    [
        (None, 1.0, ""),
        ("default", 1.0, ""),
        ("flex", 0.5, "flex"),
        ("batch", 0.5, "batch"),
        ("priority", 2.0, "priority"),
        ("scale", 1.0, "scale"),
    ],
)
@in_virtual_time
async def test_price_is_that_of_the_tier_in_the_reply(
    tier: str | None, share: float, noted: str
) -> None:
    budget = Budget(cap_usd=None, spent_usd=0.0, price=price)
    lane = make_lane(budget, good_answer(service_tier=tier))
    asked_for_flex = replace(chat_request("a"), way=b'"service_tier":"flex"')

    outcome = await lane.send(asked_for_flex)

    assert outcome.cost_usd == budget.spent_usd == pytest.approx(REAL_USD * share)
    assert outcome.service_tier == noted


@in_virtual_time
async def test_tier_that_costs_more_is_held_at_its_price_and_flex_at_the_live_one() -> None:
    budget = Budget(cap_usd=9.0, spent_usd=0.0, price=price)
    lane = make_lane(budget)  # whose replies name no tier

    held: list[object] = []
    for way in (b"", b'"service_tier":"priority"', b'"store":true,"service_tier":"flex"'):
        request = replace(chat_request("a"), way=way)
        unknown_usd = budget.send(request).worst_usd
        await lane.send(request)
        held.append((unknown_usd, budget.send(request).worst_usd))

    unknown, told = zip(*held, strict=True)
    assert unknown == pytest.approx([2 * WORST_USD] * 3)
    assert told == pytest.approx([WORST_USD, 2 * WORST_USD, WORST_USD])


@in_virtual_time
async def test_tier_that_replies_come_at_unasked_is_what_further_requests_are_held_at() -> None:
    budget = Budget(cap_usd=1.0, spent_usd=0.0, price=price)
    await make_lane(budget, good_answer(service_tier="priority")).send(chat_request("a"))

    async with budget.send(chat_request("b")) as send:
        assert send.worst_usd == pytest.approx(2 * WORST_USD)


@each_row("knows_limits", [True, False])
@in_virtual_time
async def test_requests_without_an_output_limit_are_held_at_what_replies_take(
    knows_limits: bool,
) -> None:
    unlimited = 0

    def respond(_: Endpoint, payload: bytes) -> Step:
        nonlocal unlimited
        is_limited = b"max_completion_tokens" in payload
        unlimited += not is_limited
        if is_limited and not knows_limits:
            words = "Unrecognized request argument supplied: max_completion_tokens"
            return error_answer(400, "unknown_parameter", words)
        return good_answer(completion_tokens=10)

    # the worst case is 128.04, and twice that until a tier is known
    budget = Budget(cap_usd=260.0, spent_usd=0.0, price=price)
    lane = make_lane(budget, transport=FakeTransport(responder=respond))

    ends = await asyncio.gather(
        *(lane.send(chat_request(f"r{number}", output_tokens=0)) for number in range(60))
    )

    assert all(isinstance(end, Completed) for end in ends)
    assert (unlimited < 30) is knows_limits
    assert budget.spent_usd == pytest.approx(60 * 0.03)
