import asyncio

import pytest

from engine.errors import EngineError, QuotaError, StorageError, UnexpectedError
from engine.workers import as_engine_error, run_workers
from tests.rows import each_row


async def test_others_land_when_one_worker_fails_unforeseen() -> None:
    numbers = iter(range(10))
    all_begun = asyncio.Barrier(10)
    landed: list[int] = []
    errors: list[EngineError] = []

    async def work() -> None:
        number = next(numbers)
        await all_begun.wait()
        await asyncio.sleep(0.0 if number == 3 else 0.01)
        if number == 3:
            raise KeyError("no such thing")
        landed.append(number)

    await run_workers(work, 10, on_error=errors.append)

    assert sorted(landed) == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    [error] = errors
    assert isinstance(error, UnexpectedError)
    assert "KeyError" in str(error)
    assert "test_workers.py" in str(error)


async def test_no_more_than_twice_the_workers_are_started_that_find_something_to_begin() -> None:
    numbers = iter(range(5))
    started = landed = 0

    async def work() -> None:
        nonlocal started, landed
        started += 1
        for _ in numbers:
            await asyncio.sleep(0.001)
            landed += 1

    await run_workers(work, 10_000, on_error=lambda _: None)

    assert landed == 5
    assert 5 < started <= 10


@each_row("begun_count", [0, 1, 2, 5, 7])
async def test_cancelling_ends_all_workers(begun_count: int) -> None:
    begun: list[int] = []
    ended: list[int] = []

    async def work() -> None:
        begun.append(1)
        try:
            await asyncio.sleep(10)
        finally:
            ended.append(1)

    running = asyncio.create_task(run_workers(work, 7, on_error=lambda _: None))
    await asyncio.sleep(0)
    while len(begun) < begun_count:
        await asyncio.sleep(0)
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(ended) == len(begun) >= begun_count


@each_row("error, kind", [(OSError(24, "too many"), StorageError), (QuotaError("no"), QuotaError)])
def test_error_keeps_its_meaning(error: Exception, kind: type[Exception]) -> None:
    assert type(as_engine_error(error)) is kind
