"""Sees to it that every shard is sent, whatever becomes of the workers."""

import asyncio
import signal
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from engine.clock import Clock
from engine.errors import EngineError, OutageError, TransientError
from engine.stats.adding import add_snapshots
from engine.stats.counters import Stats, StatsSnapshot
from jobs.send.sharded.messages import FromProcess, Note, ProcessFailed, Sent, ShardEnded
from jobs.send.sharded.send_shard import ErrorWords, ShardEnd
from jobs.send.sharded.shards import Segment, Shard

SHOW_EVERY_S = 1.0
TRY_AGAIN_S = 1.0  # where it is not known who wrote a shard last, or the keeper is away
MAX_LOSSES = 5  # of workers with the same shard, while none of them ended it


class WorkerLostError(Exception):
    """A worker is gone, or cannot be reached: what it was doing is to be done by another."""


class CrewMember(Protocol):
    """A process that sends shards, one at a time."""

    async def send(self, folder: Path) -> ShardEnd:
        """Send what is not settled of a shard; raises WorkerLostError."""
        ...

    async def snapshot(self) -> StatsSnapshot:
        """What it has done so far; raises WorkerLostError."""
        ...

    async def stop(self, signum: int) -> None:
        """Let it begin nothing more; what is in flight lands. A lost one is no error."""
        ...


class LeaseKeeper(Protocol):
    """What the crew needs of the one that lends. All raise TransientError while it is away."""

    async def revoke(self, holder: str) -> float:
        """Lend it nothing more; for how many seconds it may still begin to send."""
        ...

    async def close(self, holder: str, spent_usd: float) -> None:
        """The holder has ended, and has spent so much."""
        ...

    async def forfeit(self, holder: str) -> None:
        """The holder has ended, and may have spent all that it was lent."""
        ...


class Crew:
    """Workers that share the shards of a call.

    `hire` makes a worker; it may take as long as the cluster has no room. A worker that is lost may
    live on where nobody sees it. So its lease is revoked, and once that has ended it sends nothing
    more: then what it spent, by what `spent_usd` reads in its segment, is told to the keeper, and
    its shard goes on from its segments with another one. None: the segment does not say it.
    """

    def __init__(
        self,
        shards: Sequence[Shard],
        *,
        hire: Callable[[], Awaitable[CrewMember]],
        keeper: LeaseKeeper,
        spent_usd: Callable[[Segment], float] | None,
        report: Callable[[FromProcess], None],
        clock: Clock,
    ) -> None:
        self._waiting = deque(shards)
        self._open_count = len(shards)
        self._hire = hire
        self._keeper = keeper
        self._spent_usd = spent_usd
        self._report = report
        self._clock = clock
        self._under_way: dict[CrewMember, Shard] = {}
        self._seen: dict[CrewMember, StatsSnapshot] = {}
        self._losses: Counter[Path] = Counter()
        self._changed = asyncio.Event()
        self._is_ending = False
        self._error: ErrorWords | None = None

    async def run(self, count: int) -> None:
        """Send all shards with `count` workers at once, and report how it goes.

        Raises:
            EngineError: what only the process that drives the workers could not do.
        """
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._work(group)) for _ in range(count)]
            tasks.append(group.create_task(self._show()))
            while self._under_way or (self._open_count and not self._is_ending):
                await self._changed.wait()
            for task in tasks:
                task.cancel()
        await self._look()
        if self._error is not None:
            self._report(ProcessFailed(error=self._error.kind, message=self._error.message))

    async def stop(self, signum: int) -> None:
        """Begin nothing more; workers end their shards early, once what is in flight has landed."""
        self._is_ending = True
        self._tell()
        await asyncio.gather(*(worker.stop(signum) for worker in tuple(self._under_way)))

    async def _work(self, group: asyncio.TaskGroup) -> None:
        worker: CrewMember | None = None
        while True:
            while self._is_ending or not self._waiting:
                await self._changed.wait()
            if worker is None:
                worker = await self._begin()
                continue  # meanwhile another may have taken the last shard
            shard = self._waiting.popleft()
            self._under_way[worker] = shard
            self._seen.setdefault(worker, Stats().snapshot())
            try:
                end = await worker.send(shard.folder)
            except WorkerLostError as error:
                self._lose(shard, error, group)
                self._forget(worker)
                worker = None
            else:
                await self._end(shard, end)
                del self._under_way[worker]
            self._tell()

    async def _begin(self) -> CrewMember | None:
        try:
            return await self._hire()
        except EngineError as error:
            await self._end_by(ErrorWords.of(error))
            return None

    def _lose(self, shard: Shard, error: WorkerLostError, group: asyncio.TaskGroup) -> None:
        """Have another go on with the shard of a lost worker, unless too many were lost with it."""
        self._report(Note(text=f"a worker is lost ({error}); another goes on with its requests"))
        group.create_task(self._reclaim(shard))
        self._losses[shard.folder] += 1
        if self._losses[shard.folder] >= MAX_LOSSES:
            error_words = ErrorWords.of(
                OutageError(
                    f"{MAX_LOSSES} workers were lost with the same requests ({shard.folder}): see "
                    "whether the machines have enough memory; the same command again goes on"
                )
            )
            group.create_task(self._end_by(error_words))

    async def _reclaim(self, shard: Shard) -> None:
        """Let another go on with a shard once its lost worker sends nothing more, unless all ends.

        The store and the keeper may be away for a while.
        """
        while not self._is_ending:
            try:
                await self._settle(shard)
                break
            except TransientError:
                await self._clock.sleep(TRY_AGAIN_S)
        self._waiting.appendleft(shard)
        self._tell()

    async def _settle(self, shard: Shard) -> None:
        """Take back what the lost worker of a shard was lent, if it had begun."""
        if (lost := await shard.last_segment()) is None:
            return
        while (lasts_s := await self._keeper.revoke(lost.name)) > 0.0:
            await self._clock.sleep(lasts_s)
        if self._spent_usd is None:
            await self._keeper.forfeit(lost.name)
        else:
            await self._keeper.close(lost.name, self._spent_usd(lost))

    async def _end(self, shard: Shard, end: ShardEnd) -> None:
        self._open_count -= 1
        self._report(ShardEnded(shard=shard.folder.name, unsettled=end.unsettled))
        if end.error is not None and not self._is_ending:
            await self._end_by(end.error)

    async def _end_by(self, error: ErrorWords) -> None:
        self._error = self._error or error
        await self.stop(signal.SIGTERM)

    def _forget(self, worker: CrewMember) -> None:
        del self._under_way[worker]
        gone = {"in_flight": 0, "max_in_flight": 0}
        self._seen[worker] = self._seen[worker].model_copy(update=gone)

    def _tell(self) -> None:
        """Let all that wait for a change look again."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _show(self) -> None:
        while True:
            await self._clock.sleep(SHOW_EVERY_S)
            await self._look()

    async def _look(self) -> None:
        for worker in tuple(self._seen):
            with suppress(WorkerLostError):  # what was seen last counts; `_work` finds out
                self._seen[worker] = await worker.snapshot()
        self._report(Sent(stats=add_snapshots([*self._seen.values(), Stats().snapshot()])))
