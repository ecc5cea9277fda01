"""The worker itself, whatever process it is in: does the work of shards, one at a time."""

from collections import Counter
from pathlib import Path

from engine.errors import EngineError, InterruptedRunError
from engine.lease.claims import Lender
from engine.stats.counters import Stats, StatsSnapshot
from engine.stopping import Stopping
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
        try:
            return await self._work(
                Shard(folder), self._order, self._lender, self._stopping, self._stats
            )
        except EngineError as error:
            return ShardEnd(Counter(), ErrorWords.of(error))

    async def snapshot(self) -> StatsSnapshot:
        """What it has done so far."""
        return self._stats.snapshot()

    async def stop(self, signum: int) -> None:
        """Begin nothing more."""
        self._signum = signum
        self._stopping.request(InterruptedRunError(signum))
