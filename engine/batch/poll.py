"""Polls the status of batches with few calls, and cancels batches."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from engine.batch.account import BATCH_LIFE
from engine.batch.folder import BatchFolder
from engine.batch.ledger import BatchLedger
from engine.batch.provider import Provider
from engine.batch.submit import CLOCK_SKEW
from engine.clock import Clock
from engine.errors import (
    NOT_FOUND,
    ConfigError,
    EngineError,
    NotFoundError,
    RequestError,
    TransientError,
)
from schemas.batches import Batch, BatchTally, RemoteState

_log = logging.getLogger(__name__)

LIST_FROM = 3  # batches: for more, a page of the list is fewer calls than asking for each
AGE_SHARE = 0.1  # of its age: how long a batch is left alone before it is polled again
YOUNG_S = 600.0  # a batch may be "not found" for a moment after it was created
FORGOTTEN = "forgotten"  # our status, in the place of the provider's
CONFLICT = 409  # it ended or was cancelled meanwhile (API reference, "Cancel batch")
LONGEST_CANCELLING = timedelta(hours=1)  # it takes ten minutes at most (OpenAI Batch guide)
LONGEST_FETCHING = timedelta(hours=2)  # of the results of a batch that has ended


class _NotShownError(EngineError):
    """The provider does not know a batch, or does not show it yet."""


class Poller:
    """Brings the ledger up to date with the provider. It settles nothing."""

    def __init__(
        self, folder: BatchFolder, ledger: BatchLedger, provider: Provider, *, clock: Clock
    ) -> None:
        self._folder = folder
        self._ledger = ledger
        self._provider = provider
        self._clock = clock
        self._warned_of = set[str]()

    async def poll(self) -> EngineError | None:
        """Note how far the batches are of which there may be news.

        Returns what is wrong with the first that the provider does not show: a ConfigError, or a
        TransientError while it is young. The others are polled nevertheless.

        Raises:
            TransientError, FatalError: the provider does not answer, or refuses to.
        """
        fault: EngineError | None = None
        batches = [b for b in self._ledger.out() if b.is_at_provider or b.lacks_results]
        states: dict[str, RemoteState] = {}
        if len(batches) >= LIST_FROM:
            oldest = min(datetime.fromisoformat(batch.intended_at) for batch in batches)
            ids = {batch.remote.batch_id for batch in batches}
            states = await self._provider.list_states(ids, oldest - CLOCK_SKEW)
        for batch in batches:
            try:
                remote = states.get(batch.remote.batch_id) or await self._retrieve(batch)
            except _NotShownError as error:
                fault = fault or self._not_shown(batch, error)
                continue
            await self._ledger.note_polled(batch.name, remote)
        return fault

    async def cancel(self, batches: Sequence[Batch]) -> int:
        """Have the provider stop working on batches; returns how many were not yet told to.

        What they have answered is kept. One that has ended meanwhile is taken as it is.
        """
        asked = [b for b in batches if b.is_at_provider and b.remote.status != "cancelling"]
        for batch in asked:
            await self._ledger.note_polled(batch.name, await self._cancelled(batch))
        return len(asked)

    async def forget(self, batch: Batch) -> None:
        """Give a batch up that cannot be collected: what it may have cost is lost.

        One whose file of requests is gone cannot, whatever the provider knows of it.

        Raises:
            ConfigError: the provider knows it, and it may still be collected.
            TransientError, FatalError: the provider does not answer, or refuses to.
        """
        may_come = batch.remote.batch_id and not overdue(batch, self._clock.utc_now())
        if may_come and self._folder.input_path(batch.name).exists():
            with suppress(_NotShownError):
                remote = await self._retrieve(batch)
                raise ConfigError(
                    f"batch {batch.name} is known to the provider ({remote.status}): to forget it "
                    "would buy its answers twice. Collect it with the next round, or have it ended "
                    f"by `distill batches {self._folder.target} --cancel {batch.name}`"
                )
        await self._ledger.note_polled(batch.name, RemoteState(status=FORGOTTEN))
        tally = BatchTally(
            returned=batch.intent.request_count, lost_usd=batch.intent.worst_case_usd
        )
        await self._ledger.note_collected(batch.name, tally)

    def youngest_age_s(self) -> float | None:
        """Seconds since the last of the batches that are out was made, None if none is."""
        return min(map(self._age_s, self._ledger.out()), default=None)

    def warn_of_overdue(self) -> None:
        """Warn, once each, of batches that take too long, and say how to give them up."""
        now, folder = self._clock.utc_now(), self._folder
        for batch in self._ledger.out():
            problem = overdue(batch, now)
            if problem is None or batch.name in self._warned_of:
                continue
            self._warned_of.add(batch.name)
            _log.warning(
                "batch %s (%s) %s: `distill batches %s --cancel %s` asks for its end; %s",
                *(batch.name, batch.remote.batch_id, problem),
                *(folder.target, batch.name, folder.forgetting(batch)),
            )

    async def _cancelled(self, batch: Batch) -> RemoteState:
        try:
            return await self._provider.cancel(batch.remote.batch_id)
        except RequestError:
            return await self._retrieve_or_explain(batch)
        except TransientError as error:
            if error.status != CONFLICT:
                raise
            return await self._retrieve_or_explain(batch)

    async def _retrieve_or_explain(self, batch: Batch) -> RemoteState:
        try:
            return await self._retrieve(batch)
        except _NotShownError as error:
            raise self._not_shown(batch, error) from error

    async def _retrieve(self, batch: Batch) -> RemoteState:
        try:
            return await self._provider.retrieve(batch.remote.batch_id)
        except NotFoundError as error:
            raise _NotShownError(str(error)) from error

    def _not_shown(self, batch: Batch, error: "_NotShownError") -> EngineError:
        if self._age_s(batch) < YOUNG_S:
            return TransientError(
                f"batch {batch.name} is not found at the provider yet. If that stays so, "
                f"{self._folder.forgetting(batch)}",
                code=NOT_FOUND,
            )
        return ConfigError(
            f"batch {batch.name} ({batch.remote.batch_id}) is unknown to the provider ({error}). "
            "Are the address and the key those of the account that submitted it? If it is gone for "
            f"good, {self._folder.forgetting(batch)}"
        )

    def _age_s(self, batch: Batch) -> float:
        since = datetime.fromisoformat(batch.created_at or batch.intended_at)
        return (self._clock.utc_now() - since).total_seconds()


def overdue(batch: Batch, now: datetime) -> str | None:
    """What is wrong with a batch that is out, in words; None if it may still be on its way."""
    since_change = now - datetime.fromisoformat(batch.changed_at)
    if batch.has_ended:
        if since_change > LONGEST_FETCHING:
            return f"ended {_hours(since_change)} ago, and its results could not be fetched yet"
        return None
    if not batch.is_at_provider:
        return None
    age = now - datetime.fromisoformat(batch.created_at or batch.intended_at)
    is_cancelling = batch.remote.status == "cancelling"
    if is_cancelling and min(since_change, age) > LONGEST_CANCELLING:
        return f"has been cancelling for {_hours(since_change)}, which takes ten minutes at most"
    if age > BATCH_LIFE:
        state = batch.remote.status or "not begun"
        return f"is {_hours(age)} old and {state}, though a batch ends within 24 hours"
    return None


def _hours(duration: timedelta) -> str:
    return f"{duration.total_seconds() / 3600:.0f} hours"
