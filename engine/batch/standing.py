"""What a run has enqueued, and what it may still enqueue, by all limits of its account."""

from datetime import datetime

from engine.batch.account import HOUR, Account, Enqueued
from engine.batch.ledger import BatchLedger
from engine.batch.packing.packer import Room
from engine.clock import Clock
from schemas.batches import Batch
from schemas.settings import BatchSettings


class Standing:
    """A run's place on its account. Tokens are prompt tokens; None: no limit is known."""

    def __init__(
        self, ledger: BatchLedger, account: Account, *, settings: BatchSettings, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._account = account
        self._settings = settings
        self._clock = clock

    def publish(self) -> None:
        """Let other runs on the account know what this one has enqueued."""
        self._account.write_own(self._own())

    def tokens_with(self, batch: Batch) -> int:
        """What all runs had enqueued of its model when `batch` was made, its own tokens included.

        Of other runs only what they have enqueued now is known.
        """
        made_at = batch.created_at or batch.changed_at
        own = batch.intent.prompt_tokens + sum(
            other.intent.prompt_tokens
            for other in self._ledger.batches
            if other.intent.model == batch.intent.model
            and other.name != batch.name
            and "" < other.created_at <= made_at <= other.changed_at
        )
        return own + self._account.others_tokens(batch.intent.model)

    def tokens_left(self, model: str) -> int | None:
        """What may still be enqueued of a model now."""
        learnt = self._account.learnt_limit(model)
        limits = (self._settings.max_enqueued_tokens, learnt.tokens if learnt else None)
        limit = min((limit for limit in limits if limit is not None), default=None)
        if limit is None:
            return None
        own = sum(entry.tokens for entry in self._own() if entry.model == model)
        return limit - own - self._account.others_tokens(model)

    def most_tokens(self, model: str) -> int | None:
        """What may ever be enqueued of a model.

        A limit guessed while other batches were enqueued does not make a request too large.
        """
        learnt = self._account.learnt_limit(model)
        stated = learnt.tokens if learnt is not None and learnt.is_stated else None
        limits = (self._settings.max_enqueued_tokens, stated)
        return min((limit for limit in limits if limit is not None), default=None)

    def batches_left(self) -> int:
        """How many batches may still be made within this hour."""
        since = self._clock.utc_now() - HOUR
        own = sum(datetime.fromisoformat(b.intended_at) > since for b in self._ledger.batches)
        made = own + self._account.others_batches_last_hour()
        return self._settings.max_batches_per_hour - made

    def room(self, usd_left: float | None) -> Room:
        """What may be submitted now, with so many dollars left; None: without a budget."""
        return Room(
            tokens_left=self.tokens_left,
            most_tokens=self.most_tokens,
            files_left=self.batches_left(),
            usd_left=usd_left,
        )

    def _own(self) -> list[Enqueued]:
        return [
            Enqueued(
                batch.intent.model,
                batch.intent.prompt_tokens,
                datetime.fromisoformat(batch.intended_at),
            )
            for batch in self._ledger.out()
            if not batch.has_ended
        ]
