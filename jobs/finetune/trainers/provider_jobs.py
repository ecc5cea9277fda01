"""What a fine-tuning job is created with, and what the provider says of one."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from pydantic import JsonValue

from engine.errors import MALFORMED_REPLY, TransientError

if TYPE_CHECKING:
    from openai.types.fine_tuning import FineTuningJob
    from openai.types.fine_tuning.job_create_params import Method

STATUSES = {  # of other hosts: in OpenAI's words
    **dict.fromkeys(("completed", "complete", "success", "done", "finished"), "succeeded"),
    **dict.fromkeys(("canceled", "stopped"), "cancelled"),
    **dict.fromkeys(("error", "errored", "user_error", "failed_validation"), "failed"),
}


class JobOrder(NamedTuple):
    """What a job is created with; None: the provider's choice."""

    model: str
    train_file_id: str
    validation_file_id: str | None
    epochs: int | None
    learning_rate_multiplier: float | None
    batch_size: int | None
    seed: int
    suffix: str
    metadata: dict[str, str]
    job_fields: Mapping[str, JsonValue] = MappingProxyType({})
    hyperparameters: Mapping[str, JsonValue] = MappingProxyType({})


class ModelFacts(NamedTuple):
    """What a host says of a model; `is_known` False: it says nothing of models."""

    is_known: bool
    shutdown_date: str | None = None


class JobState(NamedTuple):
    """The state of a job at the provider."""

    job_id: str
    status: str
    model: str
    trained_tokens: int | None
    result_file_ids: Sequence[str]
    problem: str


class JobEvent(NamedTuple):
    """One event of a job, as the provider lists it."""

    event_id: str
    message: str


def method_of(order: JobOrder) -> "Method":
    """How it is tuned, in the API's words."""
    chosen = {
        "n_epochs": order.epochs,
        "learning_rate_multiplier": order.learning_rate_multiplier,
        "batch_size": order.batch_size,
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    return {"type": "supervised", "supervised": {"hyperparameters": given}}  # type: ignore[typeddict-item]


def extra_body(order: JobOrder) -> dict[str, JsonValue]:
    """Fields that only some hosts know; where one wants its own hyperparameters, they come first.

    Older hosts read them at the top, in the place of `method`.
    """
    if not order.hyperparameters:
        return dict(order.job_fields)
    return {"hyperparameters": dict(order.hyperparameters), **order.job_fields}


def read_job_state(job: "FineTuningJob") -> JobState:
    """What a job object says; hosts leave fields out, or send null where OpenAI never does.

    Raises:
        TransientError: it names no job.
    """
    if not job.id or not isinstance(job.id, str):
        raise TransientError("the host answered with a job without an id", code=MALFORMED_REPLY)
    status, tokens, files = str(job.status or "").lower(), job.trained_tokens, job.result_files
    problem = getattr(job.error, "message", None) or job.error
    return JobState(
        job_id=job.id,
        status=STATUSES.get(status, status),
        model=job.fine_tuned_model if isinstance(job.fine_tuned_model, str) else "",
        trained_tokens=tokens if isinstance(tokens, int) else None,
        result_file_ids=[file for file in files or () if file and isinstance(file, str)],
        problem=problem if isinstance(problem, str) else "",
    )


def carries(job: "FineTuningJob", metadata: dict[str, str]) -> bool:
    """Whether a job has all of `metadata`."""
    return isinstance(job.metadata, dict) and metadata.items() <= job.metadata.items()


class Lost(NamedTuple):
    """A job that an earlier call may have made, whose reply did not come.

    `others` are the ids of jobs that are known to be other ones.
    """

    metadata: dict[str, str]
    train_file_id: str = ""
    others: Collection[str] = ()

    def is_it(self, job: "FineTuningJob") -> bool:
        """Whether this is it: by its metadata, or by its file where a host keeps none of these."""
        if job.metadata or not self.train_file_id:
            return carries(job, self.metadata)
        return job.training_file == self.train_file_id and job.id not in self.others
