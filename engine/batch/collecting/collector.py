"""Fetches the results of ended batches and settles their requests, also from damaged files."""

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from engine.batch.collecting.asked import Asked, AttemptLog, RequestEnd, Returned
from engine.batch.collecting.fetcher import ResultFetcher
from engine.batch.collecting.form_check import FormCheck
from engine.batch.collecting.result_files import (
    GROUP_LINES,
    WorstUsages,
    names_wanted_in,
    read_groups,
    read_requests,
    read_result_line,
)
from engine.batch.collecting.results import ResultReader
from engine.batch.folder import BatchFolder
from engine.batch.forms import BatchForms
from engine.batch.ledger import BatchLedger
from engine.errors import FatalError
from engine.stopping import FailureWatch
from engine.wire.json_forms import names_form
from engine.wire.output_sizes import REPLIES_KEPT
from schemas.batches import Batch, BatchAttempt, BatchTally
from schemas.outcomes import Completed, Failed, Outcome


class Sink(NamedTuple):
    """Where outcomes go: `keep_each` settles requests durably, `settled_among` tells which are."""

    keep_each: Callable[[Sequence[Outcome]], Awaitable[None]]
    settled_among: Callable[[Collection[str]], set[str]]


_log = logging.getLogger(__name__)


@dataclass
class ResultCounter:
    """Counts how the requests of a batch end. `new_usd` is what was not known to be spent before.

    `named` are the requests that a line was about, `unnamed` counts lines about none of the batch:
    they may be what is missing. `fatal` is why no further request can succeed, if a line says so.
    `output_tokens` are those of the last answers.
    """

    answered: int = 0
    failed: int = 0
    returned: int = 0
    strange: int = 0
    unnamed: int = 0
    named: set[str] = field(default_factory=set)
    cost_usd: float = 0.0
    lost_usd: float | None = None
    form_works: bool | None = None
    new_usd: float = 0.0
    output_tokens: deque[int] = field(default_factory=lambda: deque(maxlen=REPLIES_KEPT))
    fatal: FatalError | None = None
    watch: FailureWatch = field(default_factory=FailureWatch)

    def count(self, end: RequestEnd) -> None:
        """Count how a request ended."""
        match end:
            case Returned():
                self.returned += 1
                self.fatal = self.fatal or end.reason
                return
            case BatchAttempt():
                self.returned += 1
            case Completed():
                self.answered += 1
                if not end.is_estimated:
                    self.output_tokens.append(end.usage.completion_tokens)
                self.watch.note(end)
            case Failed():
                self.failed += 1
                self._note_failed(end)
        self.cost_usd += end.cost_usd or 0.0

    def lose(self, usd: float | None, *, is_known: bool) -> None:
        """Count what was paid for answers that are lost; `is_known`: the ledger has it already."""
        self.lost_usd = usd
        self.new_usd += 0.0 if is_known else usd or 0.0

    def tally(self) -> BatchTally:
        """What the ledger keeps of it."""
        return BatchTally(
            answered=self.answered,
            failed=self.failed,
            returned=self.returned,
            cost_usd=self.cost_usd,
            lost_usd=self.lost_usd,
            form_works=self.form_works,
        )

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
        attempts: AttemptLog,
        reader: ResultReader,
        forms: BatchForms,
        *,
        sink: Sink,
        fetcher: ResultFetcher,
    ) -> None:
        self._folder = folder
        self._ledger = ledger
        self._forms = forms
        self._attempts = attempts
        self._reader = reader
        self._sink = sink
        self._fetcher = fetcher
        self._worst_usages_name = ""
        self._settled: set[str] = set()  # of the batch at hand, by a collection that was cut off

    async def collect(self, batch: Batch) -> ResultCounter:
        """Settle what an ended batch has answered; the rest of its requests come back.

        Raises:
            TransientError: a file cannot be fetched now.
            DamagedLogError: our own file of its requests is damaged or gone.
        """
        counter = ResultCounter()
        loss = await self._fetcher.fetch(batch)
        if loss is not None:
            counter.lose(loss.usd, is_known=batch.tally.lost_usd is not None)
        await self._settle(batch, counter, is_lost=loss is not None)
        await self._ledger.note_collected(batch.name, counter.tally())
        _report(batch, counter)
        return counter

    async def clean_up(self, *, at_provider: bool) -> None:
        """Delete the files of collected batches here and, if asked for, `at_provider`."""
        for batch in list(self._ledger.batches):
            if batch.is_collected and not batch.is_deleted:
                await self._fetcher.delete(batch, at_provider=at_provider)
                await self._ledger.note_deleted(batch.name)

    async def _settle(self, batch: Batch, counter: ResultCounter, *, is_lost: bool) -> None:
        waiting = read_requests(self._folder.input_path(batch.name))
        self._settled = self._sink.settled_among(waiting)
        check = self._check_form(batch, waiting, counter)
        for path in (self._folder.output_path(batch.name), self._folder.error_path(batch.name)):
            for lines in read_groups(path, self._fetcher.max_line_bytes):
                await self._keep(self._take(data, batch, waiting, counter, check) for data in lines)
        unanswered = list(waiting)
        for start in range(0, len(unanswered), GROUP_LINES):
            await self._keep(
                self._miss_line(request_id, batch, counter, is_lost=is_lost)
                for request_id in unanswered[start : start + GROUP_LINES]
            )

    async def _keep(self, ends: Iterable[Outcome | BatchAttempt | None]) -> None:
        """Keep some ends of requests; returns once all are durable."""
        outcomes, attempts = list[Outcome](), list[BatchAttempt]()
        for end in ends:
            if isinstance(end, BatchAttempt):
                attempts.append(end)
            elif end is not None:
                outcomes.append(end)
        await self._attempts.add(attempts)
        if outcomes:
            await self._sink.keep_each(outcomes)

    def _check_form(
        self, batch: Batch, waiting: Mapping[str, bool], counter: ResultCounter
    ) -> FormCheck | None:
        """What looks at each reply, where a batch has not a single one of the form asked for."""
        if not self._forms.are_in_doubt(batch):
            return None
        check = FormCheck(batch, names_wanted_in(self._folder.input_path(batch.name)))
        if batch.remote.status == "failed":
            check.is_refused = names_form(f"{batch.remote.problem_code} {batch.remote.problem}")
        for path in (self._folder.output_path(batch.name), self._folder.error_path(batch.name)):
            for data in chain.from_iterable(read_groups(path, self._fetcher.max_line_bytes)):
                line = read_result_line(data)
                if line is None or line.custom_id not in waiting:
                    continue
                asked = self._asked(line.custom_id, batch, has_output_limit=False)
                if check.note(self._reader.read(line, asked)):
                    counter.form_works = True
                    return None
        if not (check.is_refused or check.is_ignored):
            return None
        counter.form_works = False
        self._forms.warn(batch, is_refused=check.is_refused)
        return check

    def _take(
        self,
        data: bytes,
        batch: Batch,
        waiting: dict[str, bool],
        counter: ResultCounter,
        check: FormCheck | None,
    ) -> Outcome | BatchAttempt | None:
        """Count one line; returns what is to be kept of it."""
        line = read_result_line(data)
        if line is None or line.custom_id not in waiting:
            counter.strange += 1
            counter.unnamed += line is None or line.custom_id not in counter.named
            return None
        counter.named.add(line.custom_id)
        has_output_limit = waiting.pop(line.custom_id)
        asked = self._asked(line.custom_id, batch, has_output_limit=has_output_limit)
        end = self._reader.read(line, asked)
        return self._count(check.judge(end, asked) if check else end, asked, counter)

    def _miss_line(
        self, request_id: str, batch: Batch, counter: ResultCounter, *, is_lost: bool
    ) -> Outcome | BatchAttempt | None:
        """Count a request without a line of results; a completed batch has tried it anyway."""
        if request_id in self._settled:
            return None
        asked = self._asked(request_id, batch, has_output_limit=False)
        was_tried = batch.remote.status == "completed" and not is_lost
        was_garbled = counter.unnamed > 0
        end = self._reader.read_missing(asked, was_garbled=was_garbled) if was_tried else Returned()
        return self._count(end, asked, counter)

    def _asked(self, request_id: str, batch: Batch, *, has_output_limit: bool) -> Asked:
        before = [a for a in self._attempts.of(request_id) if a.batch != batch.name]
        return Asked(request_id, batch, before, has_output_limit, self._worst_usages_of(batch).of)

    def _worst_usages_of(self, batch: Batch) -> WorstUsages:
        if batch.name != self._worst_usages_name:
            self._worst_usages = WorstUsages(self._folder.input_path(batch.name))
            self._worst_usages_name = batch.name
        return self._worst_usages

    def _count(
        self, end: RequestEnd, asked: Asked, counter: ResultCounter
    ) -> Outcome | BatchAttempt | None:
        """Count how a request ended; returns what is not kept yet."""
        counter.count(end)
        if isinstance(end, Returned):
            return None
        if isinstance(end, BatchAttempt):
            is_kept = end.attempt_id in self._attempts
        else:
            is_kept = asked.request_id in self._settled
        if is_kept:
            return None
        counter.new_usd += end.cost_usd or 0.0
        return end


def _report(batch: Batch, counter: ResultCounter) -> None:
    _log.info(
        "batch %s %s: %s answered, %s failed for good, %s to be asked again, $%.4f",
        batch.name,
        batch.remote.status,
        f"{counter.answered:,}",
        f"{counter.failed:,}",
        f"{counter.returned:,}",
        counter.cost_usd,
    )
    if counter.strange:
        _log.warning(
            "batch %s: lines that are repeated, of no request of it or no JSON were passed by: %s",
            batch.name,
            f"{counter.strange:,}",
        )
