"""What a child process is told to train, and what it says of it."""

from pathlib import Path
from typing import Literal

from schemas.record import Value

Method = Literal["lora", "full"]
Device = Literal["cpu", "cuda"]
Precision = Literal["bf16", "fp32"]

CHECKPOINT_S = 60.0  # at least between two checkpoints


class TuningPlan(Value):
    """The parameters of a training, all decided: together with rows and student they make it.

    `rate` is the highest learning rate; `rank` is of the adapters, 0 where all weights learn.
    `sequence_tokens` is how much goes through the network at once: short rows share a sequence.
    """

    method: Method
    rank: int
    rate: float
    epochs: int
    batch_rows: int
    sequence_tokens: int
    precision: Precision
    device: Device
    threads: int
    recomputes: bool
    seed: int

    @property
    def adapter_scale(self) -> float:
        """What an adapter's share is multiplied by: alpha, which is twice the rank, over it."""
        return 2.0


class TuningTask(Value):
    """One training: who is tuned on which rows, and the folder that it all happens in.

    `system` is the system message of the rows, empty where they have none or several. The loss on
    the rows of `held_out_path` is told before and after; nothing is chosen by it. A training that
    is only measured leaves its facts and no model.
    """

    job_name: str
    student: str
    model_name: str
    train_path: Path
    validation_path: Path | None
    held_out_path: Path | None = None
    folder: Path
    plan: TuningPlan
    row_count: int
    system: str = ""
    is_measured_only: bool = False
    checkpoint_s: float = CHECKPOINT_S


class CurvePoint(Value):
    """One step: the loss on its rows, in nats an answer token, and on the validation rows."""

    step: int
    train_loss: float
    validation_loss: float | None = None


class TuningFacts(Value):
    """What a training that has ended says of itself. Losses in nats an answer token."""

    steps: int
    best_step: int
    loss_before: float | None
    loss_after: float | None
    held_out_count: int = 0
    held_out_before: float | None = None
    held_out_after: float | None = None
    text_loss_before: float
    text_loss_after: float
    trained_tokens: int
    trained_s: float
    peak_memory_bytes: int
    curve: tuple[CurvePoint, ...]


class TuningNews(Value):
    """A line that the child writes while it works; `kind` says which fields have a meaning."""

    kind: Literal["progress", "said", "refused", "done"]
    message: str = ""
    step: int = 0
    steps: int = 0
    loss: float | None = None
    tokens_per_s: float = 0.0
    left_s: float = 0.0
