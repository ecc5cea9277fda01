import asyncio

import pytest

from engine.errors import EngineError, QuotaError, StorageError, UnexpectedError
from engine.workers import as_engine_error, run_workers
from tests.rows import each_row


async def test_others_land_when_one_worker_fails_unforeseen() -> None:
    numbers = iter(range(10))
    landed: list[int] = []
    errors: list[EngineError] = []

    async def work() -> None:
        number = next(numbers)
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


async def test_cancelling_ends_all_workers() -> None:
    ended: list[int] = []

    async def work() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            ended.append(1)

    running = asyncio.create_task(run_workers(work, 3, on_error=lambda _: None))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(ended) == 3


@each_row("error, kind", [(OSError(24, "too many"), StorageError), (QuotaError("no"), QuotaError)])
def test_error_keeps_its_meaning(error: Exception, kind: type[Exception]) -> None:
    assert type(as_engine_error(error)) is kind
