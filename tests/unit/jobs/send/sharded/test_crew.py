"""The crew with workers that are lost when the test says so, in virtual time."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from engine.errors import ConfigError, OutageError, TransientError
from engine.stats.counters import Stats, StatsSnapshot
from engine.testing.clocks import LoopClock, in_virtual_time
from jobs.send.sharded.cluster_process import error_of
from jobs.send.sharded.crew import MAX_LOSSES, Crew, WorkerLostError
from jobs.send.sharded.gather import spent_usd
from jobs.send.sharded.messages import FromProcess, Note, ProcessFailed, Sent, ShardEnded
from jobs.send.sharded.send_shard import ErrorWords, ShardEnd
from jobs.send.sharded.shards import FolderEpochs, Segment, Shard

LENT_USD = 0.5
ENDED = ShardEnd(Counter(), None)

T = TypeVar("T")


class FakeWorker:
    """Takes a second for each shard, or until it is stopped; `lose` says whether it is lost."""

    def __init__(self, cluster: "FakeCluster") -> None:
        self._cluster = cluster
        self._stopped = asyncio.Event()
        self.sent_count = 0

    async def send(self, folder: Path) -> ShardEnd:
        Shard(folder).take_over()
        self.sent_count += 1
        self._cluster.begun.append(folder.name)
        self._cluster.begun_s.append(asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout(1.0):
                await self._stopped.wait()
        except TimeoutError:
            pass
        if self._cluster.lose(folder.name, self._cluster.begun.count(folder.name)):
            raise WorkerLostError("its process has ended")
        return self._cluster.ends.get(folder.name, ENDED)

    async def snapshot(self) -> StatsSnapshot:
        return Stats().snapshot().model_copy(update={"sent": self.sent_count})

    async def stop(self, signum: int) -> None:
        self._stopped.set()


class FarEpochs(FolderEpochs):
    """Epochs that are not known at first: the store does not answer."""

    asked_count = 0

    async def last(self, shard: Shard) -> Segment | None:
        self.asked_count += 1
        if self.asked_count < 3:
            raise TransientError("the store is away", code="store_away")
        return await super().last(shard)


class FakeCluster:
    """Hires any number of workers, and lends to them."""

    def __init__(self, lose: Callable[[str, int], bool] = lambda *_: False) -> None:
        self.lose = lose
        self.begun: list[str] = []
        self.begun_s: list[float] = []
        self.ends: dict[str, ShardEnd] = {}
        self.hired_count = 0
        self.most_hired = 99
        self.is_outside = False  # segments lie where the crew does not see them
        self.is_away_until_s = 0.0  # the keeper
        self.closed: list[tuple[str, float, float]] = []
        self.reports: list[FromProcess] = []

    async def hire(self) -> FakeWorker:
        if self.hired_count == self.most_hired:
            raise ConfigError("no worker could begin")
        self.hired_count += 1
        return FakeWorker(self)

    async def revoke(self, holder: str) -> float:
        now_s = asyncio.get_running_loop().time()
        if now_s < self.is_away_until_s:
            raise TransientError("the actor that lends is away", code="lender_away")
        return max(0.0, 6.0 - now_s)

    async def close(self, holder: str, spent_usd: float) -> None:
        self.closed.append((holder, spent_usd, asyncio.get_running_loop().time()))

    async def forfeit(self, holder: str) -> None:
        self.closed.append((holder, LENT_USD, asyncio.get_running_loop().time()))

    def crew(self, shards: Sequence[Shard]) -> Crew:
        return Crew(
            shards,
            hire=self.hire,
            keeper=self,
            spent_usd=None if self.is_outside else spent_usd,
            report=self.reports.append,
            clock=LoopClock(),
        )

    def reported(self, kind: type[T]) -> list[T]:
        return [report for report in self.reports if isinstance(report, kind)]


def make_shards(folder: Path, count: int) -> list[Shard]:
    shards = [Shard(folder / "call" / f"shard-{number}") for number in range(count)]
    for shard in shards:
        shard.folder.mkdir(parents=True)
    return shards


@in_virtual_time
async def test_every_shard_is_sent_once_by_as_many_workers_as_there_are(tmp_path: Path) -> None:
    cluster = FakeCluster()

    await cluster.crew(make_shards(tmp_path, 7)).run(3)

    assert sorted(cluster.begun) == [f"shard-{number}" for number in range(7)]
    assert cluster.hired_count == 3
    assert asyncio.get_running_loop().time() < 4.0
    assert len(cluster.reported(ShardEnded)) == 7


@in_virtual_time
async def test_shard_of_a_lost_worker_goes_on_once_its_lease_has_ended(tmp_path: Path) -> None:
    cluster = FakeCluster(lambda name, times: name == "shard-0" and times == 1)
    shards = make_shards(tmp_path, 1)

    await cluster.crew(shards).run(1)

    assert cluster.begun == ["shard-0", "shard-0"]
    assert cluster.begun_s == pytest.approx([0.0, 6.0], abs=1e-6)
    [(holder, spent_usd, closed_s)] = cluster.closed
    assert (holder, spent_usd) == ("call/shard-0/epoch-1", 0.0)
    assert closed_s == pytest.approx(6.0)
    assert len(cluster.reported(ShardEnded)) == 1
    assert cluster.reported(Note) == [
        Note(text="a worker is lost (its process has ended); another goes on with its requests")
    ]


@in_virtual_time
async def test_lost_worker_whose_segment_is_not_seen_counts_with_all_it_was_lent(
    tmp_path: Path,
) -> None:
    cluster = FakeCluster(lambda name, times: name == "shard-0" and times == 1)
    cluster.is_outside = True
    shards = make_shards(tmp_path, 1)

    await cluster.crew([Shard(shards[0].folder, FarEpochs())]).run(1)

    assert cluster.begun_s == pytest.approx([0.0, 6.0], abs=1e-6)
    [(holder, counted_usd, closed_s)] = cluster.closed
    assert (holder, counted_usd) == ("call/shard-0/epoch-1", LENT_USD)
    assert closed_s == pytest.approx(6.0)


@in_virtual_time
async def test_shard_of_a_lost_worker_waits_for_a_keeper_that_is_away(tmp_path: Path) -> None:
    cluster = FakeCluster(lambda name, times: name == "shard-0" and times == 1)
    cluster.is_away_until_s = 8.5

    await cluster.crew(make_shards(tmp_path, 1)).run(1)

    assert cluster.begun_s == pytest.approx([0.0, 9.0], abs=1e-6)
    assert len(cluster.closed) == 1
    assert cluster.reported(ProcessFailed) == []


@in_virtual_time
async def test_shard_that_loses_every_worker_ends_the_call_and_says_so(tmp_path: Path) -> None:
    cluster = FakeCluster(lambda name, _: name == "shard-0")

    await cluster.crew(make_shards(tmp_path, 2)).run(2)

    failed = cluster.reports[-1]
    assert isinstance(failed, ProcessFailed)
    assert failed.error == "OutageError"
    assert f"{MAX_LOSSES} workers were lost with the same requests" in failed.message
    assert cluster.begun.count("shard-0") >= MAX_LOSSES


@in_virtual_time
async def test_what_ends_one_worker_early_ends_all(tmp_path: Path) -> None:
    cluster = FakeCluster()
    words = ErrorWords("QuotaError", "the budget has no room")
    cluster.ends["shard-0"] = ShardEnd(Counter({"busy": 2}), words)

    await cluster.crew(make_shards(tmp_path, 9)).run(2)

    assert len(cluster.begun) <= 3
    assert cluster.reports[-1] == ProcessFailed(error=words.kind, message=words.message)
    assert ShardEnded(shard="shard-0", unsettled={"busy": 2}) in cluster.reports


def test_error_that_passes_by_itself_is_an_outage_to_the_command() -> None:
    words = ErrorWords.of(TransientError("the actor that lends is away", code="lender_away"))

    error = error_of(ProcessFailed(error=words.kind, message=words.message))

    assert type(error) is OutageError
    assert str(error) == "the actor that lends is away; the same command again goes on"


@in_virtual_time
async def test_worker_that_cannot_begin_ends_the_call_when_the_others_have_landed(
    tmp_path: Path,
) -> None:
    cluster = FakeCluster()
    cluster.most_hired = 1

    await cluster.crew(make_shards(tmp_path, 4)).run(2)

    assert len(cluster.begun) == len(cluster.reported(ShardEnded)) == 1
    assert cluster.reports[-1] == ProcessFailed(
        error="ConfigError", message="no worker could begin"
    )


@in_virtual_time
async def test_stop_lets_what_is_under_way_end_and_begins_nothing_more(tmp_path: Path) -> None:
    cluster = FakeCluster()
    crew = cluster.crew(make_shards(tmp_path, 9))

    running = asyncio.create_task(crew.run(2))
    await asyncio.sleep(0.5)
    await crew.stop(2)
    await running

    assert len(cluster.begun) == len(cluster.reported(ShardEnded)) == 2
    assert cluster.reported(ProcessFailed) == []
    assert [each.stats.sent for each in cluster.reported(Sent)] == [2]
    assert asyncio.get_running_loop().time() < 1.0
