"""Asks the provider how far batches are, seldom and cheaply, and has it cancel them."""

from collections.abc import Sequence
from datetime import datetime

from engine.batch.ledger import BatchLedger
from engine.batch.provider import Provider
from engine.batch.submit import CLOCK_SKEW
from engine.clock import Clock
from engine.errors import NOT_FOUND, ConfigError, RequestError, TransientError
from schemas.batches import Batch, BatchFacts

LIST_FROM = 3  # batches: for more, a page of the list is fewer calls than asking for each
AGE_SHARE = 0.1  # of its age: how long a batch is left alone before it is polled again
YOUNG_S = 600.0  # a batch may be "not found" for a moment after it was created
CONFLICT = 409  # it ended or was cancelled meanwhile (API reference, "Cancel batch")


class Poller:
    """Brings the ledger up to date with the provider. It settles nothing."""

    def __init__(self, ledger: BatchLedger, provider: Provider, *, clock: Clock) -> None:
        self._ledger = ledger
        self._provider = provider
        self._clock = clock

    async def poll(self) -> None:
        """Note how far the batches are of which there may be news.

        Raises:
            ConfigError: the provider knows nothing of one of them.
            TransientError, FatalError: it does not answer, or refuses to.
        """
        batches = [b for b in self._ledger.out() if b.is_at_provider or b.lacks_results]
        states: dict[str, BatchFacts] = {}
        if len(batches) >= LIST_FROM:
            oldest = min(datetime.fromisoformat(batch.intended_at) for batch in batches)
            ids = {str(batch.facts.batch_id) for batch in batches}
            states = await self._provider.list_states(ids, oldest - CLOCK_SKEW)
        for batch in batches:
            facts = states.get(str(batch.facts.batch_id))
            await self._note(batch, facts or await self._retrieve(batch))

    async def cancel(self, batches: Sequence[Batch]) -> int:
        """Have the provider stop working on batches; returns how many were not yet told to.

        What they have answered is kept. One that has ended meanwhile is taken as it is.
        """
        asked = [b for b in batches if b.is_at_provider and b.facts.status != "cancelling"]
        for batch in asked:
            await self._note(batch, await self._cancelled(batch))
        return len(asked)

    def youngest_age_s(self) -> float | None:
        """Seconds since the last of the batches that are out was made, None if none is."""
        return min(map(self._age_s, self._ledger.out()), default=None)

    async def _cancelled(self, batch: Batch) -> BatchFacts:
        try:
            return await self._provider.cancel(str(batch.facts.batch_id))
        except RequestError:
            return await self._retrieve(batch)
        except TransientError as error:
            if error.status != CONFLICT:
                raise
            return await self._retrieve(batch)

    async def _retrieve(self, batch: Batch) -> BatchFacts:
        try:
            return await self._provider.retrieve(str(batch.facts.batch_id))
        except RequestError as error:
            if error.code != NOT_FOUND:
                raise
            if self._age_s(batch) < YOUNG_S:
                message = f"batch {batch.name} is not found at the provider yet"
                raise TransientError(message, code=NOT_FOUND) from None
            raise ConfigError(
                f"batch {batch.name} ({batch.facts.batch_id}) is unknown to the provider: are the "
                "address and the key those of the account that submitted it?"
            ) from error

    def _age_s(self, batch: Batch) -> float:
        since = datetime.fromisoformat(batch.created_at or batch.intended_at)
        return (self._clock.utc_now() - since).total_seconds()

    async def _note(self, batch: Batch, facts: BatchFacts) -> None:
        known = {key: value for key, value in facts if value is not None}
        if batch.facts.model_copy(update=known) != batch.facts:
            await self._ledger.add(batch.name, "polled", facts)
