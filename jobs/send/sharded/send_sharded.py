"""Sends the requests of a file by several processes; the files are those of one."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from engine.errors import ConfigError, EngineError, InterruptedRunError
from engine.extras import install_command
from engine.files.lock import WriterLock
from engine.progress import StageProgress
from engine.stats.counters import Stats, StatsSnapshot
from engine.stopping import Stopping, announce_interruption, stop_on_signals
from jobs.processes.work_pool import WorkPool
from jobs.processes.worker_process import core_count
from jobs.run.batch_folders import may_be_out, send_batch_folder
from jobs.send.check_batch_file import CheckedFile
from jobs.send.check_ranges import check_on_cores
from jobs.send.lanes.requests import SendEnd, SendOrder
from jobs.send.request_sources import CheckedSource
from jobs.send.result_files import ResultFiles, check_paths, result_paths, set_failures_aside
from jobs.send.sharded.cluster_process import ClusterPlace, ClusterProcess
from jobs.send.sharded.gather import gather_shard
from jobs.send.sharded.here.processes import HerePlace, SenderProcesses
from jobs.send.sharded.messages import Begin, FromProcess, Note, Send, Sent, ShardEnded
from jobs.send.sharded.outside.depot import (
    SegmentPlace,
    place_call,
    reach_store,
    remove_if_untouched,
)
from jobs.send.sharded.write_shards import write_shards_on_cores
from jobs.send.spending import Spending, open_spending
from schemas.settings import RunSettings

SHARDS_PER_WORKER = 4  # so that one that is slow, or lost, holds up little
SLOWEST_PER_MINUTE = 120.0  # of the limit, that a worker should have: it begins with one at once

_log = logging.getLogger(__name__)


class Driver(Protocol):
    """Drives the workers of one call, wherever they are."""

    async def begin(self, begin: Begin) -> int:
        """Take the order; returns how many workers there are to be."""
        ...

    def send(self, order: Send) -> AsyncIterator[FromProcess]:
        """Have the shards of a call sent; yields what is reported, until all workers have ended.

        Raises:
            EngineError: what ended it early.
        """
        ...

    def stop(self, signum: int) -> None:
        """Have nothing more sent; what is in flight lands, and the end is reported."""
        ...


async def send_sharded(order: SendOrder, place: ClusterPlace | HerePlace) -> SendEnd:
    """Send what is not settled; the same call again goes on from there, with workers or without.

    What an earlier call of this kind has left is taken in before, by `gather_calls`.

    Raises:
        ConfigError: bad input or settings, or no cluster; nothing was sent.
        RunInUseError: another process writes these results.
        DamagedLogError: a file of results is damaged.
        InterruptedRunError: a stop was requested before anything was sent.
    """
    started_s, stopping = time.monotonic(), Stopping()
    input_path = _check(order, place)
    paths = result_paths(order.out_path)
    check_paths(input_path, paths)
    async with AsyncExitStack() as opened:
        opened.enter_context(WriterLock(paths.lock, guarded=paths.answers))
        grace_s = order.settings.limits.grace_s
        opened.enter_context(stop_on_signals(stopping, grace_s=grace_s))
        if order.retries_failed:
            set_failures_aside(paths)
        results = await opened.enter_async_context(await asyncio.to_thread(ResultFiles, paths))
        pool = await opened.enter_async_context(WorkPool(worker_count=core_count()))
        checked = await check_on_cores(
            input_path, results, stopping, pool, skips_bad_lines=order.skips_bad_lines
        )
        spending = opened.enter_context(open_spending(paths, order.settings))
        results.follow_sends(lambda: spending.log.written_count)
        sending = ShardedSending(results, spending, checked.wanted_count)
        announce_interruption(stopping, lambda: sending.stats.in_flight, grace_s=grace_s)
        if checked.wanted_count:
            await _send_wanted(order, place, checked, sending, stopping, pool)
    elapsed_s = time.monotonic() - started_s
    counts = CheckedSource(checked).counts()
    return SendEnd(counts, sending.end_stats(), elapsed_s, sending.unsettled, sending.ended_by)


async def _send_wanted(
    order: SendOrder,
    place: ClusterPlace | HerePlace,
    checked: CheckedFile,
    sending: "ShardedSending",
    stopping: Stopping,
    pool: WorkPool,
) -> None:
    """Have the wanted requests sent by workers at this place."""
    cluster = place if isinstance(place, ClusterPlace) else ClusterPlace()
    begin = Begin(
        address=cluster.address,
        settings=order.settings,
        endpoints=list(order.endpoints),
        store=cluster.store,
    )
    await asyncio.to_thread(reach_store, cluster.store)
    async with _open_driver(place) as driver:
        wanted = await driver.begin(begin)
        stopping.raise_if_requested()
        workers = min(fit_workers(wanted, order.settings), checked.wanted_count)
        count = min(workers * SHARDS_PER_WORKER, checked.wanted_count)
        call = await write_shards_on_cores(
            checked, order.out_path.absolute(), count, pool, stopping
        )
        await pool.rest()
        segments = await asyncio.to_thread(place_call, call, begin.store)
        _log.info("%d workers begin, for %d shards of the requests", workers, count)
        await sending.run(driver, segments, workers, stopping)


def _open_driver(place: ClusterPlace | HerePlace) -> AbstractAsyncContextManager[Driver]:
    return SenderProcesses(place) if isinstance(place, HerePlace) else ClusterProcess(place)


def fit_workers(wanted: int, settings: RunSettings) -> int:
    """How many workers the limit has work for."""
    per_minute = settings.limits.requests_per_minute
    if per_minute is None:
        return wanted
    most = max(1, int(per_minute / SLOWEST_PER_MINUTE))
    if wanted > most:
        _log.warning(
            "%d workers are too many for %.0f requests a minute: there are %d, so that each has at "
            "least %.0f",
            *(wanted, per_minute, most, SLOWEST_PER_MINUTE),
        )
    return min(wanted, most)


class ShardedSending:
    """One call under way: what workers report is shown, and what they wrote is taken in."""

    def __init__(self, results: ResultFiles, spending: Spending, wanted_count: int) -> None:
        self._results = results
        self._spending = spending
        self._wanted_count = wanted_count
        self._answered = 0
        self._failed: Counter[str] = Counter()
        self.stats: StatsSnapshot = Stats().snapshot()
        self.unsettled: Counter[str] = Counter()
        self.ended_by: EngineError | None = None

    async def run(
        self, driver: Driver, segments: SegmentPlace, workers: int, stopping: Stopping
    ) -> None:
        """Have all shards sent; what ends it early stands in `ended_by`."""
        call = segments.call
        spent_usd = self._spending.budget.spent_usd
        send = Send(call_dir=str(call.folder), workers=workers, spent_usd=spent_usd)
        stopping.on_request(lambda reason: _stop(driver, reason))
        with StageProgress(
            "send", total=self._wanted_count, done=0, details=self._details
        ) as progress:
            self._progress = progress
            try:
                stopping.raise_if_requested()
                async for message in driver.send(send):
                    await self._hear(message, segments)
            except EngineError as error:
                self.ended_by = error
        self.ended_by = self.ended_by or stopping.reason
        await asyncio.to_thread(remove_if_untouched, segments, self.ended_by)

    def end_stats(self) -> StatsSnapshot:
        """The counters; how requests ended is known by what was taken in, to the last one."""
        return self.stats.model_copy(
            update={
                "settled": self._answered + self._failed.total(),
                "failed": dict(self._failed),
                "in_flight": 0,
            }
        )

    async def _hear(self, message: FromProcess, segments: SegmentPlace) -> None:
        match message:
            case Sent():
                self._show(message.stats)
            case Note():
                _log.warning("%s", message.text)
            case ShardEnded():
                self.unsettled.update(message.unsettled)
                shard = segments.call.shard(message.shard)
                await asyncio.to_thread(segments.complete, shard)
                gathered = await gather_shard(
                    shard, self._results, self._spending, lent_usd=segments.lent_usd()
                )
                self._answered += gathered.answered
                self._failed.update(gathered.failed)

    def _show(self, stats: StatsSnapshot) -> None:
        settled_before, self.stats = self.stats.settled, stats
        for _ in range(stats.settled - settled_before):
            self._progress.advance()

    def _details(self) -> dict[str, str]:
        details = {"usd": f"{self.stats.usd:.4f}"}
        if self.stats.retried:
            details["retries"] = str(sum(self.stats.retried.values()))
        if self.stats.failed:
            details["failed"] = str(sum(self.stats.failed.values()))
        return details


def _stop(driver: Driver, reason: EngineError) -> None:
    if isinstance(reason, InterruptedRunError):
        driver.stop(reason.signum)


def _check(order: SendOrder, place: ClusterPlace | HerePlace) -> Path:
    """The file of requests of an order that workers can send.

    Raises:
        ConfigError: they cannot.
    """
    flag = "--workers" if isinstance(place, HerePlace) else "--on ray"
    if isinstance(place, ClusterPlace) and find_spec("ray") is None:
        raise ConfigError(f"--on ray needs the extra `ray`: {install_command('ray')}")
    if order.input_path is None or order.prints:
        raise ConfigError(f"{flag} sends a file into a file: standard input and output cannot be")
    if order.flex is not None or may_be_out(send_batch_folder(order.out_path)):
        raise ConfigError(f"{flag} sends live: no batch may be out, and no other lane be asked for")
    if order.metrics_port is not None:
        raise ConfigError(f"{flag} serves no metrics yet: leave --metrics-port out")
    return order.input_path
