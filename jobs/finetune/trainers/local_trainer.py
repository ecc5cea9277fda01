"""The trainer on this machine: a training in a child process, recorded like any other job."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from engine.clock import Clock
from engine.errors import ConfigError
from engine.files.replace import replace_file
from engine.stopping import Admission
from jobs.finetune.check_rows import CheckedRows
from jobs.finetune.ledger import TuningLedger
from jobs.finetune.student.training.learning_curve import describe_curve
from jobs.finetune.student.training.plan import (
    free_memory_bytes,
    needed_bytes,
    needed_disk_bytes,
    require_room,
)
from jobs.finetune.student.training.prepare import PreparedTraining, prepare_training
from jobs.finetune.student.training.run_child import run_child
from jobs.finetune.student.training.task import TuningTask
from jobs.finetune.student.tuned_student import (
    TunedStudent,
    describe_tuned,
    read_tuned,
)
from jobs.finetune.trainers.curve_parts import CurvePlace, draw_learning_curve
from jobs.finetune.trainers.trainer import Say, Submitted, TrainingEstimate, TrainingSet, Tuned
from schemas.finetuning import SUCCEEDED, TrainingMetric, TuningEvent
from schemas.record import content_id
from schemas.settings import StudentSettings

RUNNING = "running"
HELD_OUT_NAME = "held_out.jsonl"  # in the folder of a training
JOB_NAME_CHARS = 8  # of a job's hash, in the name of its model


class LocalOrder(NamedTuple):
    """What is to be trained, and the folder of all trainings of the run.

    `held_out_rows` tell what was learnt; nothing is chosen by them. `usd_per_row` is what a row of
    the run has cost, for the learning curve; None: not known.
    """

    rows: TrainingSet
    settings: StudentSettings
    students_dir: Path
    held_out_rows: Sequence[bytes] = ()
    draws_curve: bool = False
    usd_per_row: float | None = None


class LocalTrainer:
    """One training per content, each in a folder of its own: nothing of an earlier one is lost."""

    def __init__(
        self, order: LocalOrder, ledger: TuningLedger, *, admission: Admission, clock: Clock
    ) -> None:
        """Read the student's header and all rows.

        Raises:
            ConfigError: a package is missing, or student or rows cannot be used.
        """
        self._order = order
        self._ledger = ledger
        self._admission = admission
        self._clock = clock
        self._prepared = prepare_training(order.rows, order.settings)
        self._job_name = _job_name(order, self._prepared)
        self._folder = order.students_dir / self._job_name
        self._curve: list[str] = []

    @property
    def runs_here(self) -> bool:
        """Yes: nothing is paid, and following it is doing it."""
        return True

    async def check(self) -> list[str]:
        """Warnings about few rows to validate with.

        Raises:
            ConfigError: memory or disk have no room for it.
        """
        plan, shape = self._prepared.plan, self._prepared.student.shape
        advice = "close other programs, take a smaller student, or --set student.method=lora"
        if plan.device == "cpu":
            require_room(
                needed=needed_bytes(plan, shape, self._prepared.sizes),
                free=free_memory_bytes(),
                what="memory",
                advice=advice,
            )
        self._folder.parent.mkdir(exist_ok=True)
        require_room(
            needed=needed_disk_bytes(plan, shape),
            free=shutil.disk_usage(self._folder.parent).free,
            what=f"disk of {self._folder.parent}",
            advice="free some of it",
        )
        return self._prepared.warnings

    def estimate(self) -> TrainingEstimate:
        """The epochs; the machine costs no dollars."""
        return TrainingEstimate(self._prepared.plan.epochs, 0.0)

    @property
    def is_submitted(self) -> bool:
        """Whether it has come to its end already."""
        return self._tuned() is not None

    async def submit(self) -> Submitted:
        """Note what is to be trained; the folder is made, and what was begun in it is kept."""
        reference = str(self._folder)
        if self._tuned() is not None:
            return Submitted(reference, SUCCEEDED, is_new=False)
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._order.held_out_rows:
            replace_file(self._folder / HELD_OUT_NAME, self._order.held_out_rows)
        is_new = self._ledger.last(self._job_name) is None
        if is_new:
            await self._ledger.add(self._event(), "intent")
        return Submitted(reference, RUNNING, is_new=is_new)

    async def follow(self, say: Say) -> None:
        """Train, export, and compare; from wherever an earlier call was cut off.

        Raises:
            ConfigError: the training cannot go on, or what is served is not what was trained.
            TransientError: it was killed; the same call again goes on.
            InterruptedRunError: a stop was requested; the same call again goes on.
        """
        if self._tuned() is None:
            say(self._describe_plan())
            await run_child(self._task(), say, admission=self._admission, clock=self._clock)
        tuned = self._tuned()
        if self._order.draws_curve and tuned is not None:
            place = CurvePlace(self._task(), tuned, self._admission, self._clock)
            curve = await draw_learning_curve(place, say)
            self._curve = describe_curve(curve, usd_per_row=self._order.usd_per_row)

    async def result(self) -> Tuned:
        """What came of it; its end and its curve are in the run's files."""
        tuned = await asyncio.to_thread(self._tuned)
        if tuned is None:
            return Tuned(RUNNING)
        facts = tuned.facts
        last = self._ledger.last(self._job_name)
        if last is None or last.status != SUCCEEDED:
            await self._ledger.add_metrics(_metrics(tuned))
            ended = {
                "job_id": self._job_name,
                "status": SUCCEEDED,
                "tuned_model": tuned.model_name,
                "trained_tokens": facts.trained_tokens,
                "cost_usd": 0.0,
            }
            await self._ledger.add(self._event().model_copy(update=ended), "ended")
        return Tuned(
            SUCCEEDED,
            tuned.model_name,
            facts.trained_tokens,
            0.0,
            "\n".join([*describe_tuned(tuned), *self._curve]),
        )

    async def cancel(self) -> Tuned:
        """Refuse: it runs only while its command does.

        Raises:
            ConfigError: always.
        """
        raise ConfigError(
            "trainer local has no job to cancel: Ctrl-C ends a training, and its folder "
            f"{self._folder} may be deleted"
        )

    def _tuned(self) -> TunedStudent | None:
        return read_tuned(self._folder)

    def _task(self) -> TuningTask:
        rows, prepared = self._order.rows, self._prepared
        held_out_path = (self._folder / HELD_OUT_NAME).resolve()
        return TuningTask(
            job_name=self._job_name,
            student=self._order.settings.model,
            model_name=self._model_name(),
            train_path=rows.train.path.resolve(),
            validation_path=rows.validation.path.resolve() if rows.validation else None,
            held_out_path=held_out_path if self._order.held_out_rows else None,
            folder=self._folder.resolve(),
            plan=prepared.plan,
            row_count=rows.train.rows,
            system=prepared.system,
        )

    def _model_name(self) -> str:
        suffix = self._order.settings.suffix or "tuned"
        return f"{self._prepared.student.name}-{suffix}-{self._job_name[:JOB_NAME_CHARS]}"

    def _describe_plan(self) -> str:
        plan, student = self._prepared.plan, self._prepared.student
        what = "all weights" if plan.method == "full" else f"adapters of rank {plan.rank}"
        millions = f"{student.shape.parameter_count / 1e6:,.0f}M parameters"
        return (
            f"tunes {student.name} ({millions}, {what}) "
            f"on {self._order.rows.train.rows:,} rows, {plan.epochs} "
            f"epoch{'' if plan.epochs == 1 else 's'}, rate {plan.rate:g}, "
            f"{plan.batch_rows} rows a step, {plan.precision} on {plan.device}; Ctrl-C keeps what "
            "is learnt"
        )

    def _event(self) -> TuningEvent:
        rows = self._order.rows
        return TuningEvent(
            event_id="",
            job_name=self._job_name,
            step="intent",
            at="",
            trainer="local",
            base_model=self._prepared.student.name,
            train_sha256=rows.train.sha256,
            validation_sha256=rows.validation.sha256 if rows.validation else "",
        )


def _metrics(tuned: TunedStudent) -> list[TrainingMetric]:
    return [
        TrainingMetric(
            metric_id=content_id("metric", tuned.job_name, point.step),
            job_id=tuned.job_name,
            step=point.step,
            train_loss=point.train_loss,
            valid_loss=point.validation_loss,
        )
        for point in tuned.facts.curve
    ]


def _job_name(order: LocalOrder, prepared: PreparedTraining) -> str:
    """A hash of student, rows and all that the plan decides but for the machine's threads."""
    plan = prepared.plan.model_dump(mode="json", exclude={"threads", "sequence_tokens"})
    rows: list[CheckedRows] = list(order.rows.files)
    return content_id(
        "local tuning",
        prepared.identity,
        [each.sha256 for each in rows],
        plan,
        order.settings.suffix,
    )[:16]
