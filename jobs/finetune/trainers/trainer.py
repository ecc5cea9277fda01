"""The interface that every trainer implements."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from jobs.finetune.check_rows import CheckedRows
from schemas.settings import StudentSettings

TOKENS_PER_PRICE = 1_000_000

Say = Callable[[str], None]


class TrainingSet(NamedTuple):
    """The checked rows to train on, and those to validate with, if there are any."""

    train: CheckedRows
    validation: CheckedRows | None

    @property
    def files(self) -> Sequence[CheckedRows]:
        """Both files, or the one that there is."""
        return [self.train] if self.validation is None else [self.train, self.validation]


class TrainingEstimate(NamedTuple):
    """What training is expected to cost; None where it is unknown or the trainer's choice.

    `usd` is for all epochs, or for one where their number is not known.
    """

    epochs: int | None
    usd: float | None

    @classmethod
    def of(cls, tokens: int, settings: StudentSettings) -> "TrainingEstimate":
        """What a job on so many tokens costs, if its price was given."""
        price = settings.training_usd_per_million_tokens
        trained = tokens * (settings.epochs or 1)
        usd = None if price is None else trained * price / TOKENS_PER_PRICE
        return cls(settings.epochs, usd)


class Submitted(NamedTuple):
    """A submitted training. `reference`: the job's id, or a folder. `is_new`: by this call."""

    reference: str
    status: str
    is_new: bool


class Tuned(NamedTuple):
    """The state of a training. `model` is empty unless it succeeded."""

    status: str
    model: str = ""
    trained_tokens: int | None = None
    cost_usd: float | None = None
    message: str = ""


class Trainer(Protocol):
    """Trains one model on one set. The same call again adopts what an earlier one submitted."""

    @property
    def runs_here(self) -> bool:
        """Whether it works within this call and costs nothing: it needs no confirmation."""
        ...

    async def check(self) -> list[str]:
        """Whether it can train the model at all; returns warnings.

        Raises:
            ConfigError: it cannot; says what to do.
        """
        ...

    def estimate(self) -> TrainingEstimate:
        """What training is expected to cost."""
        ...

    @property
    def is_submitted(self) -> bool:
        """Whether an earlier call has submitted it, so that the user need not confirm again."""
        ...

    async def submit(self) -> Submitted:
        """Submit the training, once; a crash at any moment makes no second one."""
        ...

    async def follow(self, say: Say) -> None:
        """Wait until it has ended; `say` is called with a line for each event."""
        ...

    async def result(self) -> Tuned:
        """The state of the training, recorded in the run if it has ended."""
        ...

    async def cancel(self) -> Tuned:
        """Cancel the training."""
        ...
