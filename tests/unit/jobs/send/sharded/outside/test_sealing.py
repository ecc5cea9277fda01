"""A worker whose work cannot be sealed is lent nothing further, until it can."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import QuotaError, StorageError, TransientError
from engine.lease.claims import Claim, Lease
from engine.testing.clocks import LoopClock, in_virtual_time
from jobs.send.sharded.outside.sealing import (
    FINISH_S,
    MAX_UNSEALED_S,
    SEAL_EVERY_S,
    SealedLender,
    Sealing,
)
from jobs.send.sharded.shards import Shard
from tests.unit.jobs.send.sharded.outside.test_sealer import NAME, RefusingStore

CLAIM = Claim("call/shard-00000/epoch-1", 1, {"model": 1.0})


async def at_once(work: Callable[[], None]) -> None:
    work()


class GenerousLender:
    async def renew(self, claim: Claim) -> Lease:
        return Lease(claim.wants, 5.0, 2.0, granted_usd=0.0, spent_usd=0.0, held_usd=0.0)

    async def close(self, holder: str, spent_usd: float) -> None:
        """Take it."""


class Worker:
    """One that has claimed its segment, and written a line."""

    def __init__(self, tmp_path: Path) -> None:
        (tmp_path / "store").mkdir()
        self.store = RefusingStore(tmp_path / "store")
        self.clock = LoopClock()
        self.sealing = Sealing(self.store, self.clock, at_once)
        self.lender = SealedLender(GenerousLender(), self.sealing)
        shard = Shard(tmp_path / "spool" / "run" / "shards" / NAME, self.sealing)
        self.segment = shard.take_over()
        self.write()

    def write(self) -> None:
        with self.segment.paths.answers.open("ab") as file:
            file.write(b"a line\n")

    def parts(self) -> list[str]:
        return self.store.names(f"{NAME}/00001-0")


@in_virtual_time
async def test_what_is_written_is_sealed_every_few_seconds_and_at_the_end(tmp_path: Path) -> None:
    worker = Worker(tmp_path)

    async with worker.sealing.under_way():
        await worker.clock.sleep(SEAL_EVERY_S * 1.5)
        during = len(worker.parts())
        worker.write()

    assert during == 1
    assert len(worker.parts()) == 2
    assert worker.sealing.is_whole


@in_virtual_time
async def test_nothing_is_lent_while_the_store_refuses_and_again_once_it_does_not(
    tmp_path: Path,
) -> None:
    worker = Worker(tmp_path)

    async with worker.sealing.under_way():
        worker.store.is_refusing = True
        await worker.clock.sleep(SEAL_EVERY_S + MAX_UNSEALED_S - 0.1)
        await worker.lender.renew(CLAIM)
        await worker.clock.sleep(0.2)
        with pytest.raises(TransientError, match="for 7 s nothing was sealed: the store is away"):
            await worker.lender.renew(CLAIM)
        worker.store.is_refusing = False
        await worker.clock.sleep(SEAL_EVERY_S)
        lease = await worker.lender.renew(CLAIM)

    assert lease.parts
    assert len(worker.parts()) == 1


@in_virtual_time
async def test_last_lines_that_cannot_be_sealed_are_told_by_machine_and_folder(
    tmp_path: Path,
) -> None:
    worker = Worker(tmp_path)
    began_s = worker.clock.monotonic_s()

    with pytest.raises(
        StorageError, match=r"epoch-1 on .*: what was written .*; it is bought again"
    ):
        async with worker.sealing.under_way():
            worker.store.is_refusing = True

    assert FINISH_S < worker.clock.monotonic_s() - began_s < 2 * FINISH_S
    assert not worker.sealing.is_whole
    assert worker.segment.paths.answers.exists()


@in_virtual_time
async def test_what_ended_the_work_is_told_also_where_its_last_lines_cannot_be_sealed(
    tmp_path: Path,
) -> None:
    worker = Worker(tmp_path)

    async def run_out_of_credit() -> None:
        async with worker.sealing.under_way():
            worker.store.is_refusing = True
            raise QuotaError("no credit")

    with pytest.raises(StorageError, match=r"^no credit; besides, .*: what was written last"):
        await run_out_of_credit()
