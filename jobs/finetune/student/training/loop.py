"""The training: steps, evaluations, an early stop, checkpoints; from wherever it was cut off."""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from jobs.finetune.student.source.chat_template import EncodedRow
from jobs.finetune.student.training.checkpoint import (
    Checkpoint,
    TrainingState,
    load_checkpoint,
    save_checkpoint,
)
from jobs.finetune.student.training.learner import Learner, prepare_network
from jobs.finetune.student.training.loss import RowLoss
from jobs.finetune.student.training.network import Network
from jobs.finetune.student.training.rows import batches_of_epoch
from jobs.finetune.student.training.task import CurvePoint, TuningNews, TuningTask

EVALUATIONS_PER_EPOCH = 4
PATIENCE = 4  # evaluations without gain after which it stops
CHECKPOINT_COST = 20.0  # between two, times what the last one took: at most a twentieth of the time

ReportNews = Callable[[TuningNews], None]


class TrainingRows(NamedTuple):
    """The rows to learn, those to choose the weights by, and those that only tell what came of it.

    `other_text` has nothing to do with the others.
    """

    train: Sequence[EncodedRow]
    validation: Sequence[EncodedRow]
    held_out: Sequence[EncodedRow]
    other_text: Sequence[EncodedRow]


class Trained(NamedTuple):
    """The weights that were best on the validation rows (without any: the last), and the facts."""

    weights: dict[str, Tensor]
    state: TrainingState


class Training:
    """One training on one network; the same task on the same machine makes the same weights."""

    def __init__(
        self, task: TuningTask, network: Network, rows: TrainingRows, report: ReportNews
    ) -> None:
        plan = task.plan
        prepare_network(network, plan)
        self._task = task
        self._rows = rows
        self._report = report
        self._loss = RowLoss(network, plan)
        self._steps_per_epoch = math.ceil(len(rows.train) / plan.batch_rows)
        self._steps = self._steps_per_epoch * plan.epochs
        self._learner = Learner(network, plan, steps=self._steps)
        self._path = checkpoint_path(task.folder)
        self._best: dict[str, Tensor] = {}
        self._saved_at = time.monotonic()
        self._saving_s = 0.0

    def run(self) -> Trained:
        """Train to the end; the network has the best weights then."""
        state = self._begin()
        while state.step < self._steps and state.stale_count < PATIENCE:
            state = self._step(state)
            if self._is_due(state.step):
                state = self._evaluate(state)
            if self._must_save() and state.step < self._steps:
                self._save(state)
        weights = self._best or self._learner.weights()
        self._save(state)
        self._learner.set_weights(weights)
        return Trained(weights, state)

    @property
    def loss(self) -> RowLoss:
        """Computes losses with the weights as they are."""
        return self._loss

    def _begin(self) -> TrainingState:
        found = load_checkpoint(self._path, self._task.job_name)
        if found is None:
            return self._first_state()
        self._learner.restore(found.tensors, step=found.state.step)
        prefix = "best."
        self._best = {
            name.removeprefix(prefix): tensor
            for name, tensor in found.tensors.items()
            if name.startswith(prefix)
        }
        self._say(f"goes on at step {found.state.step:,} of {self._steps:,}")
        return found.state

    def _first_state(self) -> TrainingState:
        before = self._loss.mean(self._rows.validation) if self._rows.validation else None
        if before is not None:
            self._say(f"validation loss before: {before:.4f}")
        else:
            self._say("there are no validation rows: all epochs are trained, the last weights stay")
        return TrainingState(
            job_name=self._task.job_name,
            loss_before=before,
            held_out_before=self._loss.mean(self._rows.held_out) if self._rows.held_out else None,
            text_loss_before=self._loss.mean(self._rows.other_text),
        )

    def _step(self, state: TrainingState) -> TrainingState:
        began = time.monotonic()
        epoch, number = divmod(state.step, self._steps_per_epoch)
        plan = self._task.plan
        lengths = [len(row.ids) for row in self._rows.train]
        batches = batches_of_epoch(lengths, plan.batch_rows, seed=plan.seed, epoch=epoch)
        rows = [self._rows.train[row] for row in batches[number]]
        loss = self._loss.backward(rows)
        if not math.isfinite(loss):
            raise ArithmeticError(f"the loss of step {state.step + 1} is {loss}")
        self._learner.move(state.step)
        tokens = state.trained_tokens + sum(len(row.ids) for row in rows)
        spent_s = state.trained_s + time.monotonic() - began
        step = state.step + 1
        self._report(
            TuningNews(
                kind="progress",
                step=step,
                steps=self._steps,
                loss=loss,
                tokens_per_s=tokens / spent_s,
                left_s=spent_s / step * (self._steps - step),
            )
        )
        return state.model_copy(
            update={
                "step": step,
                "trained_tokens": tokens,
                "trained_s": spent_s,
                "curve": (*state.curve, CurvePoint(step=step, train_loss=loss)),
            }
        )

    def _is_due(self, step: int) -> bool:
        """Whether the validation rows are looked at after this step."""
        every = max(1, self._steps_per_epoch // EVALUATIONS_PER_EPOCH)
        return bool(self._rows.validation) and (step % every == 0 or step == self._steps)

    def _evaluate(self, state: TrainingState) -> TrainingState:
        loss = self._loss.mean(self._rows.validation)
        is_best = state.best_loss is None or loss < state.best_loss
        if is_best:
            self._best = self._learner.weights()
        self._say(f"step {state.step:,}: validation loss {loss:.4f}{' (best)' if is_best else ''}")
        last = state.curve[-1].model_copy(update={"validation_loss": loss})
        changes: dict[str, object] = {
            "curve": (*state.curve[:-1], last),
            "stale_count": 0 if is_best else state.stale_count + 1,
        }
        if is_best:
            changes |= {"best_loss": loss, "best_step": state.step}
        elif changes["stale_count"] == PATIENCE:
            self._say(f"stops: the validation loss has not fallen since step {state.best_step:,}")
        return state.model_copy(update=changes)

    def _must_save(self) -> bool:
        return time.monotonic() - self._saved_at > max(
            self._task.checkpoint_s, CHECKPOINT_COST * self._saving_s
        )

    def _save(self, state: TrainingState) -> None:
        began = time.monotonic()
        best = {f"best.{name}": tensor for name, tensor in self._best.items()}
        save_checkpoint(self._path, Checkpoint(state, {**self._learner.tensors(), **best}))
        self._saved_at = time.monotonic()
        self._saving_s = self._saved_at - began

    def _say(self, message: str) -> None:
        self._report(TuningNews(kind="said", message=message))


def checkpoint_path(folder: Path) -> Path:
    """Where a training keeps its checkpoint."""
    return folder / "checkpoint.safetensors"
