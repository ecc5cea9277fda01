"""Fetches the results of ended batches and settles their requests, whatever the files hold."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import orjson

from engine.batch.attempts import AttemptLog
from engine.batch.client import BatchClient
from engine.batch.folder import BatchFolder
from engine.batch.ledger import BatchLedger
from engine.batch.results import Asked, Back, ResultReader
from engine.clock import Clock
from engine.errors import DamagedLogError, FatalError, RequestError, TransientError
from engine.openai_client import NOT_FOUND
from schemas.batches import Batch, BatchAttempt, BatchFacts
from schemas.outcomes import Completed, Outcome

GROUP_LINES = 1_000  # made durable together
YOUNG = timedelta(minutes=10)  # a result file of a batch that ended just now may still appear
TOKEN_LIMIT = "token_limit_exceeded"  # noqa: S105 - an error code: a wait, not a failure
LIMIT_NAMES = (b'"max_completion_tokens":', b'"max_tokens":')


class Sink(NamedTuple):
    """Where outcomes go: `keep` settles a request durably, `is_settled` says whether it is."""

    keep: Callable[[Outcome], Awaitable[None]]
    is_settled: Callable[[str], bool]


_log = logging.getLogger(__name__)


@dataclass
class Tally:
    """How the requests of a batch ended. `new_usd` is what was not known to be spent before."""

    answered: int = 0
    failed: int = 0
    returned: int = 0
    strange: int = 0
    cost_usd: float = 0.0
    new_usd: float = 0.0
    fatal: FatalError | None = None


class Collector:
    """Collects batch after batch. A crash at any moment repeats work, and settles nothing twice."""

    def __init__(
        self,
        folder: BatchFolder,
        ledger: BatchLedger,
        client: BatchClient,
        attempts: AttemptLog,
        reader: ResultReader,
        *,
        sink: Sink,
        clock: Clock,
    ) -> None:
        self._folder = folder
        self._ledger = ledger
        self._client = client
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
        await self._download(batch)
        batch = self._ledger.get(batch.name)
        tally = await self._settle(batch)
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

    async def clean_up(self, *, at_provider: bool) -> None:
        """Delete the files of collected batches here and, if wished, `at_provider`."""
        for batch in list(self._ledger.batches):
            if batch.is_collected and not batch.is_deleted:
                await self._delete(batch, at_provider=at_provider)

    async def _download(self, batch: Batch) -> None:
        facts = batch.facts
        for file_id, path in (
            (facts.output_file_id, self._folder.output_path(batch.name)),
            (facts.error_file_id, self._folder.error_path(batch.name)),
        ):
            if not file_id or path.exists():
                continue
            try:
                await self._client.download(file_id, path)
            except RequestError as error:
                if error.code != NOT_FOUND:
                    raise
                await self._miss(batch, file_id)

    async def _miss(self, batch: Batch, file_id: str) -> None:
        age = self._clock.utc_now() - datetime.fromisoformat(batch.changed_at)
        if age < YOUNG:
            raise TransientError(f"result file {file_id} is not there yet", code=NOT_FOUND)
        facts = batch.facts
        if file_id == facts.error_file_id:
            return
        share = (facts.done_count or 0) / max(facts.request_count or 1, 1)
        lost_usd = None if facts.worst_case_usd is None else facts.worst_case_usd * share
        await self._ledger.add(batch.name, "polled", BatchFacts(lost_usd=lost_usd))
        _log.warning(
            "batch %s: the provider has deleted its results (file %s): %s answers are lost, which "
            "cost at most %s; they will be asked again",
            batch.name,
            file_id,
            f"{facts.done_count or 0:,}",
            "an unknown sum" if lost_usd is None else f"${lost_usd:.4f}",
        )

    async def _settle(self, batch: Batch) -> Tally:
        tally = Tally()
        waiting = _read_requests(self._folder.input_path(batch.name))
        for path in (self._folder.output_path(batch.name), self._folder.error_path(batch.name)):
            for lines in _read_groups(path):
                kept = [
                    keeping
                    for line in lines
                    if (keeping := self._take(line, batch, waiting, tally)) is not None
                ]
                await asyncio.gather(*kept)
        tally.returned += sum(1 for request_id in waiting if not self._sink.is_settled(request_id))
        return tally

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
        is_settled = self._sink.is_settled(custom_id)
        before = self._attempts.of(custom_id)
        asked = Asked(custom_id, [a for a in before if a.batch != batch.name], has_output_limit)
        result = self._reader.read(fields, batch, asked)
        if isinstance(result, Back):
            tally.returned += 1
            tally.fatal = tally.fatal or result.reason
            return None
        cost_usd = result.cost_usd or 0.0
        tally.cost_usd += cost_usd
        if isinstance(result, BatchAttempt):
            tally.returned += 1
            if any(attempt.batch == batch.name for attempt in before):
                return None
            tally.new_usd += cost_usd
            return self._attempts.add(result)
        tally.answered += isinstance(result, Completed)
        tally.failed += not isinstance(result, Completed)
        if is_settled:
            return None
        tally.new_usd += cost_usd
        return self._sink.keep(result)

    async def _delete(self, batch: Batch, *, at_provider: bool) -> None:
        facts = batch.facts
        if at_provider:
            for file_id in (facts.file_id, facts.output_file_id, facts.error_file_id):
                if file_id:
                    await self._client.delete(file_id)
        for path in (self._folder.output_path(batch.name), self._folder.error_path(batch.name)):
            path.unlink(missing_ok=True)
        if not is_refused(batch):  # else somebody will want to see what was refused
            self._folder.input_path(batch.name).unlink(missing_ok=True)
        await self._ledger.add(batch.name, "deleted", BatchFacts())


def is_refused(batch: Batch) -> bool:
    """Whether the provider did not take the batch, for another reason than its size."""
    return batch.facts.status == "failed" and batch.facts.problem_code != TOKEN_LIMIT


def _read_requests(path: Path) -> dict[str, bool]:
    """The ids of a batch's requests, and whether each has an output limit. At most 50,000."""
    try:
        with path.open("rb") as file:
            return {
                orjson.loads(line)["custom_id"]: any(name in line for name in LIMIT_NAMES)
                for line in file
            }
    except FileNotFoundError as error:
        raise DamagedLogError(
            f"{path}: is gone, and with it which requests the batch holds; restore it from a backup"
        ) from error
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise DamagedLogError(f"{path}: is damaged ({error}); restore it from a backup") from error


def _read_groups(path: Path) -> Iterator[list[bytes]]:
    """Lines of a result file, some at a time; the last may lack its newline."""
    if not path.exists():
        return
    with path.open("rb") as file:
        lines: list[bytes] = []
        for line in file:
            if not line.isspace():
                lines.append(line)
            if len(lines) >= GROUP_LINES:
                yield lines
                lines = []
        yield lines


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
