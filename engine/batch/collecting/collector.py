"""Fetches the results of ended batches and settles their requests, whatever the files hold."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import orjson

from engine.batch.collecting.attempts import AttemptLog
from engine.batch.collecting.result_files import GROUP_LINES, is_whole, read_groups, read_requests
from engine.batch.collecting.results import Asked, Back, Result, ResultReader
from engine.batch.folder import BatchFolder
from engine.batch.ledger import BatchLedger
from engine.batch.provider import Provider
from engine.clock import Clock
from engine.errors import NOT_FOUND, FatalError, RequestError, TransientError
from engine.stopping import FailureWatch
from schemas.batches import Batch, BatchAttempt, BatchFacts
from schemas.outcomes import Completed, Failed, Outcome

YOUNG = timedelta(minutes=10)  # a result file of a batch that ended just now may still appear
TOKEN_LIMIT = "token_limit_exceeded"  # noqa: S105 - an error code: a wait, not a failure


class Sink(NamedTuple):
    """Where outcomes go: `keep` settles a request durably, `is_settled` says whether it is."""

    keep: Callable[[Outcome], Awaitable[None]]
    is_settled: Callable[[str], bool]


_log = logging.getLogger(__name__)


@dataclass
class Tally:
    """How the requests of a batch ended. `new_usd` is what was not known to be spent before.

    `fatal` is why no further request can succeed, if the results say so.
    """

    answered: int = 0
    failed: int = 0
    returned: int = 0
    strange: int = 0
    cost_usd: float = 0.0
    new_usd: float = 0.0
    fatal: FatalError | None = None
    watch: FailureWatch = field(default_factory=FailureWatch)

    def count(self, result: Result) -> None:
        """Count how a request ended."""
        match result:
            case Back():
                self.returned += 1
                self.fatal = self.fatal or result.reason
                return
            case BatchAttempt():
                self.returned += 1
            case Completed():
                self.answered += 1
                self.watch.note(result)
            case Failed():
                self.failed += 1
                self._note_failed(result)
        self.cost_usd += result.cost_usd or 0.0

    def _note_failed(self, failed: Failed) -> None:
        try:
            self.watch.note(failed)
        except FatalError as error:
            self.fatal = self.fatal or error


class Collector:
    """Collects batch after batch. A crash at any moment repeats work, and settles nothing twice."""

    def __init__(
        self,
        folder: BatchFolder,
        ledger: BatchLedger,
        provider: Provider,
        attempts: AttemptLog,
        reader: ResultReader,
        *,
        sink: Sink,
        clock: Clock,
    ) -> None:
        self._folder = folder
        self._ledger = ledger
        self._provider = provider
        self._attempts = attempts
        self._reader = reader
        self._sink = sink
        self._clock = clock

    async def collect(self, batch: Batch) -> Tally:
        """Settle what an ended batch has answered; the rest of its requests come back.

        Raises:
            TransientError: a file cannot be fetched now.
            DamagedLogError: our own file of its requests is damaged or gone.
        """
        tally = Tally()
        is_lost = not await self._download(batch, tally)
        await self._settle(batch, tally, is_lost=is_lost)
        await self._ledger.add(
            batch.name,
            "collected",
            BatchFacts(
                answered=tally.answered,
                failed=tally.failed,
                returned=tally.returned,
                cost_usd=tally.cost_usd,
            ),
        )
        _report(batch, tally)
        return tally

    def remove_remains(self) -> None:
        """Remove what a crash left of a download; it is begun anew."""
        for path in self._folder.files_dir.glob("*.jsonl.part"):
            path.unlink()

    async def clean_up(self, *, at_provider: bool) -> None:
        """Delete the files of collected batches here and, if wished, `at_provider`."""
        for batch in list(self._ledger.batches):
            if batch.is_collected and not batch.is_deleted:
                await self._delete(batch, at_provider=at_provider)

    async def _download(self, batch: Batch, tally: Tally) -> bool:
        """Fetch the results that are not here yet; returns whether the provider still had all."""
        facts, is_all_there = batch.facts, True
        if batch.lacks_results and self._is_young(batch):
            raise TransientError(f"batch {batch.name} has no result file yet", code=NOT_FOUND)
        for file_id, path in (
            (facts.output_file_id, self._folder.output_path(batch.name)),
            (facts.error_file_id, self._folder.error_path(batch.name)),
        ):
            if not file_id or path.exists():
                continue
            try:
                await self._provider.download(file_id, path)
            except RequestError as error:
                if error.code != NOT_FOUND:
                    raise
                await self._miss(batch, file_id, tally)
                is_all_there = False
                continue
            if _has_lines(facts, file_id) and not is_whole(path):
                path.unlink()
                raise TransientError(f"result file {file_id} did not come whole", code="cut_off")
        return is_all_there

    async def _miss(self, batch: Batch, file_id: str, tally: Tally) -> None:
        facts = batch.facts
        if _has_lines(facts, file_id) and self._is_young(batch):
            raise TransientError(f"result file {file_id} is not there yet", code=NOT_FOUND)
        if file_id == facts.error_file_id:
            _log.warning("batch %s: its error file %s is gone", batch.name, file_id)
            return
        share = (facts.done_count or 0) / max(facts.request_count or 1, 1)
        lost_usd = None if facts.worst_case_usd is None else facts.worst_case_usd * share
        if facts.lost_usd is None:
            tally.new_usd += lost_usd or 0.0
            await self._ledger.add(batch.name, "polled", BatchFacts(lost_usd=lost_usd))
        _log.warning(
            "batch %s: the provider has deleted its results (file %s): %s answers are lost, which "
            "cost at most %s; they will be asked again",
            batch.name,
            file_id,
            f"{facts.done_count or 0:,}",
            "an unknown sum" if lost_usd is None else f"${lost_usd:.4f}",
        )

    def _is_young(self, batch: Batch) -> bool:
        return self._clock.utc_now() - datetime.fromisoformat(batch.changed_at) < YOUNG

    async def _settle(self, batch: Batch, tally: Tally, *, is_lost: bool) -> None:
        waiting = read_requests(self._folder.input_path(batch.name))
        for path in (self._folder.output_path(batch.name), self._folder.error_path(batch.name)):
            for lines in read_groups(path):
                kept = [self._take(line, batch, waiting, tally) for line in lines]
                await asyncio.gather(*(keeping for keeping in kept if keeping is not None))
        unanswered = list(waiting)
        for start in range(0, len(unanswered), GROUP_LINES):
            kept = [
                self._miss_line(request_id, batch, tally, is_lost=is_lost)
                for request_id in unanswered[start : start + GROUP_LINES]
            ]
            await asyncio.gather(*(keeping for keeping in kept if keeping is not None))

    def _take(
        self, line: bytes, batch: Batch, waiting: dict[str, bool], tally: Tally
    ) -> Awaitable[None] | None:
        """Count one line; returns what must be awaited until it is durable."""
        try:
            fields = orjson.loads(line)
            custom_id = fields["custom_id"]
            has_output_limit = waiting.pop(custom_id)
        except (orjson.JSONDecodeError, KeyError, TypeError):  # no line of ours, or one repeated
            tally.strange += 1
            return None
        asked = self._asked(custom_id, batch, has_output_limit=has_output_limit)
        return self._keep(self._reader.read(fields, batch, asked), asked, tally)

    def _miss_line(
        self, request_id: str, batch: Batch, tally: Tally, *, is_lost: bool
    ) -> Awaitable[None] | None:
        """Count a request that no line is about; a completed batch has tried it all the same."""
        if self._sink.is_settled(request_id):
            return None
        asked = self._asked(request_id, batch, has_output_limit=False)
        was_tried = batch.facts.status == "completed" and not is_lost
        result = self._reader.read_missing(batch, asked) if was_tried else Back()
        return self._keep(result, asked, tally)

    def _asked(self, request_id: str, batch: Batch, *, has_output_limit: bool) -> Asked:
        before = [a for a in self._attempts.of(request_id) if a.batch != batch.name]
        return Asked(request_id, before, has_output_limit)

    def _keep(self, result: Result, asked: Asked, tally: Tally) -> Awaitable[None] | None:
        tally.count(result)
        if isinstance(result, Back):
            return None
        if isinstance(result, BatchAttempt):
            if result.attempt_id in self._attempts:
                return None
            tally.new_usd += result.cost_usd or 0.0
            return self._attempts.add(result)
        if self._sink.is_settled(asked.request_id):
            return None
        tally.new_usd += result.cost_usd or 0.0
        return self._sink.keep(result)

    async def _delete(self, batch: Batch, *, at_provider: bool) -> None:
        facts = batch.facts
        if at_provider:
            for file_id in (facts.file_id, facts.output_file_id, facts.error_file_id):
                if file_id:
                    await self._delete_remote(file_id)
        for path in (self._folder.output_path(batch.name), self._folder.error_path(batch.name)):
            path.unlink(missing_ok=True)
        if not is_refused(batch):  # else somebody will want to see what was refused
            self._folder.input_path(batch.name).unlink(missing_ok=True)
        await self._ledger.add(batch.name, "deleted", BatchFacts())

    async def _delete_remote(self, file_id: str) -> None:
        try:
            await self._provider.delete(file_id)
        except RequestError as error:
            _log.warning(
                "file %s stays at the provider, which does not delete it: %s", file_id, error
            )


def is_refused(batch: Batch) -> bool:
    """Whether the provider did not take the batch, for another reason than its size."""
    return batch.facts.status == "failed" and batch.facts.problem_code != TOKEN_LIMIT


def _has_lines(facts: BatchFacts, file_id: str) -> bool:
    """Whether a result file must hold something; some servers name one that holds nothing."""
    is_output = file_id == facts.output_file_id
    return (facts.done_count if is_output else facts.error_count) != 0


def _report(batch: Batch, tally: Tally) -> None:
    _log.info(
        "batch %s %s: %s answered, %s failed for good, %s to be asked again, $%.4f",
        batch.name,
        batch.facts.status,
        f"{tally.answered:,}",
        f"{tally.failed:,}",
        f"{tally.returned:,}",
        tally.cost_usd,
    )
    if tally.strange:
        _log.warning(
            "batch %s: lines that are repeated, of no request of it or no JSON were passed by: %s",
            batch.name,
            f"{tally.strange:,}",
        )
