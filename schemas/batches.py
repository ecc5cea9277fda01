"""A batch in the ledger: its events, and the state that they add up to."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import model_serializer, model_validator

from schemas.record import Record, Value
from schemas.settings import JsonForm

BatchStep = Literal["intent", "uploaded", "created", "polled", "collected", "deleted", "passed"]

ENDED_STATUSES = frozenset({"completed", "expired", "cancelled", "failed"})  # OpenAI Batch guide


LATER_FACTS = frozenset(
    {"form", "form_works", "has_lowered_limits", "is_restored"}
)  # not in a line where they say nothing


class BatchIntent(Value):
    """What was packed into a batch's file.

    `worst_case_usd` is what all its requests may cost at most, None where a price is unknown.
    `form` is how they ask for JSON, None: as they were made. `has_lowered_limits`: for the budget's
    sake some may write less than they would by themselves; None: none of them. `is_restored`: the
    ledger was cut, and this was read from the file: the batch is looked for, and not made; None:
    it was packed and noted.
    """

    url: str
    model: str
    purpose: str
    request_count: int
    prompt_tokens: int
    worst_case_usd: float | None = None
    size_bytes: int
    sha256: str
    form: JsonForm | None = None
    has_lowered_limits: bool | None = None
    is_restored: bool | None = None


class RemoteState(Value):
    """What the provider has said of a batch. Empty and None: nothing yet."""

    file_id: str = ""
    batch_id: str = ""
    status: str = ""
    done_count: int | None = None
    error_count: int | None = None
    output_file_id: str = ""
    error_file_id: str = ""
    problem_code: str = ""
    problem: str = ""
    problem_line: int | None = None

    def with_news(self, news: "RemoteState") -> "RemoteState":
        """This state with all that `news` says."""
        said = {name: value for name, value in news if value not in ("", None)}
        is_known = all(getattr(self, name) == value for name, value in said.items())
        return self if is_known else self.model_copy(update=said)


class BatchTally(Value):
    """How the requests of a collected batch ended.

    `answered` and `failed` are settled, `returned` will be asked again. `lost_usd` is what was paid
    at most for answers that the provider no longer has; None: nothing was lost, or no price known.
    `form_works`: whether replies had the form that was asked for; None: that was known, or nobody
    can tell.
    """

    answered: int = 0
    failed: int = 0
    returned: int = 0
    cost_usd: float = 0.0
    lost_usd: float | None = None
    form_works: bool | None = None

    def after(self, earlier: "BatchTally") -> "BatchTally":
        """This tally of a batch of which `earlier` was known: what was lost then stays lost."""
        if self.lost_usd is not None:
            return self
        return self.model_copy(update={"lost_usd": earlier.lost_usd})


class BatchEvent(Record):
    """One line of the ledger: a step, and the facts that it adds.

    `batch` is its name here; `passed` is about no batch: a command, which `batch` names, has passed
    over all its items, and `waiting` requests did not fit into any batch; `lacks_money`: some of
    them for want of money.

    On disk the three records of facts stand in one object, `facts`, with null for what the event
    does not add.
    """

    event_id: str
    batch: str
    step: BatchStep
    at: str
    intent: BatchIntent | None = None
    remote: RemoteState | None = None
    tally: BatchTally | None = None
    waiting: int | None = None
    lacks_money: bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_line(cls, fields: object) -> object:
        if not isinstance(fields, Mapping) or "facts" not in fields:
            return fields
        facts = fields["facts"]
        if not isinstance(facts, Mapping):
            raise ValueError("facts: expected an object")  # noqa: TRY004 - what pydantic translates
        known = {name: value for name, value in facts.items() if value is not None}
        intent, tally = (
            {name: known.pop(name) for name in kind.model_fields if name in known} or None
            for kind in (BatchIntent, BatchTally)
        )
        rest = {name: value for name, value in fields.items() if name != "facts"}
        return {**rest, "intent": intent, "remote": known or None, "tally": tally}

    @model_serializer
    def _to_line(self) -> dict[str, object]:
        return {
            "event_id": self.event_id,
            "batch": self.batch,
            "step": self.step,
            "at": self.at,
            "facts": flat_facts(self.intent, self.remote, self.tally),
            "waiting": self.waiting,
            **({"lacks_money": True} if self.lacks_money else {}),
        }


class Batch(Value):
    """All that is known of a batch. Until it is collected its requests are out."""

    name: str
    intent: BatchIntent
    remote: RemoteState = RemoteState()
    tally: BatchTally = BatchTally()
    intended_at: str
    changed_at: str
    created_at: str = ""
    is_collected: bool = False
    is_deleted: bool = False

    @property
    def state(self) -> str:
        """Where it is, in a word or two."""
        if self.is_collected:
            return f"collected ({self.remote.status})"
        return self.remote.status or ("uploaded" if self.remote.file_id else "intended")

    @property
    def has_ended(self) -> bool:
        """Whether the provider will answer no further request of it."""
        return self.remote.status in ENDED_STATUSES

    @property
    def is_at_provider(self) -> bool:
        """Whether the provider knows it and may still work on it."""
        return bool(self.remote.batch_id) and not self.has_ended

    @property
    def lacks_results(self) -> bool:
        """Whether it has answers, but the provider names no file that holds them."""
        remote = self.remote
        return (
            remote.status == "completed" and bool(remote.done_count) and not remote.output_file_id
        )

    def after(self, event: BatchEvent) -> Self:
        """The batch with what a further event tells of it."""
        changes: dict[str, object] = {"changed_at": event.at}
        if event.remote is not None:
            changes["remote"] = self.remote.with_news(event.remote)
        if event.tally is not None:
            changes["tally"] = event.tally.after(self.tally)
        if event.step == "created":
            changes["created_at"] = event.at
        if event.step in ("collected", "deleted"):
            changes[f"is_{event.step}"] = True
        return self.model_copy(update=changes)


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


def flat_facts(
    intent: BatchIntent | None, remote: RemoteState | None, tally: BatchTally | None
) -> dict[str, object]:
    """All facts by name, in one object; None for what is not known."""
    facts: dict[str, object] = {}
    for kind, record in ((BatchIntent, intent), (RemoteState, remote), (BatchTally, tally)):
        known = {} if record is None else record.model_dump()
        facts |= {name: known.get(name) for name in kind.model_fields}
    return {
        name: None if value == "" else value
        for name, value in facts.items()
        if value is not None or name not in LATER_FACTS
    }


def describe_problem(batch: Batch) -> str:
    """Why the provider failed a batch as a whole, in its words; empty: it did not."""
    remote = batch.remote
    if not (remote.problem_code or remote.problem):
        return ""
    line = "" if remote.problem_line is None else f" (line {remote.problem_line:,} of its file)"
    words = remote.problem or "the provider gives no reason"
    return f"{batch.name} {remote.status}: {remote.problem_code or 'no code'}: {words}{line}"
