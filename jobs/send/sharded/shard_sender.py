"""The worker itself, whatever process it is in: sends shards, one at a time."""

from collections import Counter
from pathlib import Path

from engine.errors import EngineError, InterruptedRunError
from engine.lease.claims import Lender
from engine.stats.counters import Stats, StatsSnapshot
from engine.stopping import Stopping
from jobs.send.sharded.send_shard import ErrorWords, ShardEnd, WorkerOrder, send_shard
from jobs.send.sharded.shards import Shard


class ShardSender:
    """Sends by what `lender` lends it."""

    def __init__(self, order: WorkerOrder, lender: Lender) -> None:
        self._order = order
        self._lender = lender
        self._stats = Stats()
        self._stopping = Stopping()
        self._signum: int | None = None

    async def send(self, folder: Path) -> ShardEnd:
        """Send a shard. What ends it early comes back in words, as an error may not travel."""
        self._stopping = Stopping()
        if self._signum is not None:
            self._stopping.request(InterruptedRunError(self._signum))
        try:
            return await send_shard(
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
