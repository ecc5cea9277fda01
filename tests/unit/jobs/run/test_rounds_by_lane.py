"""Rounds near a deadline, and which lane they take."""

from collections import deque
from datetime import timedelta
from pathlib import Path

import pytest

from engine.errors import (
    TransientError,
)
from engine.testing.batch_provider import answered_line
from engine.testing.clocks import EPOCH
from tests.unit.engine.batch.desks import make_place
from tests.unit.jobs.run.driven_rounds import (
    OUTAGE,
    Job,
    plan,
)


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
