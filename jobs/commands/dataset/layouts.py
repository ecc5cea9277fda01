"""`distill layouts`: the same documents asked in several layouts, and what rows cost in each."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from jobs.commands.before.plan import show_plan
from jobs.commands.options import (
    Assignments,
    BaseUrl,
    Config,
    Documents,
    DryRun,
    LaneFlags,
    Model,
)
from jobs.process import EXIT_OK, EXIT_TRY_LATER

if TYPE_CHECKING:
    from engine.run_folder import RunFolder
    from jobs.run.lanes import LaneOrder
    from schemas.settings import RunSettings


Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Where a run of each layout is kept.")
]
Chunks = Annotated[
    int, typer.Option(min=1, help="How much to ask: chunks of 512 tokens, or as much text.")
]
BudgetUsd = Annotated[
    float | None, typer.Option(help="What each layout may cost, earlier calls included.")
]


def layouts(
    folder: Folder,
    *,
    documents: Documents = None,
    chunks: Chunks = 20,
    model: Model = None,
    config: Config = None,
    base_url: BaseUrl = None,
    budget_usd: BudgetUsd = None,
    lane: LaneFlags,
    assignments: Assignments = None,
    dry_run: DryRun = False,
) -> None:
    """Ask a sample in each layout; show dollars and tokens for 1,000 kept rows."""
    flags = {
        "documents_dir": str(documents) if documents else None,
        "teacher.model": model,
        "teacher.base_url": base_url,
        "budget.usd": budget_usd,
    }
    lane_order = lane.read(has_begun=folder.exists())
    runs = _limited_runs(folder, chunks, _Given(config, flags, assignments or []))
    if dry_run:
        for run, settings in runs:
            print(f"layout {run.run_dir.name}:")
            show_plan(run, settings)
        raise typer.Exit(EXIT_OK)
    raise typer.Exit(_measure(runs, lane_order))


class _Given(NamedTuple):
    """What was given of the settings."""

    config: Path | None
    flags: Mapping[str, object]
    assignments: Sequence[str]


def _limited_runs(
    folder: Path, chunks: int, given: _Given
) -> "Iterator[tuple[RunFolder, RunSettings]]":
    """The run of each layout, whose settings limit it to a sample."""
    from engine.run_folder import RunFolder
    from jobs.plan.layouts import LAYOUTS, sample_size
    from jobs.settings.command import run_settings

    for name, differs in LAYOUTS.items():
        run = RunFolder(folder / name)
        settings = run_settings(run, given.config, given.flags, [*given.assignments, *differs])
        sample = {"limit_chunks": sample_size(settings, chunks)}
        yield run, settings.model_copy(update=sample)


def _measure(runs: "Iterable[tuple[RunFolder, RunSettings]]", lane: "LaneOrder") -> int:
    """Ask each sample, print what rows cost, and return the exit code."""
    from jobs.plan.layouts import describe_layouts, measure_layout

    costs, is_done = [], True
    for run, settings in runs:
        is_done = _run(run, settings, lane) and is_done
        costs.append(measure_layout(run.run_dir.name, run))
    print("\n".join(describe_layouts(costs)))
    return EXIT_OK if is_done else EXIT_TRY_LATER


def _run(run: "RunFolder", settings: "RunSettings", lane: "LaneOrder") -> bool:
    """Whether all was asked; the same command again goes on."""
    from jobs.process import run_to_end
    from jobs.run.start import RunOrder, start_run
    from jobs.settings.endpoints import read_run_endpoints

    run.run_dir.parent.mkdir(parents=True, exist_ok=True)
    endpoints = read_run_endpoints(settings, os.environ)
    order = RunOrder(
        run, settings, endpoints, accepts_changes=False, retries_failed=False, lane=lane
    )
    return run_to_end(start_run(order)).is_done
