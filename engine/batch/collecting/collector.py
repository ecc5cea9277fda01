"""Fetches the results of ended batches and settles their requests, also from damaged files."""

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from engine.batch.collecting.asked import Asked, AttemptLog, RequestEnd, Returned
from engine.batch.collecting.fetcher import ResultFetcher
from engine.batch.collecting.form_check import FormCheck
from engine.batch.collecting.result_counter import ResultCounter
from engine.batch.collecting.result_files import (
    GROUP_LINES,
    ResultLine,
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
from engine.wire.json_forms import names_form
from schemas.batches import Batch, BatchAttempt
from schemas.outcomes import Completed, Outcome


class Sink(NamedTuple):
    """Where outcomes go: `keep_each` settles requests durably, `settled_among` tells which are."""

    keep_each: Callable[[Sequence[Outcome]], Awaitable[None]]
    settled_among: Callable[[Collection[str]], set[str]]


_log = logging.getLogger(__name__)


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
        for take in (self._take_answer, self._take_rest):
            for lines in self._groups(batch):
                await self._keep(take(data, batch, waiting, counter, check) for data in lines)
            if not counter.postponed:
                break
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
        for data in chain.from_iterable(self._groups(batch)):
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

    def _groups(self, batch: Batch) -> Iterator[list[bytes]]:
        """The lines of its output file, then those of its error file, some at a time."""
        for path in (self._folder.output_path(batch.name), self._folder.error_path(batch.name)):
            yield from read_groups(path, self._fetcher.max_line_bytes)

    def _take_answer(
        self,
        data: bytes,
        batch: Batch,
        waiting: dict[str, bool],
        counter: ResultCounter,
        check: FormCheck | None,
    ) -> Outcome | BatchAttempt | None:
        """Count one line, if it answers a request; returns what is to be kept of it.

        Hosts that try again write a line a try, and some name a request in both files.
        """
        line = read_result_line(data)
        if line is None or line.custom_id not in waiting:
            counter.strange += 1
            counter.unnamed += line is None or line.custom_id not in counter.named
            return None
        counter.named.add(line.custom_id)
        asked = self._asked_in(line, batch, waiting)
        end = self._read(line, asked, check)
        if not isinstance(end, Completed):
            counter.strange += line.custom_id in counter.postponed
            counter.postponed.add(line.custom_id)
            return None
        del waiting[line.custom_id]
        return self._count(end, asked, counter)

    def _take_rest(
        self,
        data: bytes,
        batch: Batch,
        waiting: dict[str, bool],
        counter: ResultCounter,
        check: FormCheck | None,
    ) -> Outcome | BatchAttempt | None:
        """Count one line about a request that no line has answered."""
        line = read_result_line(data)
        if line is None or line.custom_id not in waiting:
            return None
        asked = self._asked_in(line, batch, waiting)
        del waiting[line.custom_id]
        return self._count(self._read(line, asked, check), asked, counter)

    def _read(self, line: ResultLine, asked: Asked, check: FormCheck | None) -> RequestEnd:
        end = self._reader.read(line, asked)
        return check.judge(end, asked) if check else end

    def _asked_in(self, line: ResultLine, batch: Batch, waiting: Mapping[str, bool]) -> Asked:
        return self._asked(line.custom_id, batch, has_output_limit=waiting[line.custom_id])

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
            "batch %s: lines that are repeated, of no request of it or no JSON were ignored: %s",
            batch.name,
            f"{counter.strange:,}",
        )
