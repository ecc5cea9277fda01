"""The batch desk of a run: requests are spooled, packed, submitted, polled for and collected."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

from engine.batch.account import Account
from engine.batch.collecting.asked import AttemptLog
from engine.batch.collecting.collector import Collector, Sink
from engine.batch.folder import BatchFolder
from engine.batch.forms import BatchForms
from engine.batch.ledger import BatchLedger
from engine.batch.packing.costs import PackingCosts
from engine.batch.packing.outbox import Outbox, OutIndex, Spooled
from engine.batch.packing.packer import MB, PackedFile, Packer, PackPolicy
from engine.batch.packing.sorting import Sorting
from engine.batch.poll import AGE_SHARE, Poller
from engine.batch.refusals import NoBatchApiError, check_refused, learn_token_limit
from engine.batch.standing import Standing
from engine.batch.submit import Submitter
from engine.batch.unnoted import UnnotedFiles
from engine.clock import Clock
from engine.errors import CUT_OFF, TRUNCATED, FatalError, TransientError
from engine.spending.budget import Budget
from engine.stopping import FailureWatch, Stopping
from engine.wire.endpoints import OutputLimitName
from engine.wire.payloads import ENLARGED, wire_payload
from engine.wire.prices import Price
from engine.wire.prompt_cache import with_cache
from schemas.batches import Batch
from schemas.outcomes import Outcome
from schemas.requests import Request, without_tier
from schemas.settings import BatchSettings

_log = logging.getLogger(__name__)

ROOM_S = 30.0  # how often a run checks whether other runs have left room on the account


class DeskParts(NamedTuple):
    """What a desk works with; see open_desk."""

    folder: BatchFolder
    ledger: BatchLedger
    outbox: Outbox
    attempts: AttemptLog
    poller: Poller
    submitter: Submitter
    collector: Collector
    forms: BatchForms
    account: Account
    standing: Standing
    settings: BatchSettings
    output_limit_name: OutputLimitName
    price: Price
    budget: Budget
    sink: Sink
    enlarges_truncated: bool
    watch: FailureWatch
    clock: Clock
    stopping: Stopping
    unnoted: UnnotedFiles
    back_up: Callable[[], Awaitable[None]]


class BatchDesk:
    """Everything that a run does with batches. One process, one task at a time."""

    def __init__(self, parts: DeskParts) -> None:
        self._parts = parts
        self.ledger = parts.ledger  # all batches of the run
        self.given_up_count = 0  # requests that this process settled as too large for any batch
        self.lacks_money = False  # since the last submission, so that requests must wait
        self._note_out()

    @property
    def outbox(self) -> Outbox:
        """The requests that wait for a batch."""
        return self._parts.outbox

    @property
    def out(self) -> list[Batch]:
        """The batches whose requests are out."""
        return list(self.ledger.out())

    def is_out(self, request_id: str) -> bool:
        """Whether a request is in a batch whose results are not yet collected."""
        return request_id in self._out_index

    async def holds(self, request: Request) -> bool:
        """Whether a request is out, maybe in a batch that the ledger lacks: that is noted then."""
        if await self._parts.unnoted.restore_holding(request):
            self._note_out()
        return self.is_out(request.request_id)

    async def spool(self, request: Request) -> None:
        """Put a request into the outbox; one that its own limit has cut off, with a larger one."""
        is_enlarged = TRUNCATED in self._attempt_codes(request.request_id)
        name = self._parts.output_limit_name
        payload = wire_payload(without_tier(request), name, is_enlarged)  # it is a tier of its own
        if (layout := request.cache) is not None:
            if not self._parts.settings.prompt_cache:  # no provider documents that batches read it
                layout = layout._replace(prefixes=())
            payload = with_cache(payload, layout)
        output_tokens = request.max_output_tokens * (ENLARGED if is_enlarged else 1)
        spooled = Spooled.of(request)._replace(output_tokens=output_tokens, payload=payload)
        await self._parts.outbox.add(spooled)

    async def collect(self) -> None:
        """Bring the ledger up to date with the provider, and settle what has been answered.

        What was intended earlier and is not yet submitted is submitted, and the files of batches
        that are collected are deleted.

        Raises:
            TransientError: the provider does not answer; everything so far is kept.
            FatalError: the provider refuses, or a batch was refused too often.
            ConfigError: it does not know one of the batches, or serves none.
        """
        try:
            await self._parts.submitter.adopt()
            fault = await self._parts.poller.poll()
            await self._collect_ended()
            await self._submit_intended()
            await self._parts.collector.clean_up(at_provider=self._parts.settings.delete_files)
        finally:
            self._parts.poller.warn_of_overdue()
        if fault is not None:
            raise fault

    async def submit_outbox(self) -> int:
        """Pack and submit what is in the outbox; returns how many requests must wait there."""
        with await self._parts.outbox.rewrite() as rewrite:
            waiting = await self._pack(self._parts.outbox.read(), rewrite.keep)
        await self._submit_intended()
        return waiting

    async def submit(self, requests: Iterable[Spooled]) -> int:
        """Pack and submit requests that lie elsewhere; returns how many must wait there."""
        waiting = await self._pack(requests, lambda _: None)
        await self._submit_intended()
        return waiting

    async def cancel(self, batches: Sequence[Batch]) -> int:
        """Ask the provider to stop working on batches; returns how many were not yet told to.

        What they have answered is kept.
        """
        return await self._parts.poller.cancel(batches)

    def next_poll_s(self) -> float:
        """How long to leave the provider alone: seconds at first, minutes for old batches.

        Where nothing is out and requests wait until batches of other runs have ended, the provider
        is not called at all: only the account's folder is read, and packing is tried again.
        """
        settings = self._parts.settings
        age_s = self._parts.poller.youngest_age_s()
        if age_s is None:
            return max(ROOM_S, settings.poll_s) if self.ledger.waiting_count else settings.poll_s
        return min(max(AGE_SHARE * age_s, settings.poll_s), settings.max_poll_s)

    async def _submit_intended(self) -> None:
        """Submit what is intended; where no batches are served, all of it comes back at once.

        Raises:
            NoBatchApiError: it does.
        """
        try:
            await self._parts.submitter.submit()
        except NoBatchApiError:
            await self._collect_ended()
            raise

    async def _collect_ended(self) -> None:
        """Collect every batch that has ended; an error in one does not stop the others.

        Raises:
            TransientError, FatalError: the first of each batch's; a fatal one goes before others.
        """
        faults: list[TransientError | FatalError] = []
        ended = [batch for batch in self.out if batch.has_ended]
        try:
            for batch in ended:
                self._parts.stopping.raise_if_requested()
                try:
                    await self._collect(batch)
                except (TransientError, FatalError) as error:
                    faults.append(error)
        finally:
            if ended:  # their money is free once what they cost is kept elsewhere too
                await self._parts.back_up()
            self._note_out()
        if ended:
            self._parts.standing.publish()
        if faults:
            raise next((fault for fault in faults if isinstance(fault, FatalError)), faults[0])

    async def _collect(self, batch: Batch) -> None:
        parts, intent = self._parts, batch.intent
        tally = await parts.collector.collect(batch)
        parts.budget.spent_usd += tally.new_usd
        for tokens in tally.output_tokens:
            parts.budget.sizes.learn(intent.model, intent.purpose, tokens)
        learn_token_limit(parts.account, batch, parts.standing.tokens_with(batch))
        if tally.fatal is not None:
            raise tally.fatal
        check_refused(self.ledger, batch, parts.folder)

    async def _pack(
        self, requests: Iterable[Spooled], keep_waiting: Callable[[Spooled], None]
    ) -> int:
        """Write batch files and intend them; returns how many requests must wait.

        Raises:
            QuotaError: nothing fits into the budget, and nothing that is out can make room.
        """
        parts = self._parts
        async with parts.account.locked():
            sorting = Sorting(
                packer := self._make_packer(),
                keep_waiting=keep_waiting,
                is_wanted=self._is_wanted,
                stopping=parts.stopping,
                clock=parts.clock,
            )
            await asyncio.to_thread(sorting.run, requests)
            for file in packer.finish():
                await self._intend(file)
            self._note_out()
            parts.standing.publish()
        self.lacks_money = sorting.is_money_short
        for outcome in sorting.too_large:
            await self._keep(outcome)
        if sorting.is_money_short and not self.out:
            raise parts.budget.exhausted()
        return sorting.waiting_count

    def _make_packer(self) -> Packer:
        parts, settings = self._parts, self._parts.settings
        return Packer(
            parts.folder.packing_path,
            first_number=parts.submitter.first_number(parts.unnoted.next_number()),
            policy=PackPolicy(settings.max_requests, int(settings.max_file_mb * MB)),
            room=parts.standing.room(parts.budget.batch_room_usd),
            costs=self._costs(),
            forms=parts.forms.packing(),
        )

    def _costs(self) -> PackingCosts:
        parts = self._parts
        is_short = parts.budget.room_usd is not None and self.ledger.lacked_money
        return PackingCosts(
            parts.price,
            parts.settings.price_share,
            parts.budget,
            limits_outputs=is_short and parts.enlarges_truncated,
            was_cut_off=lambda id_: not CUT_OFF.isdisjoint(self._attempt_codes(id_)),
        )

    def _attempt_codes(self, request_id: str) -> set[str]:
        return {attempt.code for attempt in self._parts.attempts.of(request_id)}

    def _is_wanted(self, request: Spooled) -> bool:
        return not (
            self._parts.sink.settled_among((request.request_id,)) or self.is_out(request.request_id)
        )

    async def _intend(self, file: PackedFile) -> None:
        self._parts.submitter.note_intent(file.name)
        await self.ledger.note_intent(file.name, file.intent)
        self._parts.folder.finish_packing(file.name)

    async def _keep(self, outcome: Outcome) -> None:
        await self._parts.sink.keep_each((outcome,))
        self.given_up_count += 1
        self._parts.watch.note(outcome)

    def _note_out(self) -> None:
        self._out_index = OutIndex(self._parts.folder, (b.name for b in self.out))
        self._parts.budget.held_usd = sum(b.intent.worst_case_usd or 0.0 for b in self.out)
