"""Where a training is, in one file that is replaced in one step: weights, optimiser, curve."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import DamagedLogError, StorageError
from engine.files.replace import sync_path
from jobs.finetune.student.training.task import CurvePoint
from schemas.record import Value

_FACTS_KEY = "training"


class TrainingState(Value):
    """How far a training has come, but for its numbers. `stale_count`: evaluations without gain."""

    job_name: str
    step: int = 0
    best_step: int = 0
    best_loss: float | None = None
    loss_before: float | None = None
    held_out_before: float | None = None
    text_loss_before: float
    stale_count: int = 0
    trained_tokens: int = 0
    trained_s: float = 0.0
    curve: tuple[CurvePoint, ...] = ()


class Checkpoint(NamedTuple):
    """A state with its tensors: by part (`weights`, `best`, `first`, `second`) and name."""

    state: TrainingState
    tensors: Mapping[str, Tensor]


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Put a checkpoint in the place of the former one, durably.

    Raises:
        StorageError: the disk refused it; the former one is as it was.
    """
    write_tensors(path, checkpoint.tensors, {_FACTS_KEY: checkpoint.state.model_dump_json()})


def load_checkpoint(path: Path, job_name: str) -> Checkpoint | None:
    """The checkpoint at `path`; None if there is none.

    Raises:
        DamagedLogError: it cannot be read, or is another training's.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, "pt") as file:
            facts = (file.metadata() or {}).get(_FACTS_KEY, "")
            state = TrainingState.model_validate_json(facts)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValidationError, OSError) as error:
        raise DamagedLogError(
            f"{path}: is no checkpoint that can be read ({error}): delete it, and the training "
            "begins anew"
        ) from error
    if state.job_name != job_name:
        raise DamagedLogError(f"{path}: is of the training {state.job_name}, not of {job_name}")
    return Checkpoint(state, tensors)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> None:
    """Write a safetensors file that takes the place of `path` once it is whole and durable.

    Raises:
        StorageError: the disk refused it; `path` is as it was.
    """
    new_path = path.with_name(path.name + ".new")
    try:
        save_file({name: t.contiguous() for name, t in tensors.items()}, new_path, dict(facts))
        sync_path(new_path)
        new_path.replace(path)
        sync_path(path.parent)
    except (SafetensorError, OSError) as error:
        new_path.unlink(missing_ok=True)
        raise StorageError(f"{path}: cannot be written ({error}); free or mend the disk") from error


def to_memory(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies on the CPU, which the training no longer changes."""
    return {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}
