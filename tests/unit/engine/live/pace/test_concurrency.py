"""How the number of requests in flight moves."""

import asyncio

import pytest

from engine.live.pace.concurrency import Slots
from engine.testing.clocks import LoopClock, in_virtual_time


async def fill(slots: Slots, waiting: int) -> list[asyncio.Task[None]]:
    """Take every slot and let so many more wait."""
    while slots.in_use < slots.limit:
        await slots.acquire()
    tasks = [asyncio.create_task(slots.acquire()) for _ in range(waiting)]
    await asyncio.sleep(0)
    return tasks


@in_virtual_time
async def test_it_grows_by_one_a_reply_while_callers_wait_for_it() -> None:
    slots = Slots(4, ceiling=64, clock=LoopClock())
    await fill(slots, waiting=60)

    for _ in range(10):
        slots.note_answer(is_bottleneck=True)

    assert (slots.limit, slots.in_use) == (14, 14)


@in_virtual_time
async def test_it_does_not_grow_while_nobody_waits_for_it_nor_above_its_ceiling() -> None:
    idle = Slots(4, ceiling=64, clock=LoopClock())
    busy = Slots(4, ceiling=6, clock=LoopClock())
    await fill(busy, waiting=60)

    for _ in range(10):
        idle.note_answer(is_bottleneck=True)
        busy.note_answer(is_bottleneck=True)

    assert (idle.limit, busy.limit) == (4, 6)


@in_virtual_time
async def test_overload_halves_it_once_for_all_that_were_in_flight_then_it_grows_slowly() -> None:
    slots = Slots(16, ceiling=64, clock=LoopClock())
    await fill(slots, waiting=60)
    await asyncio.sleep(1)

    for _ in range(16):
        slots.note_overload(sent_s=0.5)
    halved = slots.limit
    for _ in range(8):
        slots.note_answer(is_bottleneck=True)

    assert (halved, slots.limit) == (8, 8)
    slots.note_answer(is_bottleneck=True)
    slots.note_answer(is_bottleneck=True)
    assert slots.limit == 9


@in_virtual_time
async def test_now_and_then_an_overload_changes_nothing() -> None:
    slots = Slots(16, ceiling=64, clock=LoopClock())

    for _ in range(20):
        slots.note_overload(sent_s=0.0)
        for _ in range(10):
            slots.note_answer(is_bottleneck=True)

    assert slots.limit == 16


@in_virtual_time
async def test_it_never_falls_below_one() -> None:
    slots = Slots(2, ceiling=64, clock=LoopClock())

    for second in range(1, 99):
        await asyncio.sleep(1)
        slots.note_overload(sent_s=float(second))

    assert slots.limit == 1


@in_virtual_time
async def test_waiting_callers_come_first_and_a_cancelled_one_takes_nothing() -> None:
    slots = Slots(1, ceiling=1, clock=LoopClock())
    first, second = await fill(slots, waiting=2)
    first.cancel()

    slots.release()
    await second

    assert slots.in_use == 1
    with pytest.raises(asyncio.CancelledError):
        await first


@in_virtual_time
async def test_slot_given_to_a_caller_that_was_cancelled_meanwhile_is_passed_on() -> None:
    slots = Slots(1, ceiling=1, clock=LoopClock())
    first, second = await fill(slots, waiting=2)

    slots.release()
    first.cancel()
    await second

    assert slots.in_use == 1
    assert first.cancelled()
