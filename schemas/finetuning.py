"""A fine-tuning job: what was submitted, and its state."""

from typing import Literal

from schemas.record import Record

SUCCEEDED = "succeeded"
LOST_STATUSES = ("failed", "cancelled")
ENDED_STATUSES = (SUCCEEDED, *LOST_STATUSES)  # API reference, fine_tuning.job

TuningStep = Literal["intent", "uploaded", "created", "polled", "ended"]


class TuningEvent(Record):
    """One line of RUN/finetuning.jsonl; together they say how far the job has come.

    `job_name` is a hash of host, rows, base model and parameters, not an id of the provider.
    Fields that a step does not know are unset.
    """

    event_id: str
    job_name: str
    step: TuningStep
    at: str
    trainer: str
    base_model: str
    train_sha256: str
    validation_sha256: str
    train_file_id: str = ""
    validation_file_id: str = ""
    job_id: str = ""
    status: str = ""
    tuned_model: str = ""
    trained_tokens: int | None = None
    cost_usd: float | None = None
    message: str = ""


class TrainingMetric(Record):
    """One step of a job's training curve."""

    metric_id: str
    job_id: str
    step: int
    train_loss: float | None = None
    train_accuracy: float | None = None
    valid_loss: float | None = None
    valid_accuracy: float | None = None
