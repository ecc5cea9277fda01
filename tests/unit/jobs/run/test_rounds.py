"""Rounds of a job of dependent calls: how many, what goes which way, what stops them."""

from collections import deque
from pathlib import Path

import pytest

from engine.errors import (
    FatalError,
    InterruptedRunError,
    RateLimitError,
    TransientError,
)
from engine.testing.calls import chat_request
from tests.rows import each_row
from tests.unit.engine.batch.desks import make_place, submit
from tests.unit.jobs.run.driven_rounds import (
    OUTAGE,
    POLL_S,
    Job,
    plan,
    working,
)


@each_row("step_count", [1, 2, 4])
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
