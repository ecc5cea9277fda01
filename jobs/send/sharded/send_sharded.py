"""Sends the requests of a file by several processes; the files are those of one."""

import asyncio
import logging
import time
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from importlib.util import find_spec
from pathlib import Path

from engine.errors import ConfigError
from engine.extras import install_command
from engine.files.lock import WriterLock
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
from jobs.send.sharded.here.processes import HerePlace, SenderProcesses
from jobs.send.sharded.messages import Begin
from jobs.send.sharded.outside.depot import place_call, reach_store
from jobs.send.sharded.sharded_sending import Driver, ShardedSending
from jobs.send.sharded.write_shards import write_shards_on_cores
from jobs.send.spending import open_spending
from schemas.settings import RunSettings

SHARDS_PER_WORKER = 4  # so that one that is slow, or lost, holds up little
SLOWEST_PER_MINUTE = 120.0  # of the limit, that a worker should have: it begins with one at once

_log = logging.getLogger(__name__)


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
        lender = None
        if order.stored is not None:
            lender = order.stored.open_lender(order.settings.budget.usd, stopping)
        sending = ShardedSending(results, spending, checked.wanted_count, lender)
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
    sending: ShardedSending,
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
