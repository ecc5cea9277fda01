"""`distill finetune`: tune the student on the run's dataset."""

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, assert_never

import typer

from engine.errors import ConfigError, InterruptedRunError
from engine.wire.server_text import without_controls
from jobs.amounts import dollars
from jobs.commands.options import (
    Assignments,
    BaseUrl,
    BegunRun,
    Config,
    LogFlags,
)
from jobs.process import EXIT_INCOMPLETE, EXIT_OK, EXIT_TRY_LATER

if TYPE_CHECKING:
    from engine.run_folder import RunFolder
    from jobs.finetune.finetune import Agree, TuningEnd, TuningOrder
    from jobs.finetune.trainers.trainer import TrainingEstimate, TrainingSet
    from schemas.settings import RunSettings


class StudentFlags(NamedTuple):
    """What is tuned, where, and how long."""

    student: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FOLDER|GGUF",
            help="The model to tune: its name; with --trainer local also a folder or a GGUF.",
        ),
    ] = None
    trainer: Annotated[
        str | None,
        typer.Option(
            help="local: on this machine; openai: a job at the provider; export: files for your "
            "own trainer."
        ),
    ] = None
    epochs: Annotated[int | None, typer.Option(help="How often each row is seen.")] = None

    def settings(self) -> dict[str, object]:
        """The settings behind them."""
        return {
            "student.model": absolute_student(self.student),
            "student.trainer": self.trainer,
            "student.epochs": self.epochs,
        }


class JobFlags(NamedTuple):
    """How the job goes: followed, confirmed or cancelled."""

    wait: Annotated[bool, typer.Option("--wait", help="Follow the job to its end.")] = False
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before money is spent.")] = False
    learning_curve: Annotated[
        bool,
        typer.Option(
            "--learning-curve",
            help="Also tune on 1/8, 1/4 and 1/2 here, and say what more rows would bring.",
        ),
    ] = False
    cancel: Annotated[bool, typer.Option("--cancel", help="Give the job up.")] = False


DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Submit nothing: say what would be trained.")
]


def finetune(
    run_dir: BegunRun,
    *,
    student: StudentFlags,
    job: JobFlags,
    base_url: BaseUrl = None,
    config: Config = None,
    assignments: Assignments = None,
    log: LogFlags,
    dry_run: DryRun = False,
) -> None:
    """Submit the fine-tuning of the student, or go on with what was submitted."""
    from engine.run_folder import RunFolder
    from engine.stopping import Stopping
    from jobs.settings.command import run_settings
    from jobs.stored.open import stored_run

    folder = RunFolder(run_dir)
    flags = student.settings() | {"student.base_url": base_url}
    order = _make_order(folder, run_settings(folder, config, flags, assignments or []), job)
    if dry_run:
        show_expected(order)
        raise typer.Exit(EXIT_OK)
    with stored_run(folder, None, os.environ) as stored:
        if stored is not None:
            order = order._replace(back_up=stored.open_lender(None, Stopping()).back_up)
        code = run_finetuning(order)
    raise typer.Exit(code)


def _make_order(folder: "RunFolder", settings: "RunSettings", job: JobFlags) -> "TuningOrder":
    from jobs.dataset.rows.held_out_rows import held_out_rows
    from jobs.finetune.finetune import TuningOrder

    is_local = settings.student.trainer == "local"
    if job.learning_curve and not is_local:
        raise ConfigError("--learning-curve tunes on this machine: give it with --trainer local")
    return TuningOrder(
        folder,
        settings,
        None,
        ask_user(yes=job.yes),
        waits=job.wait,
        cancels=job.cancel,
        held_out_rows=held_out_rows(folder, settings) if is_local else (),
        draws_curve=job.learning_curve,
    )


def show_expected(order: "TuningOrder") -> None:
    """Print what would be trained, and what it costs."""
    from jobs.finetune.finetune import expected_training

    rows, estimate = expected_training(order)
    found = f"{rows.train.rows:,} rows, {rows.train.tokens:,} tokens"
    match order.settings.student.trainer:
        case "openai":
            print(_describe(rows, estimate))
        case "local":
            print(f"{found}, on this machine: no dollars")
        case "export":
            print(f"{found}, written as files: no dollars")
        case other:
            assert_never(other)


def absolute_student(student: str | None) -> str | None:
    """A student that is a file or folder, from wherever later calls are made."""
    if student is None or not Path(student).expanduser().exists():
        return student
    return str(Path(student).expanduser().resolve())


def run_finetuning(order: "TuningOrder") -> int:
    """Tune the student, print the result, and return the exit code.

    Raises:
        ConfigError: the order's folder is no run; and what jobs.finetune.finetune raises.
    """
    from jobs.finetune.finetune import finetune as tune
    from jobs.process import run_to_end
    from jobs.settings.endpoints import read_trainer_endpoint
    from jobs.settings.run_config import require_run

    require_run(order.folder.run_dir)
    if order.settings.student.trainer == "openai":
        order = order._replace(endpoint=read_trainer_endpoint(order.settings, os.environ))
    end = run_to_end(tune(order))
    show_end(end)
    return exit_code(end, is_job=order.settings.student.trainer == "openai")


def exit_code(end: "TuningEnd", *, is_job: bool) -> int:
    """What the command ends with; a job without a model's name is said to be asked for again."""
    from schemas.finetuning import LOST_STATUSES, SUCCEEDED

    if is_job and end.tuned.status == SUCCEEDED and not end.tuned.model:
        print("the host names no model of this job yet: the same command again asks for it")
        return EXIT_TRY_LATER
    return EXIT_INCOMPLETE if end.submitted and end.tuned.status in LOST_STATUSES else EXIT_OK


def ask_user(*, yes: bool) -> "Agree":
    """Asks on the terminal whether to go on; with `yes` it only shows the expected cost."""

    def agree(rows: "TrainingSet", estimate: "TrainingEstimate") -> None:
        print(_describe(rows, estimate), file=sys.stderr)
        if yes:
            return
        if not sys.stdin.isatty():
            raise ConfigError("there is no terminal to ask for a confirmation: give --yes")
        if _ask("Submit the training? [y/N] ").strip().lower() not in ("y", "yes"):
            raise ConfigError("not submitted")

    return agree


def _ask(question: str) -> str:
    """A line from the terminal; meanwhile Ctrl-C interrupts this call, not the event loop."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        print(question, end="", file=sys.stderr, flush=True)
        return sys.stdin.readline()
    except KeyboardInterrupt:
        print(file=sys.stderr)
        raise InterruptedRunError(signal.SIGINT) from None
    finally:
        signal.signal(signal.SIGINT, former)


def _describe(rows: "TrainingSet", estimate: "TrainingEstimate") -> str:
    epochs, unit = "as many epochs as the provider chooses", "an epoch"
    if estimate.epochs is not None:
        epochs, unit = f"{estimate.epochs} epochs", "in all"
    cost = "at a price that is not known (student.training_usd_per_million_tokens)"
    if estimate.usd is not None:
        cost = f"about {dollars(estimate.usd)} {unit}"
    return f"{rows.train.rows:,} rows, {rows.train.tokens:,} tokens, {epochs}, {cost}"


def show_end(end: "TuningEnd") -> None:
    """Print what became of a job; no word of the host's moves the cursor of a terminal."""
    if end.submitted is not None:
        print(without_controls(end.submitted.reference))
    tuned = end.tuned
    print(f"{'status':<16} {without_controls(tuned.status)}")
    for line in without_controls(tuned.message).splitlines():
        print(f"{'':<16} {line}")
    if tuned.model:
        print(f"{'model':<16} {without_controls(tuned.model)}")
    if tuned.trained_tokens is not None:
        cost = "unknown price" if tuned.cost_usd is None else dollars(tuned.cost_usd)
        print(f"{'trained tokens':<16} {tuned.trained_tokens:,}, {cost}")
