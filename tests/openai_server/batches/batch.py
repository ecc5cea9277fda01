"""One batch: what it was asked for, how far it is, and how it ended."""

import time
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Status = Literal[
    "validating",
    "failed",
    "in_progress",
    "finalizing",
    "completed",
    "expired",
    "cancelling",
    "cancelled",
]
ENDED = ("failed", "completed", "expired", "cancelled")


class BatchProblem(NamedTuple):
    """One entry of `errors.data`."""

    code: str
    message: str
    line: int | None = None
    param: str | None = None


@dataclass(slots=True)
class Tokens:
    """What the answers of a batch cost."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0


@dataclass(slots=True)
class Batch:
    """A batch. `number` counts ours from 1; another person's has none."""

    id: str
    number: int | None
    input_file_id: str
    endpoint: str
    created_at: int
    expires_at: float
    metadata: dict[str, str] | None = None
    status: Status = "validating"
    stamps: dict[str, int] = field(default_factory=dict)
    model: str | None = None
    total: int = 0
    completed: int = 0
    failed: int = 0
    problems: tuple[BatchProblem, ...] = ()
    output_file_id: str | None = None
    error_file_id: str | None = None
    tokens: Tokens = field(default_factory=Tokens)
    enqueued_tokens: int = 0
    is_cancel_asked: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self.status in ENDED

    def move(self, status: Status) -> None:
        """Go on to the next state, now."""
        self.status = status
        self.stamps[f"{status}_at"] = int(time.time())

    def public(self) -> dict[str, Any]:
        """The `Batch` object of the API description."""
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "model": self.model,
            "errors": self._errors(),
            "input_file_id": self.input_file_id,
            "completion_window": "24h",
            "status": self.status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": self.created_at,
            "in_progress_at": self.stamps.get("in_progress_at"),
            "expires_at": int(self.expires_at),
            "finalizing_at": self.stamps.get("finalizing_at"),
            "completed_at": self.stamps.get("completed_at"),
            "failed_at": self.stamps.get("failed_at"),
            "expired_at": self.stamps.get("expired_at"),
            "cancelling_at": self.stamps.get("cancelling_at"),
            "cancelled_at": self.stamps.get("cancelled_at"),
            "request_counts": {
                "total": self.total,
                "completed": self.completed,
                "failed": self.failed,
            },
            "usage": self._usage(),
            "metadata": self.metadata,
        }

    def _errors(self) -> dict[str, Any] | None:
        if not self.problems:
            return None
        return {"object": "list", "data": [problem._asdict() for problem in self.problems]}

    def _usage(self) -> dict[str, Any]:
        tokens = self.tokens
        return {
            "input_tokens": tokens.prompt,
            "input_tokens_details": {"cached_tokens": tokens.cached},
            "output_tokens": tokens.completion,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": tokens.prompt + tokens.completion,
        }
