"""The work of a shard on a machine that has nothing of its call but what lies in a store."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.clock import SystemClock
from engine.lease.claims import Lender
from engine.stats.counters import Stats
from engine.stopping import Stopping
from jobs.send.sharded.outside.sealing import SealedLender, Sealing
from jobs.send.sharded.outside.spool import Spool, spool_root
from jobs.send.sharded.outside.stores import open_store
from jobs.send.sharded.send_shard import ShardEnd, ShardWork, WorkerOrder
from jobs.send.sharded.shards import Shard


class OutsideWork:
    """A ShardWork that is done in a spool of this machine, and sealed to the order's store."""

    def __init__(self, work: ShardWork, root: Callable[[], Path] = spool_root) -> None:
        """`root` is the folder of all spools of a machine."""
        self._work = work
        self._root = root

    async def __call__(
        self, shard: Shard, order: WorkerOrder, lender: Lender, stopping: Stopping, stats: Stats
    ) -> ShardEnd:
        """Go on with a shard, of whose folder only the name matters here.

        Raises:
            StorageError: the last of it could not be sealed: the command takes in what was, and
                the next call buys the rest again.
            TransientError: the store, or the lender, does not answer; what was written is kept.
            EngineError: what the work raises; all that it wrote is sealed.
        """
        assert order.store is not None
        store = await asyncio.to_thread(open_store, order.store)
        sealing = Sealing(store, SystemClock())
        spool = await asyncio.to_thread(Spool, self._root(), store, shard.folder.parent.name)
        bench = await asyncio.to_thread(spool.open_bench, shard.folder.name, sealing)
        if order.settings.prompts_dir is not None:
            settings = order.settings.model_copy(update={"prompts_dir": spool.prompts_dir})
            order = replace(order, settings=settings)
        lender = SealedLender(lender, sealing)
        try:
            async with sealing.under_way():
                return await self._work(bench.shard, order, lender, stopping, stats)
        finally:
            bench.leave(is_sealed=sealing.is_whole)
