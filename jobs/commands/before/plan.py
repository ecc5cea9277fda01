"""`distill plan`: what a run will ask and cost."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import ConfigError
from jobs.commands.options import (
    Assignments,
    Config,
    Documents,
    Model,
    ServerFlags,
)
from jobs.process import EXIT_OK
from jobs.spread.left_shards import take_in_left

if TYPE_CHECKING:
    from engine.run_folder import RunFolder
    from schemas.plan import Plan
    from schemas.settings import RunSettings

LIMIT = "limit_chunks="

Target = Annotated[
    Path,
    typer.Argument(
        metavar="RUN|FOLDER", help="A run, or a folder of documents.", callback=take_in_left
    ),
]
SampleCount = Annotated[
    int | None,
    typer.Option(min=5, help="First ask about so many chunks of the run; they are kept."),
]
BudgetUsd = Annotated[
    float | None, typer.Option(help="What the run may cost in all, the sample included.")
]
AsJson = Annotated[bool, typer.Option("--json", help="As one JSON object.")]


def plan(
    target: Target,
    *,
    sample: SampleCount = None,
    documents: Documents = None,
    config: Config = None,
    model: Model = None,
    server: ServerFlags,
    budget_usd: BudgetUsd = None,
    as_json: AsJson = False,
    assignments: Assignments = None,
) -> None:
    """Say what a run will ask and cost, before it does. Sends nothing but what --sample names."""
    from engine.run_folder import RunFolder
    from jobs.settings.command import run_settings

    folder = RunFolder(target)
    is_run = folder.is_begun or documents is not None
    read = documents if is_run else target
    flags = server.settings() | {
        "budget.usd": budget_usd,
        "documents_dir": str(read) if read else None,
        "teacher.model": model,
    }
    if sample is not None and not is_run:
        raise ConfigError(
            "--sample: its replies are kept in a run, so name one: distill plan RUN --documents "
            f"{target} --sample {sample}"
        )
    settings = run_settings(folder, config, flags, assignments or [])
    if not any(each.startswith(LIMIT) for each in assignments or []):
        settings = settings.model_copy(update={"limit_chunks": None})  # the run's may be a sample's
    if sample is not None:
        _ask_sample(folder, settings, sample)
    show_plan(folder, settings, as_json=as_json)
    raise typer.Exit(EXIT_OK)


def _ask_sample(folder: "RunFolder", settings: "RunSettings", sample: int) -> None:
    """Take the run through all stages for a sample of its chunks; the run keeps it as its limit."""
    from jobs.process import run_to_end
    from jobs.run.start import RunOrder, start_run
    from jobs.settings.endpoints import read_run_endpoints
    from jobs.stored.open import stored_run

    limited = settings.model_copy(update={"limit_chunks": sample})
    endpoints = read_run_endpoints(limited, os.environ)
    with stored_run(folder, None, os.environ) as stored:
        order = RunOrder(folder, limited, endpoints, False, False, stored=stored)
        end = run_to_end(start_run(order))
    if not end.is_done:
        raise ConfigError(f"the sample is not complete: {end.describe_left()}; try again")


def show_plan(folder: "RunFolder", settings: "RunSettings", *, as_json: bool = False) -> None:
    """Print what going on with a run, or beginning one, would ask and cost."""
    from datetime import UTC, datetime

    from jobs.plan.describe_plan import describe_outcome, describe_plan
    from jobs.plan.make_plan import plan_documents, plan_run, read_plan
    from jobs.process import run_to_end

    now = datetime.now(UTC)
    if not folder.is_begun:
        made = run_to_end(plan_documents(settings, now))
        print(made.model_dump_json(indent=2) if as_json else describe_plan(made))
        return
    before: Plan | None = read_plan(folder)
    made = run_to_end(plan_run(folder, settings, now))
    print(made.model_dump_json(indent=2) if as_json else describe_plan(made))
    if as_json:
        return
    if made.left_chunks and made.sampled_chunks:
        print(f"{'go on with':<16} distill run {folder.run_dir} --set limit_chunks=")
    if before is not None and (outcome := describe_outcome(before, made)):
        print(outcome)
