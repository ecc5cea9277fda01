"""Work in this process, in order: what does not depend on how many processes there are."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import EngineError, UnexpectedError
from jobs.processes.work_pool import MIN_BYTES, WorkCalls, WorkPool, map_in_order


def shout(body: bytes) -> bytes:
    if body == b"bad":
        raise ValueError("bad news")
    return body.upper()


class Late:
    """A pool whose first calls take longest."""

    window = 4

    def __init__(self) -> None:
        self.begun: list[bytes] = []

    async def call(self, body: bytes) -> bytes:
        self.begun.append(body)
        for _ in range(10 - 2 * len(self.begun)):
            await asyncio.sleep(0)
        return body.upper()


async def test_answers_come_in_order_whichever_is_ready_first() -> None:
    answers: list[bytes] = []

    await map_in_order(Late(), [b"a", b"b", b"c", b"d", b"e"], answers.append)

    assert answers == [b"A", b"B", b"C", b"D", b"E"]


async def test_bodies_are_drawn_when_they_are_needed() -> None:
    drawn: list[int] = []

    def bodies() -> Iterator[bytes]:
        for number in range(5):
            drawn.append(number)
            yield b"x"

    async with WorkPool() as pool:
        await map_in_order(WorkCalls(pool, shout, 0), bodies(), lambda _: drawn.append(-1))

    assert drawn == [0, -1, 1, -1, 2, -1, 3, -1, 4, -1]


async def test_what_the_work_raises_ends_all_and_is_raised() -> None:
    answers: list[bytes] = []

    async with WorkPool() as pool:
        with pytest.raises(UnexpectedError, match="bad news"):
            await map_in_order(WorkCalls(pool, shout, 0), [b"a", b"bad", b"c"], answers.append)

    assert answers == [b"A"]


async def test_an_error_of_ours_in_what_is_drawn_is_raised_as_it_is() -> None:
    error = EngineError("stop")

    def bodies() -> Iterator[bytes]:
        yield b"a"
        raise error

    async with WorkPool() as pool:
        with pytest.raises(EngineError) as raised:
            await map_in_order(WorkCalls(pool, shout, 0), bodies(), lambda _: None)

    assert raised.value is error


def test_no_process_is_started_for_little_text(tmp_path: Path) -> None:
    pool, path = WorkPool(worker_count=2), tmp_path / "text"
    counts = [pool.calls_of(shout, on=path).worker_count]
    for size in (MIN_BYTES - 1, MIN_BYTES):
        path.write_bytes(b"x" * size)
        counts.append(pool.calls_of(shout, on=path).worker_count)

    assert counts == [0, 0, 2]
    assert WorkPool(worker_count=1).calls_of(shout, on=path).worker_count == 0
