"""What ends a call of workers is told, whatever else fails at its end."""

import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from engine.errors import EngineError, InterruptedRunError, OutageError, QuotaError
from engine.stopping import Stopping
from jobs.send.result_files import ResultFiles, result_paths
from jobs.send.sharded.messages import Begin, FromProcess, Send, Sent
from jobs.send.sharded.outside.depot import InFolder
from jobs.send.sharded.send_sharded import ShardedSending
from jobs.send.sharded.shards import Call
from jobs.send.spending import open_spending
from schemas.settings import RunSettings


class EndingDriver:
    """Drives nobody: at once something happens."""

    def __init__(self, happens: Callable[[], None]) -> None:
        self._happens = happens

    async def begin(self, begin: Begin) -> int:
        return 1

    async def send(self, order: Send) -> AsyncIterator[FromProcess]:
        self._happens()
        messages: list[Sent] = []
        for message in messages:
            yield message

    def stop(self, signum: int) -> None:
        """There is nobody to be stopped."""


class SilentPlace(InFolder):
    """One whose store does not answer."""

    def is_untouched(self) -> bool:
        raise OutageError("the store is away")


@pytest.fixture
def call(tmp_path: Path) -> Call:
    call = Call(tmp_path / "call")
    call.folder.mkdir()
    return call


async def end_of(call: Call, stopping: Stopping, happens: Callable[[], None]) -> EngineError | None:
    paths = result_paths(call.folder.with_name("out.jsonl"))
    async with ResultFiles(paths) as results:
        with open_spending(paths, RunSettings()) as spending:
            sending = ShardedSending(results, spending, 1)
            await sending.run(EndingDriver(happens), SilentPlace(call), 1, stopping)
    return sending.ended_by


async def test_error_that_ended_a_call_is_told_though_the_store_does_not_answer(
    call: Call,
) -> None:
    error = QuotaError("no credit")

    def fail() -> None:
        raise error

    assert await end_of(call, Stopping(), fail) is error
    assert call.folder.exists()


async def test_interruption_of_a_call_is_told_though_the_store_does_not_answer(
    call: Call,
) -> None:
    stopping, reason = Stopping(), InterruptedRunError(signal.SIGINT)

    assert await end_of(call, stopping, lambda: stopping.request(reason)) is reason
    assert call.folder.exists()
