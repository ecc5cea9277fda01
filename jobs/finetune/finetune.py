"""Tunes the student: checks the rows, asks the user to confirm, submits the training."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple, assert_never

from engine.beside import BackUp, backed_up_meanwhile
from engine.clock import SystemClock
from engine.errors import ConfigError, InterruptedRunError
from engine.files.journal import read_settled
from engine.files.lock import WriterLock
from engine.files.records import read_records
from engine.last_call import noted_call
from engine.run_folder import RunFolder
from engine.stopping import Admission, Stopping, stop_on_signals
from engine.wire.endpoints import Endpoint
from engine.wire.reply_sizes import reply_sizes
from jobs.finetune.check_rows import (
    MIN_LOCAL_ROWS,
    MIN_ROWS,
    CheckedRows,
    check_rows,
    require_rows,
)
from jobs.finetune.ledger import TuningLedger
from jobs.finetune.student.tuned_student import STUDENT_DIR
from jobs.finetune.trainers.export_trainer import ExportTrainer
from jobs.finetune.trainers.trainer import Submitted, Trainer, TrainingEstimate, TrainingSet, Tuned
from jobs.settings.run_config import read_run_config, require_run_config, write_run_config
from schemas.dataset import Provenance
from schemas.settings import RunSettings
from schemas.settings.types import TrainerName

_log = logging.getLogger(__name__)

Agree = Callable[[TrainingSet, TrainingEstimate], None]


class TuningOrder(NamedTuple):
    """What the user asks for. `train_path` None: the run's own training set.

    With a training set of its own, a validation set is only what `validation_path` names.

    `held_out_rows` are held-out questions with their references, by which trainer local tells what
    was learnt.

    `agree` is called with the expected cost before anything is bought; it raises ConfigError if
    the user does not confirm. `back_up` has all that is written kept besides; None: nothing does.
    """

    folder: RunFolder
    settings: RunSettings
    endpoint: Endpoint | None
    agree: Agree
    waits: bool = False
    cancels: bool = False
    train_path: Path | None = None
    validation_path: Path | None = None
    held_out_rows: Sequence[bytes] = ()
    draws_curve: bool = False
    back_up: BackUp | None = None


class TuningEnd(NamedTuple):
    """What was submitted, and its state. `submitted` None: it was cancelled."""

    submitted: Submitted | None
    tuned: Tuned


async def finetune(order: TuningOrder) -> TuningEnd:
    """Submit the training or adopt what was submitted; follow it to its end if so ordered.

    Raises:
        ConfigError: rows that cannot be trained on, bad settings, or the user does not agree.
        FatalError: the provider refuses the key, or fine-tuning is closed to the account.
        TransientError: the provider does not answer; the same call again goes on.
        InterruptedRunError: a stop was requested; a submitted job goes on at the provider.
        RunInUseError: another machine goes on with the run; the same.
    """
    stopping = Stopping()
    folder, clock = order.folder, SystemClock()
    with WriterLock(folder.lock_path), noted_call(folder, "finetune", clock):
        rows = _read_rows(order)
        with stop_on_signals(stopping, grace_s=order.settings.limits.grace_s):
            async with backed_up_meanwhile(order.back_up, stopping, clock):
                return await _tune(order, rows, stopping)


def expected_training(order: TuningOrder) -> tuple[TrainingSet, TrainingEstimate]:
    """The rows of an order, checked, and what a job on them costs. Submits and makes nothing.

    Raises:
        ConfigError: rows that cannot be trained on.
    """
    rows = _read_rows(order)
    return rows, TrainingEstimate.of(rows.train.tokens, order.settings.student)


async def _tune(order: TuningOrder, rows: TrainingSet, stopping: Stopping) -> TuningEnd:
    async with _open_trainer(order, rows, stopping) as trainer:
        _remember_student(order)
        if order.cancels:
            return TuningEnd(None, await trainer.cancel())
        if not trainer.is_submitted:
            for warning in await trainer.check():
                _log.warning("%s", warning)
            if not trainer.runs_here:
                order.agree(rows, trainer.estimate())
        submitted = await trainer.submit()
        if order.waits or trainer.runs_here:
            await _follow(trainer, submitted)
        elif submitted.is_new:
            return TuningEnd(submitted, Tuned(submitted.status))
        return TuningEnd(submitted, await trainer.result())


async def _follow(trainer: Trainer, submitted: Submitted) -> None:
    if not trainer.runs_here:
        _log.info("job %s: following; Ctrl-C leaves it running", submitted.reference)
    try:
        await trainer.follow(lambda message: _log.info("%s", message))
    except InterruptedRunError:
        if not trainer.runs_here:
            _log.warning("job %s goes on; the same command follows it again", submitted.reference)
        raise


def _read_rows(order: TuningOrder) -> TrainingSet:
    dataset_dir = order.folder.dataset_dir
    train_path = order.train_path or dataset_dir / "train.jsonl"
    if not train_path.exists():
        raise ConfigError(
            f"{train_path}: is not there; `distill run {order.folder.run_dir}` makes the dataset"
        )
    train = _check(train_path, order)
    _require_enough(train, order.settings.student.trainer)
    validation_path = order.validation_path
    if order.train_path is None and _has_rows(dataset_dir / "validation.jsonl"):
        validation_path = dataset_dir / "validation.jsonl"
    rows = TrainingSet(train, _check(validation_path, order) if validation_path else None)
    for checked in rows.files:
        for warning in checked.warnings:
            _log.warning("%s", warning)
    return rows


def _require_enough(train: CheckedRows, trainer: TrainerName) -> None:
    match trainer:
        case "openai":
            require_rows(train, MIN_ROWS)
        case "local":
            require_rows(train, MIN_LOCAL_ROWS)
        case "export":  # for a trainer whose limits are not known
            return
        case _:
            assert_never(trainer)


def _remember_student(order: TuningOrder) -> None:
    """Let later calls and the evaluation know what is tuned; an export tunes nothing.

    A student that cannot even be read is not remembered: the next call would stumble over it.
    """
    config = read_run_config(order.folder.config_path)
    if config is None:
        return
    student = order.settings.student
    if student.trainer == "export":
        student = student.model_copy(update={"trainer": config.settings.student.trainer})
    if config.settings.student != student:
        settings = config.settings.model_copy(update={"student": student})
        write_run_config(order.folder.config_path, config.model_copy(update={"settings": settings}))


def _check(path: Path, order: TuningOrder) -> CheckedRows:
    return check_rows(
        path,
        held_out_path=order.folder.dataset_dir / "held_out.jsonl",
        max_row_tokens=order.settings.student.max_row_tokens,
    )


def _has_rows(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


@asynccontextmanager
async def _open_trainer(
    order: TuningOrder, rows: TrainingSet, stopping: Stopping
) -> AsyncIterator[Trainer]:
    settings = order.settings.student
    match settings.trainer:
        case "export":
            yield ExportTrainer(order.folder.run_dir / "export", rows, base_model=settings.model)
        case "local":
            async with _open_local(order, rows, stopping) as local:
                yield local
        case "openai":
            async with _open_job_trainer(order, rows, stopping) as hosted:
                yield hosted
        case _:
            assert_never(settings.trainer)


@asynccontextmanager
async def _open_job_trainer(
    order: TuningOrder, rows: TrainingSet, stopping: Stopping
) -> AsyncIterator[Trainer]:
    """The trainer of jobs at a host, with its ledger and its client.

    Raises:
        ConfigError: no model is named, or no host; or there is no run.
    """
    endpoint = _require_host(order)
    from jobs.finetune.trainers.job_client import JobClient
    from jobs.finetune.trainers.openai_trainer import OpenAITrainer, TrainingOrder

    config = require_run_config(order.folder.config_path)
    clock = SystemClock()
    admission = Admission(clock)
    stopping.on_request(admission.close)
    async with AsyncExitStack() as opened:
        ledger = await opened.enter_async_context(
            TuningLedger.of(order.folder, clock, order.back_up)
        )
        limits = order.settings.limits
        client = JobClient(
            endpoint,
            timeout_s=limits.request_timeout_s,
            clock=clock,
            sizes=reply_sizes(limits),
        )
        opened.push_async_callback(client.aclose)
        training = TrainingOrder(
            endpoint.base_url,
            rows,
            order.settings.student,
            config.run.run_id,
            order.settings.batch.settle_s,
        )
        yield OpenAITrainer(training, client, ledger, admission=admission, clock=clock)


def _require_host(order: TuningOrder) -> Endpoint:
    if not order.settings.student.model:
        raise ConfigError("no model to tune: name it with --student (student.model)")
    if order.endpoint is None:
        raise ConfigError(
            "provider local takes no jobs: tune on this machine with --trainer local, name a host "
            "that tunes with --base-url, or use --trainer export"
        )
    return order.endpoint


@asynccontextmanager
async def _open_local(
    order: TuningOrder, rows: TrainingSet, stopping: Stopping
) -> AsyncIterator[Trainer]:
    from jobs.finetune.trainers.local_trainer import LocalOrder, LocalTrainer

    clock = SystemClock()
    admission = Admission(clock)
    stopping.on_request(admission.close)
    local = LocalOrder(
        rows,
        order.settings.student,
        order.folder.run_dir / STUDENT_DIR,
        held_out_rows=order.held_out_rows,
        draws_curve=order.draws_curve,
        usd_per_row=_usd_per_row(order.folder),
    )
    async with TuningLedger.of(order.folder, clock) as ledger:
        yield LocalTrainer(local, ledger, admission=admission, clock=clock)


def _usd_per_row(folder: RunFolder) -> float | None:
    """What a row of the run has cost, all that was dropped included; None: not known.

    Raises:
        DamagedLogError: the provenance is damaged.
    """
    path = folder.dataset_dir / "provenance.jsonl"
    row_count = sum(1 for _ in read_records(path, Provenance))
    costs = [settled.cost_usd for settled in read_settled(folder.journal_path)]
    if not row_count or None in costs:
        return None
    return sum(cost or 0.0 for cost in costs) / row_count
