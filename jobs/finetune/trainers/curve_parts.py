"""Trains on parts of the rows, one after the other, and keeps what their losses say."""

from pathlib import Path
from typing import NamedTuple

from engine.clock import Clock
from engine.errors import ConfigError
from engine.files.replace import replace_file
from engine.stopping import Admission
from jobs.finetune.student.training.learning_curve import (
    CURVE_NAME,
    CurveStep,
    LearningCurve,
    fit_curve,
    part_sizes,
    write_part,
)
from jobs.finetune.student.training.run_child import run_child
from jobs.finetune.student.training.task import TuningFacts, TuningTask
from jobs.finetune.student.tuned_student import FACTS_NAME, TunedStudent
from jobs.finetune.trainers.trainer import Say


class CurvePlace(NamedTuple):
    """What the parts need of the whole training: its task, what came of it, and how to wait."""

    task: TuningTask
    tuned: TunedStudent
    admission: Admission
    clock: Clock


async def draw_learning_curve(place: CurvePlace, say: Say) -> LearningCurve:
    """Train on an eighth, a quarter and a half of the rows, and fit a curve; all of it is kept.

    A part that was trained by an earlier call is not trained again.

    Raises:
        ConfigError: there are no validation rows, or too few rows for three points.
        TransientError: a training was killed; the same call again goes on.
        InterruptedRunError: a stop was requested.
    """
    task, facts = place.task, place.tuned.facts
    if facts.loss_after is None:
        raise ConfigError("a learning curve needs validation rows (dataset.validation_fraction)")
    sizes = part_sizes(task.row_count)
    steps = [CurveStep(row_count=n, loss=await _loss_after(place, n, say)) for n in sizes]
    steps.append(CurveStep(row_count=task.row_count, loss=facts.loss_after))
    curve = fit_curve(steps, seconds_per_row=facts.trained_s / task.row_count)
    if curve is None:
        raise ConfigError(
            f"{task.train_path}: found {task.row_count:,} rows, too few for a learning curve"
        )
    replace_file(task.folder / CURVE_NAME, curve.model_dump_json(indent=1).encode().split(b"\n"))
    return curve


async def _loss_after(place: CurvePlace, size: int, say: Say) -> float:
    folder = place.task.folder / "curve" / str(size)
    facts_path = folder / FACTS_NAME
    if not facts_path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = _part(place.task, size, folder)
        say(f"learning curve: {size:,} of {place.task.row_count:,} rows")
        await run_child(part, say, admission=place.admission, clock=place.clock)
    loss = TuningFacts.model_validate_json(facts_path.read_bytes()).loss_after
    assert loss is not None  # there are validation rows
    return loss


def _part(task: TuningTask, size: int, folder: Path) -> TuningTask:
    """The task of a part: the same parameters, so that rows are all that differs."""
    path = folder / "train.jsonl"
    write_part(path, task.train_path, size, seed=task.plan.seed)
    plan = task.plan.model_copy(update={"batch_rows": min(task.plan.batch_rows, size)})
    changes = {
        "job_name": f"{task.job_name}-{size}",
        "train_path": path,
        "held_out_path": None,
        "folder": folder,
        "plan": plan,
        "row_count": size,
        "is_measured_only": True,
    }
    return task.model_copy(update=changes)
