"""The worker itself, whatever process it is in: does the work of shards, one at a time."""

from collections import Counter
from pathlib import Path

from engine.errors import EngineError, InterruptedRunError
from engine.lease.claims import Lender
from engine.stats.counters import Stats, StatsSnapshot
from engine.stopping import Stopping
from engine.workers import run_workers
from jobs.garbage import collect_rarely
from jobs.send.sharded.send_shard import ErrorWords, ShardEnd, ShardWork, WorkerOrder
from jobs.send.sharded.shards import Shard


class ShardSender:
    """Does its work call by call, each by what a lender lends it; `begin` comes first."""

    def __init__(self, order: WorkerOrder, work: ShardWork) -> None:
        collect_rarely()  # in a process that Ray has started, not we
        self._order = order
        self._work = work
        self._stats = Stats()
        self._stopping = Stopping()
        self._signum: int | None = None

    async def begin(self, lender: Lender) -> None:
        """Begin a call, for which this one lends."""
        self._lender = lender
        self._stats = Stats()

    async def send(self, folder: Path) -> ShardEnd:
        """Send a shard. What ends it early comes back in words, as an error may not travel."""
        self._stopping = Stopping()
        if self._signum is not None:
            self._stopping.request(InterruptedRunError(self._signum))
        end = ShardEnd(Counter(), None)

        async def work() -> None:
            nonlocal end
            end = await self._work(
                Shard(folder), self._order, self._lender, self._stopping, self._stats
            )

        def fail(error: EngineError) -> None:
            nonlocal end
            end = ShardEnd(Counter(), ErrorWords.of(error))

        await run_workers(work, 1, on_error=fail)
        return end

    async def snapshot(self) -> StatsSnapshot:
        """What it has done so far."""
        return self._stats.snapshot()

    async def stop(self, signum: int) -> None:
        """Begin nothing more."""
        self._signum = signum
        self._stopping.request(InterruptedRunError(signum))
