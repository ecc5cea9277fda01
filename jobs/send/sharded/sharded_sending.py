"""One call of several senders: what they report is shown, and what they wrote is taken in."""

import asyncio
import logging
import signal
from collections import Counter
from collections.abc import AsyncIterator
from typing import Protocol

from engine.errors import EngineError, InterruptedRunError
from engine.progress import StageProgress
from engine.stats.counters import Stats, StatsSnapshot
from engine.stopping import Stopping
from jobs.run.stored import SealingLender
from jobs.send.result_files import ResultFiles
from jobs.send.sharded.borrowing import Borrowing
from jobs.send.sharded.gather import gather_shard
from jobs.send.sharded.messages import (
    Begin,
    FromProcess,
    Lend,
    Note,
    SendShards,
    Sent,
    ShardEnded,
    Wanted,
)
from jobs.send.sharded.outside.depot import SegmentPlace, remove_if_untouched
from jobs.send.sharded.take_written import TakingWritten
from jobs.send.spending import FileSpending

_log = logging.getLogger(__name__)


class Driver(Protocol):
    """Drives the workers of one call, wherever they are."""

    async def begin(self, begin: Begin) -> int:
        """Take the order; returns how many workers there are to be."""
        ...

    def send(self, order: SendShards) -> AsyncIterator[FromProcess]:
        """Have the shards of a call sent; yields what is reported, until all workers have ended.

        Raises:
            EngineError: what ended it early.
        """
        ...

    def lend(self, order: Lend) -> None:
        """Lend to the workers of the call that is under way, where they borrow."""
        ...

    def stop(self, signum: int) -> None:
        """Have nothing more sent; what is in flight lands, and the end is reported."""
        ...


class ShardedSending:
    """One call under way: what workers report is shown, and what they wrote is taken in."""

    def __init__(
        self,
        results: ResultFiles,
        spending: FileSpending,
        wanted_count: int,
        lender: SealingLender | None = None,
    ) -> None:
        """`lender` lends as long as what is written is stored; None: it is stored nowhere."""
        self._results = results
        self._spending = spending
        self._wanted_count = wanted_count
        self._lender = lender
        self._borrowing: Borrowing | None = None
        self._written: TakingWritten | None = None
        self._answered = 0
        self._failed: Counter[str] = Counter()
        self.stats: StatsSnapshot = Stats().snapshot()
        self.unsettled: Counter[str] = Counter()
        self.ended_by: EngineError | None = None

    async def run(
        self, driver: Driver, segments: SegmentPlace, workers: int, stopping: Stopping
    ) -> None:
        """Have all shards sent; what ends it early stands in `ended_by`."""
        send = SendShards(
            call_dir=str(segments.call.folder),
            workers=workers,
            spent_usd=self._spending.budget.spent_usd,
            is_borrowing=self._lender is not None,
        )
        if self._lender is not None:
            self._borrow(self._lender, driver, segments)
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
        if self._borrowing is not None and not segments.call.folder.exists():
            await self._borrowing.close()

    def _borrow(self, lender: SealingLender, driver: Driver, segments: SegmentPlace) -> None:
        """Let workers send by what a lender lends, which stores what is in the files."""
        self._written = TakingWritten(segments, self._results)
        self._borrowing = Borrowing(
            lender, segments.call.folder.name, take_in=self._written.take_all, lend=driver.lend
        )

    def end_stats(self) -> StatsSnapshot:
        """The counters; how requests ended is known by what was taken in, to the last one."""
        answered = self._answered + (self._written.answered if self._written else 0)
        return self.stats.model_copy(
            update={
                "settled": answered + self._failed.total(),
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
            case Wanted():
                if self._borrowing is not None:
                    await self._borrowing.hear(message)
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
    """Have workers stop, also where another machine goes on with what is stored."""
    driver.stop(reason.signum if isinstance(reason, InterruptedRunError) else signal.SIGTERM)
