"""`distill run`: make the dataset, or go on making it."""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from engine.run_folder import RunFolder
from jobs.commands.options import (
    AcceptChanges,
    Address,
    Assignments,
    BaseUrl,
    ClosedBook,
    ClusterWorkers,
    Config,
    Deadline,
    Documents,
    DryRun,
    Judge,
    LaneFlag,
    LimitChunks,
    MaxInFlight,
    MetricsPort,
    Model,
    Notify,
    On,
    Provider,
    Quiet,
    RetryFailed,
    Rpm,
    RunBudgetUsd,
    RunDir,
    Segments,
    Tpm,
    Verbose,
    Waits,
    server_flags,
)
from jobs.idle_rounds import tell_no_progress
from jobs.notify import notifying
from jobs.process import EXIT_INCOMPLETE, EXIT_OK, EXIT_TRY_LATER
from jobs.run.lanes import LaneOrder, read_lane_order
from jobs.spread.places import open_spread, read_cluster

if TYPE_CHECKING:
    from jobs.run.run_stages import StagesEnd
    from jobs.run.start import RunOrder
    from jobs.send.sharded.cluster_process import ClusterPlace
    from schemas.settings import RunSettings
    from schemas.summary import RunSummary


def run(
    run_dir: RunDir,
    documents: Documents = None,
    config: Config = None,
    provider: Provider = None,
    model: Model = None,
    judge: Judge = None,
    base_url: BaseUrl = None,
    rpm: Rpm = None,
    tpm: Tpm = None,
    max_in_flight: MaxInFlight = None,
    budget_usd: RunBudgetUsd = None,
    limit_chunks: LimitChunks = None,
    closed_book: ClosedBook = None,
    lane: LaneFlag = "live",
    waits: Waits = True,
    deadline: Deadline = None,
    on: On = "here",
    workers: ClusterWorkers = None,
    address: Address = None,
    segments: Segments = None,
    assignments: Assignments = None,
    accept_changes: AcceptChanges = False,
    retry_failed: RetryFailed = False,
    metrics_port: MetricsPort = None,
    notify: Notify = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    dry_run: DryRun = False,
) -> None:
    """Make the dataset, or go on making it."""
    flags = server_flags(
        base_url, rpm=rpm, tpm=tpm, max_in_flight=max_in_flight, budget_usd=budget_usd
    )
    flags |= {
        "documents_dir": str(documents) if documents else None,
        "teacher.provider": provider,
        "teacher.model": model,
        "judge.model": judge,
        "judge.of_rows": True if judge else None,
        "limit_chunks": limit_chunks,
        "dataset.closed_book": closed_book,
    }
    begun = RunFolder(run_dir).is_begun
    lane_order = read_lane_order(lane, deadline, waits=waits, has_begun=begun)
    given = _Given(run_dir, config, flags, assignments or [])
    if dry_run:
        _plan(given)
        raise typer.Exit(EXIT_OK)
    place = read_cluster(on, workers, address, segments, os.environ)
    order = _Ordered(lane_order, accept_changes, retry_failed, metrics_port, place)
    with notifying(notify, RunFolder(run_dir), "run"):
        code = tell_no_progress(RunFolder(run_dir), lambda: _run(given, order))
    raise typer.Exit(code)


class _Given(NamedTuple):
    """The run, and what was given of its settings."""

    run_dir: Path
    config: Path | None
    flags: dict[str, object]
    assignments: list[str]


class _Ordered(NamedTuple):
    """How the run is to be taken further."""

    lane: LaneOrder
    accepts_changes: bool
    retries_failed: bool
    metrics_port: int | None
    place: "ClusterPlace | None"


def _plan(given: _Given) -> None:
    from jobs.commands.before.plan import show_plan
    from jobs.settings.command import run_settings

    folder = RunFolder(given.run_dir)
    show_plan(folder, run_settings(folder, given.config, given.flags, given.assignments))


def _run(given: _Given, ordered: _Ordered) -> int:
    from jobs.process import run_to_end
    from jobs.run.start import start_run
    from jobs.settings.command import run_settings
    from jobs.show.describe import describe_run
    from jobs.show.summarize import summarize_run

    folder = RunFolder(given.run_dir)
    settings = run_settings(folder, given.config, given.flags, given.assignments)
    order = _make_order(folder, settings, ordered)
    order = order._replace(spread=open_spread(ordered.place, order))
    began_s = time.monotonic()
    end = run_to_end(start_run(order))
    summary = summarize_run(folder)
    print(describe_run(summary))
    print(f"{'time':<16} {_duration(time.monotonic() - began_s)} in this call")
    return _tell_end(folder, end, summary)


def _make_order(folder: RunFolder, settings: "RunSettings", ordered: _Ordered) -> "RunOrder":
    """What is asked for, with the servers of all models that will be asked."""
    from jobs.run.asked_roles import dataset_servers
    from jobs.run.start import RunOrder
    from jobs.settings.endpoints import read_run_endpoints

    endpoints = read_run_endpoints(settings, os.environ)
    return RunOrder(
        folder,
        settings,
        endpoints,
        accepts_changes=ordered.accepts_changes,
        retries_failed=ordered.retries_failed,
        lane=ordered.lane,
        metrics_port=ordered.metrics_port,
        others=dataset_servers(settings, os.environ),
    )


def _tell_end(folder: RunFolder, end: "StagesEnd", summary: "RunSummary") -> int:
    """The exit code; what is missing is said."""
    from jobs.show.describe import describe_left

    if not end.is_done:
        left = describe_left(folder, end)
        print(f"distill: {left}; the same command again goes on", file=sys.stderr)
        return EXIT_TRY_LATER
    if any(summary.rows[name] for name in ("train.jsonl", "validation.jsonl")):
        return EXIT_OK
    print(f"distill: no row came out; {folder.rejected_path} says why", file=sys.stderr)
    return EXIT_INCOMPLETE


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
