"""Rounds that go by flex first."""

from datetime import timedelta
from pathlib import Path

from engine.testing.stage_parts import FakeLane
from schemas.outcomes import Outcome
from schemas.requests import Request
from tests.rows import each_row
from tests.unit.engine.batch.desks import make_place
from tests.unit.jobs.run.driven_rounds import (
    FakeFlex,
    Job,
    plan,
    working,
)


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


@each_row("is_scarce, live_count", [(False, 2), (True, 0)])
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


@each_row("lane", ["batch", "live"])
async def test_other_lanes_do_not_try_flex(lane: str, tmp_path: Path) -> None:
    place = make_place(tmp_path)
    job = Job(place, ["a"], ["s"])
    job.flex = FakeFlex(100)

    await job.round(plan(lane))

    assert job.flex.sent == []
