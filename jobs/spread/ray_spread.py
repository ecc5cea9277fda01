"""Items of a run worked on by workers on a Ray cluster; its files are those of one machine."""

import asyncio
import logging
import signal
import time
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from importlib.util import find_spec
from typing import NamedTuple

from engine.assemble import EngineParts
from engine.closing import AsyncClosing
from engine.errors import ConfigError, EngineError, InterruptedRunError
from engine.extras import install_command
from engine.run_folder import RunFolder
from engine.stage import StagePass
from engine.stats.adding import count_growth
from engine.stats.counters import Stats
from engine.wire.endpoints import Endpoint
from jobs.run.batch_folders import read_names_out, run_batch_folder
from jobs.run.elsewhere import StageLeft
from jobs.run.lanes import LaneOrder
from jobs.run.spread_parts import SpreadParts
from jobs.run.stored import SealingLender
from jobs.send.sharded.borrowing import Borrowing
from jobs.send.sharded.cluster_process import ClusterPlace, ClusterProcess
from jobs.send.sharded.messages import (
    Begin,
    FromProcess,
    Note,
    SendShards,
    Sent,
    ShardEnded,
    Wanted,
)
from jobs.send.sharded.outside.depot import (
    SegmentPlace,
    place_call,
    reach_store,
    remove_if_untouched,
)
from jobs.send.sharded.send_sharded import SHARDS_PER_WORKER, fit_workers
from jobs.send.sharded.shards import Shard
from jobs.spread.stage_calls import stage_inputs, write_stage_call
from jobs.spread.take_in import Books, TakingIn
from schemas.settings import RunSettings

MODULE = "jobs.spread.on_ray"
TAKE_EVERY_S = 2.0  # so that status and costs are late by no more, if that is time enough
TAKE_FOR_S = 0.5

_log = logging.getLogger(__name__)


class SpreadOrder(NamedTuple):
    """The run, and what its workers are told: keys travel with the endpoints, and nowhere else."""

    folder: RunFolder
    settings: RunSettings
    endpoints: Sequence[Endpoint]
    place: ClusterPlace


def check_spread(
    folder: RunFolder, settings: RunSettings, lane: LaneOrder, metrics_port: int | None
) -> None:
    """Refuse what workers on a cluster cannot do.

    Raises:
        ConfigError: it is asked for; says what to leave out.
        DamagedLogError: the ledger of batches is damaged or gone.
    """
    if find_spec("ray") is None:
        raise ConfigError(f"--on ray needs the extra `ray`: {install_command('ray')}")
    if lane.lane != "live":
        raise ConfigError(f"--on ray asks live: leave --lane {lane.lane} out")
    if settings.teacher.is_local:
        raise ConfigError(
            "--on ray asks servers that every machine reaches, and provider local is a model "
            "within this command: leave --on ray out, or name a server with --base-url"
        )
    if metrics_port is not None:
        raise ConfigError("--on ray serves no metrics yet: leave --metrics-port out")
    if read_names_out(run_batch_folder(folder, "")):
        raise ConfigError(
            f"{folder.run_dir}: batches are out, whose requests must not be asked twice: go on "
            "without --on ray until they have ended"
        )


class RaySpread(AsyncClosing):
    """The workers of one call, from `async with` to its end. A cluster is joined once it is needed.

    One stage at a time: its items go into shards, workers write segments of them, and these become
    part of the run while they are written.
    """

    def __init__(self, order: SpreadOrder, parts: SpreadParts) -> None:
        self._order = order
        self._parts = parts.engine
        self._others = parts.others
        self._stopping = parts.stopping
        self._lender = parts.lender
        self._opened = AsyncExitStack()
        self._process: ClusterProcess | None = None
        self._asking = self._computing = 0  # workers

    async def aclose(self) -> None:
        """End the workers, and the cluster if it is this call's own."""
        await self._opened.aclose()

    @property
    def has_cores(self) -> bool:
        """Whether workers have other cores than those of this machine."""
        return self._order.place.address is not None

    @property
    def has_files(self) -> bool:
        """Whether workers see the files of this machine."""
        return self._order.place.store is None

    async def work_off(self, left: StageLeft) -> StagePass:
        """Pass over what is left of a stage, as jobs.run.elsewhere.Spread has it."""
        process = await self._join()
        self._stopping.raise_if_requested()
        workers = self._asking if left.way.window is None else self._computing
        count = max(1, min(workers * SHARDS_PER_WORKER, left.item_count))
        folder = self._order.folder
        if left.placing is not None:
            folder, count = left.placing.folder, left.placing.shard_count
        call = await asyncio.to_thread(write_stage_call, folder, left, count)
        inputs = stage_inputs(folder, call, left, self._order.settings.prompts_dir)
        store = self._order.place.store
        segments = await asyncio.to_thread(place_call, call, store, inputs)
        _log.info("%d workers begin, for %d shards of %s", workers, count, left.stage)
        books = Books(self._parts.journal, self._parts.sends, left.files)
        taking = TakingIn(left.stage, books, left.note_finished, left.way.note_result)
        spreading = _Spreading(segments, taking, self._parts)
        if self._lender is not None:
            spreading.borrow(self._lender, process)
        send = SendShards(
            call_dir=str(call.folder),
            workers=workers,
            spent_usd=self._parts.budget.spent_usd,
            is_borrowing=self._lender is not None,
        )
        ended_by: EngineError | None = None
        try:
            async for message in process.send(send):
                await spreading.hear(message)
        except EngineError as error:
            ended_by = error
        ended_by = ended_by or self._stopping.reason
        await asyncio.to_thread(remove_if_untouched, segments, ended_by)
        await spreading.close()
        if ended_by is not None:
            raise ended_by
        return spreading.passed

    async def _join(self) -> ClusterProcess:
        """The process that drives the cluster, begun if it was not needed before."""
        if self._process is not None:
            return self._process
        order, place = self._order, self._order.place
        await asyncio.to_thread(reach_store, place.store)
        process = await self._opened.enter_async_context(ClusterProcess(place, MODULE))
        self._computing = await process.begin(
            Begin(
                address=place.address,
                settings=order.settings,
                endpoints=list(order.endpoints),
                others=dict(self._others.endpoints),
                free_models=self._others.free_models,
                store=place.store,
            )
        )
        self._asking = fit_workers(self._computing, order.settings)

        def stop(reason: EngineError) -> None:
            if isinstance(reason, InterruptedRunError):
                process.stop(reason.signum)
            else:
                process.stop(signal.SIGTERM)

        self._stopping.on_request(stop)
        self._process = process
        return process


class _Spreading:
    """One call under way: what workers report is counted, and what they wrote is taken in."""

    def __init__(self, segments: SegmentPlace, taking: TakingIn, parts: EngineParts) -> None:
        self._segments = segments
        self._taking = taking
        self._parts = parts
        self._spent_before_usd = parts.budget.spent_usd
        self._seen = Stats().snapshot()
        self._looked_s = time.monotonic()
        self._to_look_at = deque[Shard]()
        self._borrowing: Borrowing | None = None
        self.passed = StagePass()

    def borrow(self, lender: SealingLender, process: ClusterProcess) -> None:
        """Let workers send by what a lender lends, which seals what is part of the run."""
        self._borrowing = Borrowing(
            lender, self._segments.call.folder.name, take_in=self._take_all, lend=process.lend
        )

    async def close(self) -> None:
        """All workers have ended. What is not part of the run then may have been spent."""
        if self._borrowing is not None and not self._segments.call.folder.exists():
            await self._borrowing.close()

    async def hear(self, message: FromProcess) -> None:
        """Act on what the process reports."""
        match message:
            case Sent():
                count_growth(self._parts.stats, self._seen, message.stats)
                self._seen = message.stats
                if self._borrowing is None:
                    await self._take_what_is_there()
            case Wanted():
                if self._borrowing is not None:
                    await self._borrowing.hear(message)
            case Note():
                _log.warning("%s", message.text)
            case ShardEnded():
                self.passed.unsettled.update(message.unsettled)
                shard = self._segments.call.shard(message.shard)
                await asyncio.to_thread(self._segments.complete, shard)
                await self._taking.end(shard, lent_usd=self._segments.lent_usd())
        self._parts.budget.spent_usd = self._spent_before_usd + self._taking.taken_usd

    async def _take_what_is_there(self) -> None:
        """Take in what is written now: by the latest segment of a shard, as others may be late.

        For a moment at most, as there is more to hear; the next time goes on from there.
        """
        now_s = time.monotonic()
        if not self._to_look_at and now_s - self._looked_s >= TAKE_EVERY_S:
            self._looked_s = now_s
            self._to_look_at.extend(self._segments.call.shards())
        while self._to_look_at and time.monotonic() < now_s + TAKE_FOR_S:
            await self._take(self._to_look_at.popleft())

    async def _take_all(self) -> bool:
        """Take in all that is written now; False: of some shard it is not known."""
        return all([await self._take(shard) for shard in self._segments.call.shards()])

    async def _take(self, shard: Shard) -> bool:
        if not shard.folder.exists():
            return True
        is_known = await asyncio.to_thread(self._segments.look, shard)
        for segment in shard.segments()[-1:]:
            await self._taking.take(segment)
        return is_known
