"""Sends the requests of a file or a stream, and writes every reply to disk."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from engine.beside import beside
from engine.clock import SystemClock
from engine.errors import ConfigError, EngineError, LeftToOthersError, TransientError
from engine.files.lock import WriterLock
from engine.lease.client import LeaseClient
from engine.live.flex.gate import FlexPolicy
from engine.live.flex.lane import FlexLane
from engine.live.lane import LiveLane
from engine.live.open_lane import open_live_lane
from engine.progress import Progress, StageProgress, spending_details
from engine.spending.budget import Budget
from engine.stats.counters import Stats, StatsSnapshot
from engine.stats.prometheus import serve_metrics
from engine.stats.snapshots import snapshots_written
from engine.stopping import FailureWatch, Stopping, announce_interruption, stop_on_signals
from engine.wire.endpoints import Endpoint
from engine.wire.server_text import without_controls
from engine.workers import run_workers
from jobs.run.batch_folders import read_requests_out
from jobs.run.stored import StoredRun, hold_lease
from jobs.send.check_batch_file import check_batch_file
from jobs.send.request_sources import (
    CheckedSource,
    RequestSource,
    SourceCounts,
    StreamSource,
    open_file_lines,
    open_standard_input,
    show_nothing,
)
from jobs.send.result_files import (
    ResultFiles,
    ResultPaths,
    check_paths,
    result_paths,
    set_failures_aside,
)
from jobs.send.spending import FileSpending, Keep, open_spending
from jobs.send.standard_output import ReplyPrinter
from schemas.outcomes import Failed
from schemas.settings import RunSettings

LEFT_BY_FLEX = "no capacity by flex"
MAX_NAMED = 5  # kinds of failures of which one is shown; all are in the file of errors

_log = logging.getLogger(__name__)


class SendOrder(NamedTuple):
    """What the user asks for. `input_path` None: standard input. `flex`: all go by that tier.

    `prints`: answers go to standard output too, also those that were there before. `stored` None:
    replies are kept in their file alone.
    """

    input_path: Path | None
    out_path: Path
    settings: RunSettings
    endpoints: Sequence[Endpoint]
    retries_failed: bool = False
    skips_bad_lines: bool = False
    metrics_port: int | None = None
    flex: FlexPolicy | None = None
    prints: bool = False
    stored: StoredRun | None = None


class SendEnd(NamedTuple):
    """The result of `send_requests`. `ended_by`: the error that ended it early."""

    counts: SourceCounts
    stats: StatsSnapshot
    elapsed_s: float
    unsettled: Counter[str]
    ended_by: EngineError | None


async def send_requests(order: SendOrder, stats: Stats | None = None) -> SendEnd:
    """Send what is neither settled nor in a batch; the same call again goes on from there.

    `stats` are those of earlier calls of this process, which this one adds to.

    Raises:
        ConfigError: bad input or settings; nothing was sent.
        RunInUseError: another process writes these results.
        DamagedLogError: a file of results is damaged.
        InterruptedRunError: a stop was requested before anything was sent.
    """
    started_s = time.monotonic()
    paths = result_paths(order.out_path)
    check_paths(order.input_path, paths)
    stopping, stats = Stopping(), stats or Stats()
    async with AsyncExitStack() as opened:
        opened.enter_context(WriterLock(paths.lock, guarded=paths.answers))
        opened.enter_context(_signals_heeded(order, stopping, stats))
        results = await _open_results(order, paths, opened)
        printer = ReplyPrinter(results) if order.prints else None
        source = await _open_source(order, results, printer, stopping)
        lease_client = _lease_of(order, stopping)
        spending = opened.enter_context(open_spending(paths, order.settings, lease_client))
        results.follow_sends(lambda: spending.log.written_count)
        lane = _make_lane(order, stats, spending.budget)
        results.follow_pace(lane.is_paced)
        opened.push_async_callback(lane.aclose)
        if lease_client is not None:
            await opened.enter_async_context(_lent(lease_client, lane, spending.budget))
        await _open_counters(order, paths, stats, opened)
        details = partial(spending_details, stats, spending.budget)
        progress = opened.enter_context(
            StageProgress("send", total=source.counts().wanted, done=0, details=details)
        )
        way = lane if order.flex is None else FlexLane(lane, order.flex)
        sending = Sending(source, way, _keep(spending, results, printer), stopping, progress)
        await sending.run(order.settings.limits.max_in_flight)
    counts, elapsed_s = source.counts(), time.monotonic() - started_s
    return SendEnd(counts, stats.snapshot(), elapsed_s, sending.unsettled, sending.ended_by)


def _keep(spending: FileSpending, results: ResultFiles, printer: ReplyPrinter | None) -> Keep:
    """Keeps an outcome, and prints it where that is asked for."""
    keep = spending.keeping(results.keep)
    return keep if printer is None else printer.printing(keep)


def _lent(
    lease_client: LeaseClient, lane: LiveLane, budget: Budget
) -> AbstractAsyncContextManager[None]:
    """For the block the lane goes by what it is lent."""
    lane.go_by(lease_client)
    lease_client.follow(budget)
    return beside(lease_client.keep())


@contextmanager
def _signals_heeded(order: SendOrder, stopping: Stopping, stats: Stats) -> Iterator[None]:
    grace_s = order.settings.limits.grace_s
    with stop_on_signals(stopping, grace_s=grace_s):
        announce_interruption(stopping, lambda: stats.in_flight, grace_s=grace_s)
        yield


class Sending:
    """Workers that share one source; nothing is kept of a request that no worker holds.

    Where the first requests all fail alike it ends: the others would be paid for in vain.
    """

    def __init__(
        self,
        source: RequestSource,
        lane: LiveLane | FlexLane,
        keep: Keep,
        stopping: Stopping,
        progress: Progress,
    ) -> None:
        self._source = source
        self._lane = lane
        self._keep = keep
        self._progress = progress
        self._watch = FailureWatch()
        self._named: set[str] = set()
        self.unsettled: Counter[str] = Counter()
        self.ended_by: EngineError | None = None
        stopping.on_request(self._end)

    async def run(self, max_in_flight: int) -> None:
        """Send until the source is exhausted or an error ends it; calls in flight finish first."""
        try:
            await run_workers(self._work_off, max_in_flight, on_error=self._end)
        except asyncio.CancelledError:
            if self.ended_by is None:
                raise  # not by us: the grace period was over

    async def _work_off(self) -> None:
        while self.ended_by is None and (request := await self._source.next()) is not None:
            try:
                outcome = await self._lane.send(request)
            except LeftToOthersError:
                self.unsettled[LEFT_BY_FLEX] += 1
            except TransientError as error:
                self.unsettled[error.code] += 1
            else:
                await self._keep(outcome)
                self._progress.advance()
                if isinstance(outcome, Failed):
                    self._name(outcome)
                if not self._watch.is_over:
                    self._watch.note(outcome)

    def _name(self, failed: Failed) -> None:
        """Say why a request has failed, if it is the first of its kind."""
        if failed.code in self._named or len(self._named) >= MAX_NAMED:
            return
        self._named.add(failed.code)
        _log.warning(
            "request %s has failed for good with %s (%s)",
            without_controls(failed.request_id),
            *(failed.code, failed.message),
        )

    def _end(self, error: EngineError) -> None:
        if self.ended_by is not None:
            return
        self.ended_by = error
        self._source.stop()
        if not isinstance(error, ConfigError):  # a bad line is no reason not to send the others
            self._lane.stop_admitting(error)


async def _open_results(
    order: SendOrder, paths: ResultPaths, opened: AsyncExitStack
) -> ResultFiles:
    """In threads, so that signals are noticed meanwhile: this takes seconds for a million lines."""
    if order.retries_failed:
        set_failures_aside(paths)
    out = await asyncio.to_thread(read_requests_out, order.out_path)
    return await opened.enter_async_context(
        await asyncio.to_thread(ResultFiles, paths, out, has_reserve=True)
    )


async def _open_source(
    order: SendOrder, results: ResultFiles, printer: ReplyPrinter | None, stopping: Stopping
) -> RequestSource:
    """A file whose replies are printed is read as a stream is: they begin at once."""
    skips, path = order.skips_bad_lines, order.input_path
    if path is not None and printer is None:
        return CheckedSource(
            await asyncio.to_thread(
                check_batch_file, path, results, stopping, skips_bad_lines=skips
            )
        )
    reader = await open_standard_input() if path is None else open_file_lines(path)
    show = show_nothing if printer is None else printer.show
    return StreamSource(reader, results, skips_bad_lines=skips, show=show)


async def _open_counters(
    order: SendOrder, paths: ResultPaths, stats: Stats, opened: AsyncExitStack
) -> None:
    """Write what is counted to a file, and serve it where that is asked for, while it runs."""
    opened.enter_context(snapshots_written(paths.stats, stats, SystemClock()))
    if order.metrics_port is not None:
        await opened.enter_async_context(serve_metrics(stats, order.metrics_port))


def _lease_of(order: SendOrder, stopping: Stopping) -> LeaseClient | None:
    """What is sent by where replies are stored: it is lent while they are."""
    if order.stored is None:
        return None
    lender = order.stored.open_lender(order.settings.budget.usd, stopping)
    return hold_lease(lender, order.out_path.name, order.settings, stopping)


def _make_lane(order: SendOrder, stats: Stats, budget: Budget) -> LiveLane:
    return open_live_lane(order.endpoints, order.settings.limits, budget=budget, stats=stats)
