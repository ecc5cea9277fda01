"""Rounds of a job of dependent calls: how many, what goes which way, what stops them."""

from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.batch.lane import BatchLane
from engine.errors import (
    Deferred,
    FatalError,
    InterruptedRunError,
    LeftToOthersError,
    RateLimitError,
    TransientError,
)
from engine.testing.batch_provider import answered_line
from engine.testing.calls import chat_request
from engine.testing.clocks import EPOCH
from engine.testing.stage_parts import FakeLane
from jobs.run.lanes import LanePlan
from jobs.run.rounds import Rounds
from schemas.outcomes import Outcome
from schemas.requests import Request
from tests.unit.engine.batch.desks import Bench, Place, make_place, submit

OUTAGE = TransientError("no answer", code="connection_failed")
POLL_S = 10.0


def plan(lane: Any = "batch", **changes: Any) -> LanePlan:
    fields = {"waits": False, "deadline": None, "live_below": 0, "requests_per_minute": 60.0}
    return LanePlan(lane=lane, **{**fields, **changes})


class Job:
    """Items of which each asks for several things, one after the other."""

    def __init__(self, place: Place, items: Sequence[str], steps: Sequence[str]) -> None:
        self._place = place
        self._items = items
        self._steps = steps
        self.live = FakeLane()
        self.flex: FakeFlex | None = None
        self.name = "dataset"
        self.pass_count = 0

    async def round(self, plan: LanePlan, *, is_changed: bool = False, **settings: Any) -> bool:
        """A process; returns whether everything is done."""
        async with self._place.open(poll_s=POLL_S, **settings) as bench:
            return await self.rounds(bench, plan).run_to_end(is_changed=is_changed)

    def rounds(self, bench: Bench, plan: LanePlan) -> "Driven":
        self.lane = BatchLane(bench.desk, self.live, self.flex)
        rounds = Rounds(
            self.run_pass,
            bench.desk,
            self.lane,
            plan=plan,
            poll_s=POLL_S,
            clock=self._place.clock,
            stopping=bench.stopping,
        )
        return Driven(rounds, self)

    async def run_pass(self) -> bool:
        self.pass_count += 1
        ends = [await self._go_on(item) for item in self._items]
        return all(ends)

    async def _go_on(self, item: str) -> bool:
        for step in self._steps:
            request = chat_request(f"{item}.{step}")
            if request.request_id not in self._place.settled:
                try:
                    outcome = await self.lane.send(request)
                except Deferred:
                    return False
                self._place.settled[request.request_id] = outcome
        return True

    @property
    def is_done(self) -> bool:
        wanted = {f"{item}.{step}" for item in self._items for step in self._steps}
        return wanted <= self._place.settled.keys()


class Driven:
    """Rounds, and whether they have brought the job to its end."""

    def __init__(self, rounds: Rounds, job: Job) -> None:
        self._rounds = rounds
        self._job = job

    async def run_to_end(self, *, is_changed: bool) -> bool:
        await self._rounds.run(self._job.name, is_changed=is_changed)
        return self._job.is_done


def working(place: Place) -> None:
    """Have the provider end all batches whenever somebody sleeps."""
    place.clock.on_sleep = place.provider.end_all


@pytest.mark.parametrize("step_count", [1, 2, 4])
async def test_rounds_are_the_longest_chain_of_calls_and_one_more(
    step_count: int, tmp_path: Path
) -> None:
    place = make_place(tmp_path)
    job = Job(place, ["a", "b", "c"], [f"s{number}" for number in range(step_count)])
    round_count = 1

    while not await job.round(plan()):
        place.provider.end_all()
        round_count += 1

    assert round_count == step_count + 1
    assert len(place.provider.batches) == step_count


async def test_round_in_which_nothing_has_ended_passes_over_nothing(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    job = Job(place, ["a"], ["s"])

    await job.round(plan())
    await job.round(plan())

    assert job.pass_count == 1
    assert len(place.provider.batches) == 1


async def test_items_whose_requests_fit_into_no_batch_go_on_in_the_same_round(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    job = Job(place, ["a", "b"], ["s1", "s2"])

    is_done = await job.round(plan(), max_file_mb=0.0001)

    assert is_done
    assert {getattr(o, "code", "") for o in place.settled.values()} == {"request_too_large"}
    assert not place.provider.batches


async def test_waiting_goes_on_to_the_end(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    working(place)
    job = Job(place, ["a", "b"], ["s1", "s2"])

    is_done = await job.round(plan(waits=True))

    assert is_done
    assert job.live.sent == []


async def test_outage_of_hours_is_waited_out(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    working(place)
    place.provider.faults["retrieve"] = deque([OUTAGE] * 40)
    place.provider.faults["upload"] = deque([OUTAGE, OUTAGE, None, OUTAGE])
    place.provider.faults["delete"] = deque([OUTAGE])
    job = Job(place, ["a", "b"], ["s1", "s2"])

    is_done = await job.round(plan(waits=True))

    assert is_done
    assert len(place.provider.batches) == 2
    assert place.provider.files == {}


async def test_outage_ends_a_single_round_with_its_reason(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    place.provider.faults["upload"] = deque([OUTAGE])
    job = Job(place, ["a"], ["s"])

    with pytest.raises(TransientError, match="no answer"):
        await job.round(plan())
    await job.round(plan())

    assert place.provider.custom_ids("000001") == ["a.s"]


async def test_provider_that_names_a_time_is_left_alone_until_then(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    working(place)
    limited = RateLimitError("429", code="rate_limit_exceeded", status=429, retry_after_s=900.0)
    place.provider.faults["create"] = deque([limited])
    job = Job(place, ["a"], ["s"])

    await job.round(plan(waits=True))

    assert 900.0 in place.clock.slept_s


async def test_refusal_ends_waiting_too(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    place.provider.faults["upload"] = deque([FatalError("no")])
    job = Job(place, ["a"], ["s"])

    with pytest.raises(FatalError):
        await job.round(plan(waits=True))


async def test_interrupt_ends_waiting_at_once(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    job = Job(place, ["a"], ["s"])

    async with place.open(poll_s=POLL_S) as bench:
        place.clock.on_sleep = lambda: bench.stopping.request(InterruptedRunError(2))
        with pytest.raises(InterruptedRunError):
            await job.rounds(bench, plan(waits=True)).run_to_end(is_changed=False)

    assert len(place.provider.batches) == 1


async def test_live_lane_buys_nothing_that_is_out_and_sends_what_waits(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    job = Job(place, ["a", "b", "c"], ["s1", "s2"])

    await job.round(plan(), max_enqueued_tokens=45)  # c has to wait
    first = await job.round(plan("live"), max_enqueued_tokens=45)
    sent_first = list(job.live.sent)
    place.provider.end_all()
    second = await job.round(plan("live"), max_enqueued_tokens=45)

    assert (first, second) == (False, True)
    assert sent_first == ["c.s1", "c.s2"]
    assert job.live.sent == ["c.s1", "c.s2", "a.s2", "b.s2"]
    assert len(place.provider.batches) == 1


async def test_auto_sends_the_bulk_in_batches_and_remainders_live(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    job = Job(place, ["a", "b", "c"], ["s1", "s2"])
    auto = plan("auto", live_below=3)

    await job.round(auto)
    batch = next(iter(place.provider.batches.values()))
    place.provider.end("000001", "expired", output=[answered_line("a.s1"), answered_line("b.s1")])
    is_done = await job.round(auto)

    assert batch.remote.status == "in_progress"
    assert not is_done  # c.s1 and the second steps of a and b are enough for another batch
    assert job.live.sent == []
    place.provider.end(
        "000002", output=[answered_line("a.s2"), answered_line("b.s2"), answered_line("c.s1")]
    )
    assert await job.round(auto)
    assert job.live.sent == ["c.s2"]


async def test_near_the_deadline_batches_are_cancelled_and_the_rest_goes_live(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    job = Job(place, ["a", "b"], ["s1", "s2"])
    auto = plan("auto", deadline=EPOCH + timedelta(hours=6))

    await job.round(auto)
    place.clock.go(hours=5, minutes=55)
    place.provider.faults["cancel"] = deque([OUTAGE])
    with pytest.raises(TransientError):
        await job.round(auto)
    while_cancelling = await job.round(auto)
    place.provider.end("000001", "cancelled", output=[answered_line("a.s1")])
    is_done = await job.round(auto)

    assert not while_cancelling
    assert is_done
    assert job.live.sent == ["a.s2", "b.s1", "b.s2"]
    assert place.provider.calls["cancel"] == 2
    assert place.settled["a.s1"].lane == "batch"


async def test_near_the_deadline_what_waits_for_a_batch_goes_live_at_once(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    job = Job(place, ["a", "b", "c"], ["s"])
    auto = plan("auto", deadline=EPOCH + timedelta(hours=6))

    await job.round(auto, max_enqueued_tokens=45)
    place.clock.go(hours=5, minutes=55)
    await job.round(auto)

    assert job.live.sent == ["c.s"]
    assert len(place.provider.batches) == 1


async def test_waiting_ends_when_the_plan_changes(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    job = Job(place, ["a"], ["s"])
    auto = plan("auto", waits=True, deadline=EPOCH + timedelta(hours=6))

    def end_what_is_cancelled() -> None:
        for batch in place.provider.batches.values():
            if batch.remote.status == "cancelling":
                place.provider.end("000001", "cancelled", output=[])

    place.clock.on_sleep = end_what_is_cancelled
    is_done = await job.round(auto, max_poll_s=100_000.0)

    assert is_done
    assert job.live.sent == ["a.s"]
    assert timedelta(hours=5) < place.clock.now - EPOCH < timedelta(hours=6)


async def test_what_an_earlier_call_spooled_and_is_no_longer_asked_is_not_bought(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    job = Job(place, ["a"], ["s"])

    async with place.open() as bench:  # killed before it had submitted anything
        await bench.desk.spool(chat_request("of other settings"))
    await job.round(plan())

    assert place.provider.custom_ids("000001") == ["a.s"]


async def test_pass_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    await Job(place, ["a"], ["s"]).round(plan())
    job = Job(place, ["a", "b", "c"], ["s"])

    async with place.open() as bench:  # killed in the middle of a pass over more documents
        await bench.desk.spool(chat_request("b.s"))
    await job.round(plan())

    assert place.provider.custom_ids("000002") == ["b.s", "c.s"]


async def test_commands_that_share_a_ledger_do_not_take_each_others_passes(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    dataset, evaluation = Job(place, ["a"], ["s"]), Job(place, ["x", "y"], ["s1", "s2"])
    evaluation.name = "evaluation"

    await dataset.round(plan())
    place.provider.end_all()
    await evaluation.round(plan(), max_requests=1)  # collects what the other one waits for
    is_dataset_done = await dataset.round(plan())
    place.provider.end("000002")
    await dataset.round(plan())  # collects the half of what the evaluation waits for
    await evaluation.round(plan())

    assert is_dataset_done
    assert place.provider.custom_ids("000004") == ["x.s2"]


async def test_batches_that_nothing_waits_for_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, chat_request("of other settings"))
    is_done = await Job(place, [], []).round(plan(), is_changed=True)

    assert is_done
    assert "1 batches are out that this command does not wait for" in caplog.text


class FakeFlex(FakeLane):
    """Flex that has capacity for so many requests, and leaves the others."""

    def __init__(self, capacity: int, *, is_scarce: bool = True) -> None:
        super().__init__()
        self.capacity = capacity
        self.is_scarce = is_scarce

    async def send(self, request: Request) -> Outcome:
        if self.capacity <= 0:
            raise LeftToOthersError("left", is_scarce=self.is_scarce)
        self.capacity -= 1
        return await super().send(request)


async def test_auto_goes_by_flex_alone_while_it_has_capacity(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    job = Job(place, ["a", "b", "c"], ["s1", "s2"])
    job.flex = FakeFlex(100)

    is_done = await job.round(plan("auto"))

    assert is_done
    assert len(job.flex.sent) == 6
    assert (job.live.sent, place.provider.batches) == ([], {})


async def test_what_flex_leaves_goes_into_a_batch_and_on_by_flex(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    working(place)
    job = Job(place, [f"i{number}" for number in range(10)], ["s1", "s2"])
    job.flex = FakeFlex(4)

    is_done = await job.round(plan("auto", waits=True, live_below=3))

    assert is_done
    assert job.live.sent == []
    batched = [each for each in place.settled.values() if each.lane == "batch"]
    assert (len(job.flex.sent), len(batched)) == (4, 16)


@pytest.mark.parametrize(("is_scarce", "live_count"), [(False, 2), (True, 0)])
async def test_little_that_flex_leaves_goes_live_unless_it_was_to_cost_half(
    tmp_path: Path, *, is_scarce: bool, live_count: int
) -> None:
    place = make_place(tmp_path)
    working(place)
    job = Job(place, ["a", "b", "c"], ["s"])
    job.flex = FakeFlex(1, is_scarce=is_scarce)

    is_done = await job.round(plan("auto", waits=True, live_below=3))

    assert is_done
    assert (len(job.flex.sent), len(job.live.sent)) == (1, live_count)


async def test_near_the_deadline_nothing_waits_for_flex(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    job = Job(place, ["a", "b"], ["s"])
    job.flex = FakeFlex(100)
    late = plan("auto", deadline=place.clock.now + timedelta(minutes=3), work_left=lambda: 90)

    is_done = await job.round(late)

    assert is_done
    assert (len(job.flex.sent), len(job.live.sent)) == (0, 2)


async def test_flex_is_left_in_the_middle_of_a_pass_when_the_deadline_comes_near(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    job = Job(place, [f"i{number}" for number in range(10)], ["s"])
    left = [10]
    job.flex = FakeFlex(100)

    async def slow(request: Request) -> Outcome:
        place.clock.go(minutes=2)
        left[0] -= 1
        return await FakeLane.send(job.flex, request)  # type: ignore[arg-type]

    job.flex.send = slow  # type: ignore[method-assign]
    deadline = place.clock.now + timedelta(minutes=12)

    is_done = await job.round(plan("auto", deadline=deadline, work_left=lambda: left[0]))

    assert is_done
    assert (len(job.flex.sent), len(job.live.sent)) == (5, 5)


@pytest.mark.parametrize("lane", ["batch", "live"])
async def test_other_lanes_do_not_try_flex(lane: str, tmp_path: Path) -> None:
    place = make_place(tmp_path)
    job = Job(place, ["a"], ["s"])
    job.flex = FakeFlex(100)

    await job.round(plan(lane))

    assert job.flex.sent == []
