"""What workers on a cluster do with a stage, one shard after the other, in this process."""

from pathlib import Path

from engine.assemble import open_sends
from engine.files.journal import Journal
from engine.lease.lending import Lending
from engine.run_folder import RunFolder
from engine.stage import StagePass
from engine.stats.counters import Stats
from engine.stopping import Stopping
from engine.wire.endpoints import Endpoint
from jobs.run.elsewhere import StageLeft
from jobs.send.sharded.outside.depot import place_call
from jobs.send.sharded.outside.stores import StoreOrder
from jobs.send.sharded.outside.work_outside import OutsideWork
from jobs.send.sharded.send_shard import ShardEnd, ShardWork, WorkerOrder
from jobs.send.sharded.shards import Shard
from jobs.spread.stage_calls import stage_inputs, write_stage_call
from jobs.spread.take_in import Books, TakingIn
from jobs.spread.work_shard import work_shard
from schemas.settings import RunSettings

SHARDS = 3
NOBODY = Endpoint("http://127.0.0.1:9/v1", "no-key")  # is asked


class Others:
    """A Spread whose workers have settings of their own: other machines see other files.

    With a store they see none but what lies in it.
    """

    has_cores = True

    def __init__(
        self,
        folder: RunFolder,
        journal: Journal,
        settings: RunSettings,
        store: StoreOrder | None = None,
    ) -> None:
        self._folder = folder
        self._journal = journal
        self._order = WorkerOrder(settings, (NOBODY,), store=store)
        self.has_files = store is None
        self.finished: dict[str, int] = {}
        self.unsettled: dict[str, int] = {}

    async def begin(self, shard: Shard, left: StageLeft) -> None:
        """What happens to a shard before somebody ends it: nothing here."""

    async def work_off(self, left: StageLeft) -> StagePass:
        folder, count = self._folder, SHARDS
        if left.placing is not None:
            folder, count = left.placing.folder, left.placing.shard_count
        call = write_stage_call(folder, left, count)
        inputs = stage_inputs(folder, call, left, None)
        segments = place_call(call, self._order.store, inputs)
        lending = Lending(call.leases_path, cap_usd=None, spent_usd=0.0, holder_count=1)
        sends = open_sends(self._folder, self._journal, is_synced=False)
        books, passed = Books(self._journal, sends, left.files), StagePass()
        taking = TakingIn(left.stage, books, left.note_finished, left.way.note_result)
        for shard in call.shards():
            await self.begin(shard, left)
            end = await self._work(shard, lending)
            passed.unsettled.update(end.unsettled)
            segments.complete(shard)
            await taking.end(segments.call.shard(shard.folder.name))
        self.finished[left.stage] = len(left.files.finished)
        self.unsettled.update(passed.unsettled)
        segments.remove()
        sends.close()
        lending.end()
        return passed

    async def _work(self, shard: Shard, lending: Lending) -> ShardEnd:
        work: ShardWork = work_shard
        if self._order.store is not None:
            spools = Path(self._order.store.url.removeprefix("file://")).with_name("spools")
            spools.mkdir(exist_ok=True)
            shard, work = (
                Shard(Path("/nowhere", *shard.folder.parts[-2:])),
                OutsideWork(work_shard, lambda: spools),
            )
        return await work(shard, self._order, lending, Stopping(), Stats())
