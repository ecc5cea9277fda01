"""A batch in the ledger: its events, and the state that they add up to."""

from typing import Literal

from schemas.record import Record, Value

BatchStep = Literal["intent", "uploaded", "created", "polled", "collected", "deleted", "passed"]

ENDED_STATUSES = frozenset({"completed", "expired", "cancelled", "failed"})  # OpenAI Batch guide


class BatchFacts(Value):
    """What is known of a batch; an event holds what it adds, None what it does not know.

    `worst_case_usd` is what all its requests may cost at most. After collecting, the counts say how
    its requests ended: `answered` and `failed` are settled, `returned` will be asked again.
    `lost_usd` is an estimate of what was paid for answers that the provider no longer has.
    """

    url: str | None = None
    model: str | None = None
    purpose: str | None = None
    request_count: int | None = None
    prompt_tokens: int | None = None
    worst_case_usd: float | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    file_id: str | None = None
    batch_id: str | None = None
    status: str | None = None
    done_count: int | None = None
    error_count: int | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    problem_code: str | None = None
    problem: str | None = None
    problem_line: int | None = None
    answered: int | None = None
    failed: int | None = None
    returned: int | None = None
    cost_usd: float | None = None
    lost_usd: float | None = None


class BatchEvent(Record):
    """One line of the ledger. `batch` is its name in the ledger; `passed` is about no batch.

    `passed`: a command, which `batch` names, has passed over all its items, and `waiting` requests
    did not fit into any batch.
    """

    event_id: str
    batch: str
    step: BatchStep
    at: str
    facts: BatchFacts = BatchFacts()
    waiting: int | None = None


class Batch(Value):
    """All that is known of a batch. Until it is collected its requests are out."""

    name: str
    facts: BatchFacts
    intended_at: str
    changed_at: str
    created_at: str = ""
    is_collected: bool = False
    is_deleted: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether the provider will answer no further request of it."""
        return self.facts.status in ENDED_STATUSES

    @property
    def is_at_provider(self) -> bool:
        """Whether the provider knows it and may still work on it."""
        return bool(self.facts.batch_id) and not self.has_ended

    @property
    def lacks_results(self) -> bool:
        """Whether it has answers, but the provider names no file that holds them."""
        facts = self.facts
        return facts.status == "completed" and bool(facts.done_count) and not facts.output_file_id


class BatchAttempt(Record):
    """An attempt in a batch that did not settle its request; a reply that was paid for is kept."""

    attempt_id: str
    request_id: str
    batch: str
    code: str
    message: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float | None = 0.0
    reply: str = ""
