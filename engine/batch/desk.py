"""The batch desk of a run: requests are spooled, packed, submitted, polled for and collected."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from engine.batch.account import Account, Enqueued
from engine.batch.attempts import TRUNCATED, AttemptLog
from engine.batch.client import BatchClient
from engine.batch.collect import Collector, Sink
from engine.batch.folder import BatchFolder
from engine.batch.ledger import BatchLedger
from engine.batch.out_index import OutIndex
from engine.batch.outbox import Outbox, Spooled
from engine.batch.packing import MB, Allowance, PackedFile, Packer, PackPolicy
from engine.batch.refusals import check_refused, learn_token_limit
from engine.batch.submit import CLOCK_SKEW, Submitter
from engine.budget import Budget, unknown_price
from engine.clock import Clock
from engine.endpoints import OutputLimitName
from engine.errors import ConfigError, RequestError
from engine.failure_watch import FailureWatch
from engine.openai_client import NOT_FOUND
from engine.payloads import ENLARGED, wire_payload
from engine.prices import Price
from engine.stopping import Stopping
from schemas.batches import Batch, BatchFacts
from schemas.outcomes import Failed, Outcome, Usage
from schemas.requests import Request
from schemas.settings import BatchSettings

LIST_FROM = 3  # batches: for more, a page of the list is fewer calls than asking for each
AGE_SHARE = 0.1  # of its age: how long a batch is left alone before it is polled again


class DeskParts(NamedTuple):
    """What a desk works with; see open_desk."""

    folder: BatchFolder
    ledger: BatchLedger
    outbox: Outbox
    attempts: AttemptLog
    client: BatchClient
    submitter: Submitter
    collector: Collector
    account: Account
    settings: BatchSettings
    output_limit_name: OutputLimitName
    price: Price
    budget: Budget
    sink: Sink
    watch: FailureWatch
    clock: Clock
    stopping: Stopping


class BatchDesk:
    """Everything that a run does with batches. One process, one task at a time."""

    def __init__(self, parts: DeskParts) -> None:
        self._parts = parts
        self._ledger = parts.ledger
        self._remove_unintended_files()
        self._note_out()

    @property
    def outbox(self) -> Outbox:
        """The requests that wait for a batch."""
        return self._parts.outbox

    @property
    def ledger(self) -> BatchLedger:
        """All batches of the run."""
        return self._ledger

    @property
    def out(self) -> list[Batch]:
        """The batches whose requests are out."""
        return list(self._ledger.out())

    def is_out(self, request_id: str) -> bool:
        """Whether a request is in a batch whose results are not yet collected."""
        return request_id in self._out_index

    async def spool(self, request: Request) -> None:
        """Put a request into the outbox; one that was cut off once, with a larger output limit."""
        attempts = self._parts.attempts.of(request.request_id)
        is_enlarged = any(attempt.code == TRUNCATED for attempt in attempts)
        payload = wire_payload(request, self._parts.output_limit_name, is_enlarged)
        spooled = Spooled(
            request_id=request.request_id,
            url=request.url,
            model=request.model,
            purpose=request.purpose,
            prompt_tokens=request.prompt_tokens,
            output_tokens=request.max_output_tokens * (ENLARGED if is_enlarged else 1),
            payload=payload,
        )
        await self._parts.outbox.add(spooled)

    async def collect(self) -> None:
        """Bring the ledger up to date with the provider, and settle what has been answered.

        Raises:
            TransientError: the provider does not answer; everything so far is kept.
            FatalError: the provider refuses, or a batch was refused too often.
        """
        await self._parts.submitter.submit()
        await self._poll()
        for batch in self.out:
            if batch.has_ended:
                await self._collect(batch)
        await self._parts.collector.clean_up(at_provider=self._parts.settings.delete_files)

    async def submit_outbox(self) -> int:
        """Pack and submit what is in the outbox; returns how many requests must wait there."""
        with await self._parts.outbox.rewrite() as rewrite:
            waiting = await self._pack(self._parts.outbox.read(), rewrite.keep)
        await self._parts.submitter.submit()
        return waiting

    async def submit(self, requests: Iterable[Spooled]) -> int:
        """Pack and submit requests that lie elsewhere; returns how many must wait there."""
        waiting = await self._pack(requests, lambda _: None)
        await self._parts.submitter.submit()
        return waiting

    async def cancel(self, batches: Sequence[Batch]) -> None:
        """Ask the provider to stop working on batches; what they have answered is kept."""
        for batch in batches:
            if batch.is_at_provider:
                facts = await self._parts.client.cancel(str(batch.facts.batch_id))
                await self._note(batch, facts)

    def next_poll_s(self) -> float:
        """How long to leave the provider alone: seconds at first, minutes for old batches."""
        settings = self._parts.settings
        now = self._parts.clock.utc_now()
        ages = [
            (now - datetime.fromisoformat(batch.created_at or batch.intended_at)).total_seconds()
            for batch in self._ledger.out()
        ]
        wished_s = AGE_SHARE * min(ages, default=0.0)
        return min(max(wished_s, settings.poll_s), settings.max_poll_s)

    async def _poll(self) -> None:
        open_batches = [batch for batch in self._ledger.out() if batch.is_at_provider]
        if not open_batches:
            return
        states: dict[str, BatchFacts] = {}
        if len(open_batches) >= LIST_FROM:
            oldest = min(datetime.fromisoformat(batch.intended_at) for batch in open_batches)
            owner_id = self._parts.folder.owner_id
            states = await self._parts.client.list_own(owner_id, oldest - CLOCK_SKEW)
        for batch in open_batches:
            batch_id = str(batch.facts.batch_id)
            await self._note(batch, states.get(batch_id) or await self._retrieve(batch))

    async def _retrieve(self, batch: Batch) -> BatchFacts:
        try:
            return await self._parts.client.retrieve(str(batch.facts.batch_id))
        except RequestError as error:
            if error.code != NOT_FOUND:
                raise
            raise ConfigError(
                f"batch {batch.name} ({batch.facts.batch_id}) is unknown to the provider: are the "
                "address and the key those of the account that submitted it?"
            ) from error

    async def _note(self, batch: Batch, facts: BatchFacts) -> None:
        known = {key: value for key, value in facts if value is not None}
        if batch.facts.model_copy(update=known) != batch.facts:
            await self._ledger.add(batch.name, "polled", facts)

    async def _collect(self, batch: Batch) -> None:
        parts = self._parts
        tally = await parts.collector.collect(batch)
        parts.budget.spent_usd += tally.new_usd
        learn_token_limit(parts.account, batch, self._enqueued_tokens(str(batch.facts.model)))
        self._note_out()
        parts.account.write_own(self._enqueued())
        if tally.fatal is not None:
            raise tally.fatal
        check_refused(self._ledger, batch, parts.folder)

    async def _pack(
        self, requests: Iterable[Spooled], keep_waiting: Callable[[Spooled], None]
    ) -> int:
        """Write batch files and intend them; returns how many requests must wait.

        Raises:
            QuotaError: nothing fits into the budget, and nothing that is out can make room.
        """
        parts = self._parts
        async with parts.account.locked():
            packer = self._make_packer()
            sorting = _Sorting(packer, keep_waiting, self._is_wanted, parts.stopping)
            await asyncio.to_thread(sorting.run, requests)
            files = packer.finish()
            for file in files:
                await self._intend(file)
            self._note_out()
            parts.account.write_own(self._enqueued())
        for request in sorting.too_large:
            await self._keep(_too_large(request, parts.clock))
        if sorting.is_money_short and not self.out:
            raise parts.budget.exhausted()
        return sorting.waiting_count

    def _make_packer(self) -> Packer:
        parts, settings = self._parts, self._parts.settings
        allowance = Allowance(
            tokens_left=self._tokens_left,
            token_limit=self._token_limit,
            files_left=settings.max_batches_per_hour - self._batches_last_hour(),
            usd_left=parts.budget.room_usd,
        )
        return Packer(
            parts.folder.input_path,
            first_number=int(self._ledger.next_name()),
            policy=PackPolicy(settings.max_requests, int(settings.max_file_mb * MB)),
            allowance=allowance,
            price=self._price_or_error if parts.budget.room_usd is not None else parts.price,
            price_share=settings.price_share,
        )

    def _price_or_error(self, model: str, usage: Usage) -> float:
        usd = self._parts.price(model, usage)
        if usd is None:
            raise unknown_price(model)
        return usd

    def _is_wanted(self, request: Spooled) -> bool:
        return not (
            self._parts.sink.is_settled(request.request_id) or self.is_out(request.request_id)
        )

    async def _intend(self, file: PackedFile) -> None:
        facts = BatchFacts(**{k: v for k, v in file._asdict().items() if k != "name"})
        self._parts.submitter.note_intent(file.name)
        await self._ledger.add(file.name, "intent", facts)

    async def _keep(self, outcome: Outcome) -> None:
        await self._parts.sink.keep(outcome)
        self._parts.watch.note(outcome)

    def _token_limit(self, model: str) -> int | None:
        limits = (self._parts.settings.max_enqueued_tokens, self._parts.account.learnt_limit(model))
        return min((limit for limit in limits if limit is not None), default=None)

    def _tokens_left(self, model: str) -> int | None:
        limit = self._token_limit(model)
        if limit is None:
            return None
        return limit - self._enqueued_tokens(model)

    def _enqueued_tokens(self, model: str) -> int:
        own = sum(entry.tokens for entry in self._enqueued() if entry.model == model)
        return own + self._parts.account.others_tokens(model)

    def _enqueued(self) -> list[Enqueued]:
        return [
            Enqueued(
                str(batch.facts.model),
                batch.facts.prompt_tokens or 0,
                datetime.fromisoformat(batch.intended_at),
            )
            for batch in self._ledger.out()
            if not batch.has_ended
        ]

    def _batches_last_hour(self) -> int:
        now = self._parts.clock.utc_now()
        own = sum(
            (now - datetime.fromisoformat(batch.intended_at)).total_seconds() < 3600.0
            for batch in self._ledger.batches
        )
        return own + self._parts.account.others_batches_last_hour()

    def _note_out(self) -> None:
        self._out_index = OutIndex(self._parts.folder.input_path(b.name) for b in self.out)
        self._parts.budget.held_usd = sum(b.facts.worst_case_usd or 0.0 for b in self.out)

    def _remove_unintended_files(self) -> None:
        """Files that a crash left before they were intended hold nothing that the outbox lacks."""
        known = {self._parts.folder.input_path(batch.name) for batch in self._ledger.batches}
        for path in self._parts.folder.files_dir.glob("[0-9]*.jsonl"):
            if path.name.count(".") == 1 and path not in known:
                path.unlink()


class _Sorting:
    """Requests one by one: packed, kept waiting, too large for ever, or not wanted any more."""

    def __init__(
        self,
        packer: Packer,
        keep_waiting: Callable[[Spooled], None],
        is_wanted: Callable[[Spooled], bool],
        stopping: Stopping,
    ) -> None:
        self._packer = packer
        self._keep_waiting = keep_waiting
        self._is_wanted = is_wanted
        self._stopping = stopping
        self.waiting_count = 0
        self.too_large: list[Spooled] = []

    @property
    def is_money_short(self) -> bool:
        """Whether something waits for want of money."""
        return self._packer.is_money_short

    def run(self, requests: Iterable[Spooled]) -> None:
        for request in requests:
            self._stopping.raise_if_requested()
            if self._is_wanted(request):
                self._sort(request)

    def _sort(self, request: Spooled) -> None:
        match self._packer.add(request):
            case "waits":
                self.waiting_count += 1
                self._keep_waiting(request)
            case "too_large":
                self.too_large.append(request)


def _too_large(request: Spooled, clock: Clock) -> Failed:
    return Failed(
        request_id=request.request_id,
        model=request.model,
        purpose=request.purpose,
        lane="batch",
        attempts=0,
        usage=Usage(),
        cost_usd=0.0,
        latency_s=0.0,
        settled_at=clock.utc_now().isoformat(),
        code="request_too_large",
        message=f"its {len(request.payload):,} bytes and about {request.prompt_tokens:,} prompt "
        "tokens can be in no batch: they exceed the largest file or the account's limit of "
        "enqueued tokens; settings batch.max_file_mb and batch.max_enqueued_tokens",
        status=None,
    )
