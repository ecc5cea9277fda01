"""What ends a call of workers is told, whatever else fails at its end."""

import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from engine.errors import (
    EngineError,
    InterruptedRunError,
    OutageError,
    QuotaError,
    RunInUseError,
)
from engine.lease.claims import Claim, Lease
from engine.stopping import Stopping
from engine.testing.clocks import ManualClock
from jobs.send.result_files import ResultFiles, result_paths
from jobs.send.sharded.messages import Begin, FromProcess, Lend, SendShards, ShardEnded, Wanted
from jobs.send.sharded.outside.depot import InFolder
from jobs.send.sharded.sharded_sending import ShardedSending
from jobs.send.sharded.shards import Shard, ShardedCall
from jobs.send.spending import open_spending
from schemas.settings import RunSettings
from tests.integration.jobs.send.sending import read_lines
from tests.unit.jobs.send.sharded.test_borrowing import FakeLender
from tests.unit.jobs.send.sharded.test_shards import answer, failure


class EndingDriver:
    """Drives nobody: at once something happens, and is said."""

    def __init__(self, happens: Callable[[], None], *messages: FromProcess) -> None:
        self._happens = happens
        self._messages = messages
        self.is_borrowing = False
        self.lent: list[Lend] = []
        self.stopped_by: list[int] = []

    async def begin(self, begin: Begin) -> int:
        return 1

    async def send(self, order: SendShards) -> AsyncIterator[FromProcess]:
        self._happens()
        self.is_borrowing = order.is_borrowing
        for message in self._messages:
            yield message

    def lend(self, order: Lend) -> None:
        self.lent.append(order)

    def stop(self, signum: int) -> None:
        self.stopped_by.append(signum)


class LookingLender(FakeLender):
    """Notes which replies stand in the file of replies whenever something is sealed."""

    def __init__(self, out_path: Path) -> None:
        super().__init__(ManualClock())
        self._out_path = out_path
        self.sealed: list[list[str]] = []

    async def renew(self, claim: Claim) -> Lease:
        self.sealed.append(list(read_lines(self._out_path)))
        return await super().renew(claim)


class SilentPlace(InFolder):
    """One whose store does not answer."""

    def is_untouched(self) -> bool:
        raise OutageError("the store is away")


@pytest.fixture
def call(tmp_path: Path) -> ShardedCall:
    call = ShardedCall(tmp_path / "call")
    call.folder.mkdir()
    return call


async def end_of(
    call: ShardedCall, stopping: Stopping, happens: Callable[[], None]
) -> EngineError | None:
    paths = result_paths(call.folder.with_name("out.jsonl"))
    async with ResultFiles(paths) as results:
        with open_spending(paths, RunSettings()) as spending:
            sending = ShardedSending(results, spending, 1)
            await sending.run(EndingDriver(happens), SilentPlace(call), 1, stopping)
    return sending.ended_by


async def test_error_that_ended_a_call_is_told_though_the_store_does_not_answer(
    call: ShardedCall,
) -> None:
    error = QuotaError("no credit")

    def fail() -> None:
        raise error

    assert await end_of(call, Stopping(), fail) is error
    assert call.folder.exists()


async def test_interruption_of_a_call_is_told_though_the_store_does_not_answer(
    call: ShardedCall,
) -> None:
    stopping, reason = Stopping(), InterruptedRunError(signal.SIGINT)

    assert await end_of(call, stopping, lambda: stopping.request(reason)) is reason
    assert call.folder.exists()


async def test_senders_are_lent_what_a_store_lends_once_what_they_wrote_is_in_the_file(
    call: ShardedCall,
) -> None:
    shard = Shard(call.folder / "shard-00000")
    shard.folder.mkdir()
    segment, paths = shard.take_over(), result_paths(call.folder.with_name("out.jsonl"))
    segment.paths.answers.write_bytes(answer("a") + answer("b") + b'{"custom_id":"torn')
    segment.paths.errors.write_bytes(failure("c"))
    lender = LookingLender(paths.answers)
    driver = EndingDriver(
        lambda: None,
        Wanted(used_usd=0.5, wanted_usd=1.0),
        ShardEnded(shard="shard-00000", unsettled={}),
    )

    async with ResultFiles(paths) as results:
        with open_spending(paths, RunSettings()) as spending:
            sending = ShardedSending(results, spending, 3, lender)
            await sending.run(driver, InFolder(call), 1, Stopping())

    assert driver.is_borrowing
    assert [each.usd for each in driver.lent] == [1.5]
    assert lender.sealed == [["a", "b"]]
    assert sending.end_stats().settled == 3
    assert sorted(read_lines(paths.answers)) == ["a", "b"]
    assert list(read_lines(paths.errors)) == ["c"]
    assert not call.folder.exists()
    assert lender.closed == [call.folder.name]


async def test_senders_stop_where_another_machine_goes_on(call: ShardedCall) -> None:
    stopping = Stopping()
    paths = result_paths(call.folder.with_name("out.jsonl"))
    reason = RunInUseError("another goes on")
    driver = EndingDriver(lambda: stopping.request(reason))

    async with ResultFiles(paths) as results:
        with open_spending(paths, RunSettings()) as spending:
            sending = ShardedSending(results, spending, 1, FakeLender(ManualClock()))
            await sending.run(driver, InFolder(call), 1, stopping)

    assert sending.ended_by is reason
    assert driver.stopped_by == [signal.SIGTERM]
