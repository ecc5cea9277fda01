"""The limiter's arithmetic, in virtual time."""

import asyncio

import pytest

from engine.live.pace.minute_limiter import MinuteLimiter
from engine.testing.clocks import in_virtual_time


async def take(limiter: MinuteLimiter, units: float, times: int = 1) -> float:
    """Take `units` so many times; the time it took."""
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    for _ in range(times):
        await limiter.take(units * limiter.unit_s)
    return loop.time() - started_s


@in_virtual_time
async def test_units_are_spent_evenly_after_a_short_burst() -> None:
    limiter = MinuteLimiter(1200, burst_s=0.5)

    burst_s = await take(limiter, 1, times=10)
    rest_s = await take(limiter, 1, times=200)

    assert burst_s == 0
    assert rest_s == pytest.approx(10.0, abs=0.01)


@in_virtual_time
async def test_unknown_limit_holds_nothing_back() -> None:
    limiter = MinuteLimiter(None, burst_s=0.5)

    assert await take(limiter, 1_000_000, times=100) == 0


@in_virtual_time
async def test_request_larger_than_a_burst_goes_and_the_next_ones_pay_for_it() -> None:
    limiter = MinuteLimiter(600, burst_s=0.5)

    large_s = await take(limiter, 100)
    next_s = await take(limiter, 1)

    assert large_s == 0
    assert next_s == pytest.approx(10.1 - 0.5, abs=0.01)


@in_virtual_time
async def test_refund_is_spent_by_the_next_and_not_saved_beyond_one_burst() -> None:
    limiter = MinuteLimiter(600, burst_s=0.5)
    await take(limiter, 5)

    limiter.give_back(100 * limiter.unit_s)
    free_s = await take(limiter, 5)
    paid_s = await take(limiter, 5)

    assert free_s == 0
    assert paid_s == pytest.approx(0.5, abs=0.01)


@in_virtual_time
async def test_refund_that_comes_while_somebody_waits_is_not_lost() -> None:
    limiter = MinuteLimiter(600, burst_s=0.5)
    await take(limiter, 5)
    waiting = asyncio.create_task(take(limiter, 5))
    await asyncio.sleep(0.1)

    limiter.give_back(5 * limiter.unit_s)
    await waiting

    assert await take(limiter, 5) == 0


@in_virtual_time
async def test_idle_bucket_voids_a_refund() -> None:
    limiter = MinuteLimiter(600, burst_s=0.5)
    await take(limiter, 5)
    limiter.give_back(5 * limiter.unit_s)

    await asyncio.sleep(60)

    assert await take(limiter, 1, times=5) == 0
    assert await take(limiter, 1) == pytest.approx(0.1, abs=0.01)


@in_virtual_time
async def test_cancelled_wait_takes_nothing() -> None:
    limiter = MinuteLimiter(600, burst_s=0.5)
    await take(limiter, 5)
    waiting = asyncio.create_task(take(limiter, 5))
    await asyncio.sleep(0.2)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert await take(limiter, 5) == pytest.approx(0.3, abs=0.01)


@in_virtual_time
async def test_new_limit_holds_from_the_next_unit_but_never_above_the_ceiling() -> None:
    limiter = MinuteLimiter(600, burst_s=0.5)
    await take(limiter, 5)

    was_news = [limiter.follow(300), limiter.follow(300)]
    halved_s = await take(limiter, 1, times=10)
    limiter.follow(6000)
    full_s = await take(limiter, 1, times=10)

    assert was_news == [True, False]
    assert halved_s == pytest.approx(2.0, abs=0.01)
    assert full_s == pytest.approx(1.0, abs=0.01)


@in_virtual_time
async def test_debt_that_is_not_ours_is_waited_for() -> None:
    limiter = MinuteLimiter(600, burst_s=0.5)

    is_foreign = [limiter.note_debt(debt_s) for debt_s in (0.5, 0.6, 0.9, 40.0)]
    await take(limiter, 5)

    assert is_foreign == [False, False, True, False]
    assert asyncio.get_running_loop().time() == pytest.approx(0.4, abs=0.03)


@in_virtual_time
async def test_refusals_slow_down_and_answers_speed_up_again() -> None:
    limiter = MinuteLimiter(600, burst_s=0.5)

    limiter.slow_down()
    slow = limiter.pace
    for _ in range(1000):
        limiter.speed_up()

    assert slow == pytest.approx(0.85)
    assert limiter.pace == pytest.approx(1.0)


@in_virtual_time
async def test_small_units_are_paid_a_tick_ahead_but_not_beyond_a_full_bucket() -> None:
    limiter = MinuteLimiter(12_000, burst_s=0.5)

    await limiter.take(limiter.unit_s)
    is_paid = [limiter.is_paid(count * limiter.unit_s) for count in (9, 10)]
    await asyncio.sleep(60)

    assert is_paid == [True, False]
    assert not limiter.is_paid(limiter.unit_s)
