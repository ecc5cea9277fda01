"""One fine-tuning job: what it was asked for, how far it is, and how it ended."""

import time
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.openai_server.tuning.metrics import Step

Status = Literal["validating_files", "queued", "running", "succeeded", "failed", "cancelled"]
ENDED = ("succeeded", "failed", "cancelled")
ORGANIZATION = "org-test"


@dataclass(slots=True)
class TuningJob:
    """A job. `number` counts ours from 1; another person's has none."""

    id: str
    number: int | None
    model: str
    training_file: str
    validation_file: str | None = None
    suffix: str = ""
    seed: int = 0
    metadata: dict[str, str] | None = None
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    created_at: int = field(default_factory=lambda: int(time.time()))
    status: Status = "validating_files"
    finished_at: int | None = None
    error: dict[str, str | None] | None = None
    fine_tuned_model: str | None = None
    result_files: list[str] = field(default_factory=list)
    trained_tokens: int | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    checkpoints: list[dict[str, Any]] = field(default_factory=list)

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self.status in ENDED

    @property
    def result_model(self) -> str:
        """What the model is called once there is one."""
        short_id = self.id.rpartition("-")[2][-8:]
        return f"ft:{self.model}:{ORGANIZATION}:{self.suffix}:{short_id}"

    def end(self, status: Status) -> None:
        """Nothing more happens from now on."""
        self.status = status
        self.finished_at = int(time.time())

    def fail(self, code: str, message: str, param: str | None = None) -> None:
        """End as failed, for this reason."""
        self.error = {"code": code, "message": message, "param": param}
        self.say(message, level="error")
        self.end("failed")

    def say(self, message: str, *, level: str = "info", data: dict[str, Any] | None = None) -> None:
        """Add an event; one with data is about metrics."""
        self.events.append(
            {
                "object": "fine_tuning.job.event",
                "id": f"ftevent-{self.id.rpartition('-')[2]}{len(self.events):05d}",
                "created_at": int(time.time()),
                "level": level,
                "message": message,
                "type": "message" if data is None else "metrics",
                "data": data or {},
            }
        )

    def add_checkpoint(self, step: Step, model: str) -> None:
        """A model that can be used is ready."""
        self.checkpoints.append(
            {
                "object": "fine_tuning.job.checkpoint",
                "id": f"ftckpt_{self.id.rpartition('-')[2]}{step.number:05d}",
                "created_at": int(time.time()),
                "fine_tuned_model_checkpoint": model,
                "fine_tuning_job_id": self.id,
                "step_number": step.number,
                "metrics": {
                    "step": step.number,
                    "train_loss": step.train_loss,
                    "train_mean_token_accuracy": step.train_accuracy,
                    "valid_loss": step.valid_loss,
                    "valid_mean_token_accuracy": step.valid_accuracy,
                    "full_valid_loss": step.valid_loss,
                    "full_valid_mean_token_accuracy": step.valid_accuracy,
                },
            }
        )

    def public(self) -> dict[str, Any]:
        """The `FineTuningJob` object of the API description."""
        supervised = {"hyperparameters": self.hyperparameters}
        return {
            "object": "fine_tuning.job",
            "id": self.id,
            "model": self.model,
            "created_at": self.created_at,
            "finished_at": self.finished_at,
            "estimated_finish": None,
            "fine_tuned_model": self.fine_tuned_model,
            "organization_id": ORGANIZATION,
            "result_files": self.result_files,
            "status": self.status,
            "training_file": self.training_file,
            "validation_file": self.validation_file,
            "hyperparameters": self.hyperparameters,
            "method": {"type": "supervised", "supervised": supervised},
            "trained_tokens": self.trained_tokens,
            "error": self.error,
            "integrations": [],
            "seed": self.seed,
            "metadata": self.metadata,
        }
