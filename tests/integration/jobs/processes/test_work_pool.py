"""Processes that compute: what they come to, and that none is left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobs.processes.work_pool import WorkCalls, WorkPool, map_in_order
from tests.integration.jobs.documents.reading_folders import is_running, until, worker_ids

MODULE = "jobs.processes.work_process"
PATIENCE_S = 20
PARENT = """
import asyncio, sys
from jobs.processes.work_pool import WorkCalls, WorkPool, map_in_order
from tests.integration.jobs.processes.test_work_pool import wait

async def main():
    async with WorkPool(worker_count=2) as pool:
        await map_in_order(WorkCalls(pool, wait, 2), [b"60", b"60"], print)

asyncio.run(main())
"""


def wait(body: bytes) -> bytes:
    time.sleep(float(body))
    return body


def process_of(_: bytes) -> bytes:
    return str(os.getpid()).encode()


def count_words(body: bytes) -> bytes:
    return str(len(body.split())).encode()


def fail(body: bytes) -> bytes:
    raise ValueError(body.decode())


async def test_answers_do_not_depend_on_the_number_of_processes() -> None:
    bodies = [b"." + b"word " * n for n in range(1, 200)]
    answers: dict[int, list[bytes]] = {}

    for worker_count in (0, 2, 3):
        answers[worker_count] = []
        async with WorkPool(worker_count=worker_count) as pool:
            calls = WorkCalls(pool, count_words, worker_count)
            await map_in_order(calls, bodies, answers[worker_count].append)

    assert answers[0] == answers[2] == answers[3]
    assert worker_ids(module=MODULE) == []


async def test_the_work_is_done_in_other_processes() -> None:
    ids: set[bytes] = set()

    async with WorkPool(worker_count=2) as pool:
        await asyncio.gather(*(pool.call(process_of, b"x") for _ in range(20)))
        await map_in_order(WorkCalls(pool, process_of, 2), [b"x"] * 20, ids.add)

    assert 1 <= len(ids) <= 2
    assert str(os.getpid()).encode() not in ids


async def test_processes_do_all_kinds_of_work_and_are_started_once() -> None:
    ids: set[bytes] = set()

    async with WorkPool(worker_count=2) as pool:
        for _ in range(5):
            ids.add(await pool.call(process_of, b""))
            assert await pool.call(count_words, b"two words") == b"2"

    assert len(ids) == 1


async def test_processes_that_rest_are_gone_and_others_take_their_place() -> None:
    async with WorkPool(worker_count=2) as pool:
        first = await pool.call(process_of, b"")
        await pool.rest()
        left = worker_ids(module=MODULE)
        second = await pool.call(process_of, b"")

    assert left == []
    assert second != first


async def test_what_a_killed_process_did_is_done_here() -> None:
    async with WorkPool(worker_count=2) as pool:
        call = asyncio.create_task(pool.call(wait, b"0.5"))
        await until(lambda: worker_ids(module=MODULE))
        os.kill(worker_ids(module=MODULE)[0], signal.SIGKILL)
        answer = await call

        assert answer == b"0.5"
        assert await pool.call(wait, b"0.01") == b"0.01"


async def test_an_error_in_a_process_is_raised_as_if_it_were_here(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with WorkPool(worker_count=2) as pool:
        with pytest.raises(ValueError, match="bad news"):
            await pool.call(fail, b"bad news")

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
async def test_no_process_outlives_its_parent(number: signal.Signals) -> None:
    root = str(Path(__file__).parents[4])
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        cwd=root,
        env={**os.environ, "PYTHONPATH": root},
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_S):
        await until(lambda: len(worker_ids(parent.pid, module=MODULE)) == 2)
        children = worker_ids(parent.pid, module=MODULE)
        parent.send_signal(number)
        await asyncio.to_thread(parent.communicate)
        await until(lambda: not any(map(is_running, children)))

    assert not any(map(is_running, children))
