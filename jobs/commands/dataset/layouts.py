"""`distill layouts`: the same documents asked in several layouts, and what rows cost in each."""

import os
from typing import TYPE_CHECKING

import typer

from jobs.commands.options import (
    Assignments,
    BaseUrl,
    Chunks,
    Config,
    Deadline,
    Documents,
    DryRun,
    Folder,
    LaneFlag,
    LayoutsBudgetUsd,
    Model,
    Waits,
)
from jobs.process import EXIT_OK, EXIT_TRY_LATER

if TYPE_CHECKING:
    from engine.run_folder import RunFolder
    from jobs.run.lanes import LaneOrder
    from schemas.settings import RunSettings


def layouts(
    folder: Folder,
    documents: Documents = None,
    chunks: Chunks = 20,
    model: Model = None,
    config: Config = None,
    base_url: BaseUrl = None,
    budget_usd: LayoutsBudgetUsd = None,
    lane: LaneFlag = "live",
    waits: Waits = True,
    deadline: Deadline = None,
    assignments: Assignments = None,
    dry_run: DryRun = False,
) -> None:
    """Ask a sample in each layout; show dollars and tokens for 1,000 kept rows."""
    from engine.run_folder import RunFolder
    from jobs.commands.before.plan import show_plan
    from jobs.run.lanes import read_lane_order
    from jobs.run.layouts import LAYOUTS, describe_layouts, measure_layout, sample_size
    from jobs.settings.command import run_settings

    order = read_lane_order(lane, deadline, waits=waits, has_begun=folder.exists())
    flags = {
        "documents_dir": str(documents) if documents else None,
        "teacher.model": model,
        "teacher.base_url": base_url,
        "budget.usd": budget_usd,
    }
    costs, is_done = [], True
    for name, differs in LAYOUTS.items():
        run = RunFolder(folder / name)
        settings = run_settings(run, config, flags, [*(assignments or []), *differs])
        sample = {"limit_chunks": sample_size(settings, chunks)}
        limited = settings.model_copy(update=sample)
        if dry_run:
            print(f"layout {name}:")
            show_plan(run, limited)
            continue
        is_done = _run(run, limited, order) and is_done
        costs.append(measure_layout(name, run))
    if costs:
        print("\n".join(describe_layouts(costs)))
    raise typer.Exit(EXIT_OK if is_done else EXIT_TRY_LATER)


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
