"""Sends a file as it pays: by flex while it has capacity, then in batches, the rest live."""

import asyncio
import logging
import time
from contextlib import AsyncExitStack

from engine.clock import SystemClock
from engine.errors import ConfigError
from engine.files.lock import WriterLock
from engine.stats.counters import Stats
from engine.stopping import Stopping
from jobs.run.batch_folders import read_names_out, read_requests_out, send_batch_folder
from jobs.run.lanes import LaneOrder, make_flex_policy, make_lane_plan
from jobs.send.check_batch_file import check_batch_file
from jobs.send.lanes.batches import send_batches
from jobs.send.lanes.beside_batches import send_beside_batches
from jobs.send.lanes.requests import SendEnd, SendOrder, send_requests
from jobs.send.request_sources import CheckedSource, SourceCounts
from jobs.send.result_files import ResultFiles, check_paths, result_paths, set_failures_aside

_log = logging.getLogger(__name__)


async def send_auto(order: SendOrder, lane: LaneOrder) -> SendEnd:
    """One way after the other; each takes what the one before it has left.

    Flex costs what a batch does and is at once; what it has no capacity for goes in batches, if it
    is much and there is time for them. Live goes what is little, and what batches gave back as the
    deadline came near.

    Raises:
        ConfigError: bad input or settings; nothing was sent.
        RunInUseError: another process writes these results.
        DamagedLogError: a file of results or the ledger of batches is damaged.
    """
    if order.input_path is None:
        raise ConfigError(
            "standard input cannot go by --lane auto: batches read it more than once; take live or "
            "flex, or a file"
        )
    started_s = time.monotonic()
    counts = await _count(order)
    end = await _Sending(order._replace(retries_failed=False), lane, counts).run()
    return end._replace(counts=counts, elapsed_s=time.monotonic() - started_s)


class _Sending:
    """The ways of one file, one after the other; their counters are shared."""

    def __init__(self, order: SendOrder, lane: LaneOrder, counts: SourceCounts) -> None:
        self._order = order
        self._lane = lane
        self._wanted = counts.wanted or 0
        self._stats = Stats()
        self._plan = make_lane_plan(lane, order.settings)
        self._clock = SystemClock()

    async def run(self) -> SendEnd:
        policy = make_flex_policy(self._lane, self._order.settings)
        for line in self._plan.describe(self._left, has_flex=policy is not None):
            _log.info("%s", line)
        end: SendEnd | None = None
        if policy is not None and not self._plan.is_live_time(self._clock.utc_now(), self._left):
            end = await self._now(self._order._replace(flex=policy), waits=False)
        if self._goes_on(end) and self._is_worth_batches():
            end = await send_batches(self._order, self._lane, self._stats)
        if end is None or (self._goes_on(end) and (self._lane.waits or not self._is_out)):
            end = await self._now(self._order, waits=self._lane.waits)
        return end

    @property
    def _left(self) -> int:
        return self._wanted - self._stats.settled

    @property
    def _is_out(self) -> bool:
        return bool(read_names_out(send_batch_folder(self._order.out_path)))

    def _goes_on(self, end: SendEnd | None) -> bool:
        return self._left > 0 and (end is None or end.ended_by is None)

    def _is_worth_batches(self) -> bool:
        is_much = self._left >= self._plan.live_below or self._is_out
        return is_much and self._plan.is_batch_time(self._clock.utc_now(), self._left)

    async def _now(self, order: SendOrder, *, waits: bool) -> SendEnd:
        """Live or by flex; what batches are answering now is not sent."""
        if self._is_out:
            return await send_beside_batches(order, self._lane._replace(waits=waits), self._stats)
        return await send_requests(order, self._stats)


async def _count(order: SendOrder) -> SourceCounts:
    """What is left to send of a file, failures set aside if they are to be sent again."""
    assert order.input_path is not None
    paths = result_paths(order.out_path)
    check_paths(order.input_path, paths)
    async with AsyncExitStack() as opened:
        opened.enter_context(WriterLock(paths.lock, guarded=paths.answers))
        if order.retries_failed:
            set_failures_aside(paths)
        out = await asyncio.to_thread(read_requests_out, order.out_path)
        results = await opened.enter_async_context(await asyncio.to_thread(ResultFiles, paths, out))
        skips = order.skips_bad_lines
        checked = await asyncio.to_thread(
            check_batch_file, order.input_path, results, Stopping(), skips_bad_lines=skips
        )
    return CheckedSource(checked).counts()
