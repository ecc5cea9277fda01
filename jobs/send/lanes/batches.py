"""Sends the requests of a file in batches: packed from the file itself, collected as they end."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from engine.assemble import BatchPlace, Keeper, LaneParts, open_batch_desk
from engine.batch.desk import BatchDesk
from engine.batch.packing.outbox import Spooled
from engine.beside import backed_up_meanwhile
from engine.clock import Clock, SystemClock
from engine.errors import ConfigError, EngineError, TransientError
from engine.files.lock import WriterLock
from engine.stats.counters import Stats
from engine.stopping import Admission, Stopping, stop_on_signals
from jobs.processes.work_pool import WorkPool
from jobs.processes.worker_process import core_count
from jobs.run.batch_folders import create_send_batch_folder
from jobs.run.lanes import LaneOrder, LanePlan, make_lane_plan
from jobs.send.check_ranges import check_on_cores
from jobs.send.lanes.requests import SendEnd, SendOrder
from jobs.send.request_sources import CheckedSource, SourceCounts
from jobs.send.result_files import (
    ResultCounts,
    ResultFiles,
    check_paths,
    result_paths,
    set_failures_aside,
)
from jobs.send.spending import open_spending

_log = logging.getLogger(__name__)


async def send_batches(order: SendOrder, lane: LaneOrder, stats: Stats | None = None) -> SendEnd:
    """Take the file one round further, or to its end if batches are to be waited for.

    Where a deadline comes near, batches are cancelled, and what is left is left to the live lane.

    Raises:
        ConfigError: bad input or settings; nothing was sent.
        RunInUseError: another process writes these results.
        DamagedLogError: a file of results or the ledger of batches is damaged.
    """
    if order.input_path is None:
        raise ConfigError("standard input cannot be sent in batches: it is read more than once")
    stopping, stats, clock = Stopping(), stats or Stats(), SystemClock()
    paths = result_paths(order.out_path)
    check_paths(order.input_path, paths)
    started_s = time.monotonic()
    async with AsyncExitStack() as opened:
        opened.enter_context(WriterLock(paths.lock, guarded=paths.answers))
        opened.enter_context(stop_on_signals(stopping, grace_s=order.settings.limits.grace_s))
        if order.retries_failed:
            set_failures_aside(paths)
        results = await opened.enter_async_context(await asyncio.to_thread(ResultFiles, paths))
        before = results.counts()
        desk = await opened.enter_async_context(
            open_send_desk(order, lane, results, stats, clock, stopping)
        )
        plan = make_lane_plan(lane, order.settings)
        sending = BatchSending(order.input_path, desk, results, stopping, clock, plan)
        await sending.run(waits=lane.waits, skips_bad_lines=order.skips_bad_lines)
    left = sending.left_count
    counts = _counts(before, stats.settled + left, sending.bad_count)
    elapsed_s = time.monotonic() - started_s
    return SendEnd(counts, stats.snapshot(), elapsed_s, Counter(), sending.ended_by)


@asynccontextmanager
async def open_send_desk(
    order: SendOrder,
    lane: LaneOrder,
    results: ResultFiles,
    stats: Stats,
    clock: Clock,
    stopping: Stopping,
) -> AsyncIterator[BatchDesk]:
    """The desk of a file that is sent. Raises what `open_batch_desk` does.

    Where the file is kept in a store, what becomes of it is sealed meanwhile.
    """
    back_up = None
    if order.stored is not None:
        back_up = order.stored.open_lender(order.settings.budget.usd, stopping).back_up
    place = BatchPlace(
        create_send_batch_folder(order.out_path), order.settings.batch, lane.state_dir, back_up
    )
    with open_spending(result_paths(order.out_path), order.settings) as spending:
        results.follow_sends(lambda: spending.log.written_count)
        spending.log.note_kept(results.settled_among(spending.log.unkept))
        keeper = Keeper(spending.keeping_each(results.keep_each), results.settled_among)
        parts = LaneParts(
            endpoints=order.endpoints,
            limits=order.settings.limits,
            budget=spending.budget,
            stats=stats,
            stopping=stopping,
            clock=clock,
        )
        async with (
            backed_up_meanwhile(back_up, stopping, clock),
            open_batch_desk(parts, place, keeper) as desk,
        ):
            yield desk


class BatchSending:
    """Rounds over one file: collect, pack what is neither settled nor out, submit, wait."""

    def __init__(
        self,
        input_path: Path,
        desk: BatchDesk,
        results: ResultFiles,
        stopping: Stopping,
        clock: Clock,
        plan: LanePlan,
    ) -> None:
        self._input_path = input_path
        self._clock = clock
        self._plan = plan
        self._desk = desk
        self._results = results
        self._stopping = stopping
        self._admission = Admission(clock)
        stopping.on_request(self._admission.close)
        self.bad_count = 0
        self.ended_by: EngineError | None = None

    @property
    def left_count(self) -> int:
        """How many requests are out, or wait for a batch."""
        out = sum(batch.intent.request_count for batch in self._desk.out)
        return out + self._desk.ledger.waiting_count

    async def run(self, *, waits: bool, skips_bad_lines: bool) -> None:
        """Go on until nothing is left, for one round, or until the rest must go live."""
        try:
            while True:
                try:
                    if self._plan.is_live_time(self._clock.utc_now(), self.left_count):
                        await self._desk.cancel(self._desk.out)
                        return
                    await self._round(skips_bad_lines=skips_bad_lines)
                except TransientError as error:
                    if not waits:
                        raise
                    _log.warning("%s; waiting for the provider", error)
                if not (waits and self.left_count):
                    return
                await self._admission.sleep(self._pause_s())
        except EngineError as error:
            if isinstance(error, ConfigError):
                raise
            self.ended_by = error

    def _pause_s(self) -> float:
        """Until the next poll, or until the rest must go live if that comes first."""
        pause_s = self._desk.next_poll_s()
        switches_at = self._plan.switches_at(self.left_count)
        if switches_at is None:
            return pause_s
        left_s = (switches_at - self._clock.utc_now()).total_seconds()
        return min(pause_s, max(left_s, 0.0))

    async def _round(self, *, skips_bad_lines: bool) -> None:
        desk, ledger = self._desk, self._desk.ledger
        await desk.collect()
        if not ledger.pass_count or ledger.waiting_count or ledger.returned_count or not desk.out:
            async with WorkPool(worker_count=core_count()) as pool:
                checked = await check_on_cores(
                    self._input_path,
                    self._results,  # what is out is told by the desk
                    self._stopping,
                    pool,
                    skips_bad_lines=skips_bad_lines,
                )
            self.bad_count = checked.bad_count
            source = CheckedSource(checked)
            waiting_count = await desk.submit(map(Spooled.of, source.read_all()))
            await ledger.note_pass(waiting_count, lacks_money=desk.lacks_money)
        _log.info(
            "batches out: %d; requests out or waiting: %s",
            len(desk.out),
            f"{self.left_count:,}",
        )


def _counts(before: ResultCounts, wanted: int, bad: int) -> SourceCounts:
    return SourceCounts(wanted, before.answered, before.failed, bad)
