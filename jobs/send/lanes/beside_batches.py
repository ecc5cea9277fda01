"""Sends a file live of which batches are out: they are collected, and what is in them waits."""

import asyncio
import logging
import time
from collections import Counter
from contextlib import AsyncExitStack

from engine.clock import SystemClock
from engine.errors import TransientError
from engine.files.lock import WriterLock
from engine.stats.counters import Stats
from engine.stopping import Admission, Stopping, stop_on_signals
from jobs.run.batch_folders import read_send_batches_out
from jobs.run.lanes import LaneOrder
from jobs.send.lanes.batches import open_send_desk
from jobs.send.lanes.requests import SendEnd, SendOrder, send_requests
from jobs.send.result_files import ResultFiles, result_paths

IN_A_BATCH = "in a batch"

_log = logging.getLogger(__name__)


async def send_beside_batches(
    order: SendOrder, lane: LaneOrder, stats: Stats | None = None
) -> SendEnd:
    """Send what is in no batch, and what comes back from batches once they have ended.

    Without waiting, or from standard input, it is left to the next call what is out now.

    Raises:
        ConfigError: bad input or settings, or the provider does not know a batch that is out.
        RunInUseError: another process writes these results.
        DamagedLogError: a file of results or the ledger of batches is damaged.
        EngineError: a stop was requested while batches were waited for.
    """
    started_s, collected = time.monotonic(), stats or Stats()
    stats = stats or Stats()
    await _collect(order, lane, collected, waits=False)
    first = end = await send_requests(order, stats)
    waits = lane.waits and order.input_path is not None
    while end.ended_by is None and waits and read_send_batches_out(order.out_path):
        _log.info("what is left is out in batches: waiting for them")
        await _collect(order, lane, stats, waits=True)
        end = await send_requests(order._replace(retries_failed=False), stats)
    out = read_send_batches_out(order.out_path)
    unsettled = end.unsettled + Counter({IN_A_BATCH: sum(b.intent.request_count for b in out)})
    return SendEnd(
        first.counts, stats.snapshot(), time.monotonic() - started_s, unsettled, end.ended_by
    )


async def _collect(order: SendOrder, lane: LaneOrder, stats: Stats, *, waits: bool) -> None:
    """Settle what batches have answered; with `waits` once one of them has ended."""
    stopping, clock, paths = Stopping(), SystemClock(), result_paths(order.out_path)
    async with AsyncExitStack() as opened:
        opened.enter_context(WriterLock(paths.lock, guarded=paths.answers))
        opened.enter_context(stop_on_signals(stopping, grace_s=order.settings.limits.grace_s))
        results = await opened.enter_async_context(
            await asyncio.to_thread(ResultFiles, paths, has_reserve=True)
        )
        desk = await opened.enter_async_context(
            open_send_desk(order, lane, results, stats, clock, stopping)
        )
        admission = Admission(clock)
        stopping.on_request(admission.close)
        out_count = len(desk.out)
        while True:
            try:
                await desk.collect()
            except TransientError as error:
                _log.warning("%s; batches are collected later", error)
            if not waits or len(desk.out) < out_count:
                return
            await admission.sleep(desk.next_poll_s())
