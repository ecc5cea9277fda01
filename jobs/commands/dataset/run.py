"""`distill run`: make the dataset, or go on making it."""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from engine.run_folder import RunFolder
from jobs.commands.before.plan import show_plan
from jobs.commands.options import (
    Assignments,
    ClusterFlags,
    Config,
    Documents,
    DryRun,
    LaneFlags,
    LogFlags,
    MetricsPort,
    Model,
    Notify,
    RetryFailed,
    ServerFlags,
    StoreUrl,
)
from jobs.idle_rounds import tell_no_progress
from jobs.notify import notifying
from jobs.process import EXIT_INCOMPLETE, EXIT_OK, EXIT_TRY_LATER
from jobs.spread.left_shards import take_in_left
from jobs.spread.places import open_spread

if TYPE_CHECKING:
    from jobs.run.lanes import LaneOrder
    from jobs.run.run_stages import StagesEnd
    from jobs.run.start import RunOrder
    from jobs.send.sharded.cluster_process import ClusterPlace
    from schemas.settings import RunSettings
    from schemas.summary import RunSummary


RunDir = Annotated[
    Path,
    typer.Argument(metavar="RUN", help="The run's folder; made if new.", callback=take_in_left),
]
AcceptChanges = Annotated[
    bool, typer.Option("--accept-changes", help="Go on although settings or documents changed.")
]


class ModelFlags(NamedTuple):
    """Who writes questions and answers, and who judges them."""

    provider: Annotated[
        str | None,
        typer.Option(help="openai: any server that speaks its API; local: a small model here."),
    ] = None
    model: Model = None
    judge: Annotated[
        str | None, typer.Option(help="A model that judges questions and answers, too.")
    ] = None

    def settings(self) -> dict[str, object]:
        """The settings behind them."""
        return {
            "teacher.provider": self.provider,
            "teacher.model": self.model,
            "judge.model": self.judge,
            "judge.of_rows": True if self.judge else None,
        }


class SizeFlags(NamedTuple):
    """What the rows may cost, of how many chunks they are, and what each shows."""

    budget_usd: Annotated[
        float | None, typer.Option(help="What the run may cost in all, resumes included.")
    ] = None
    limit_chunks: Annotated[
        int | None,
        typer.Option(help="Ask about so many chunks only: a sample that a higher limit adds to."),
    ] = None
    closed_book: Annotated[
        bool | None,
        typer.Option("--closed-book/--open-book", help="Rows without or with the excerpt."),
    ] = None

    def settings(self) -> dict[str, object]:
        """The settings behind them."""
        return {
            "budget.usd": self.budget_usd,
            "limit_chunks": self.limit_chunks,
            "dataset.closed_book": self.closed_book,
        }


def run(
    run_dir: RunDir,
    *,
    documents: Documents = None,
    config: Config = None,
    models: ModelFlags,
    server: ServerFlags,
    size: SizeFlags,
    lane: LaneFlags,
    cluster: ClusterFlags,
    store: StoreUrl = None,
    assignments: Assignments = None,
    accept_changes: AcceptChanges = False,
    retry_failed: RetryFailed = False,
    metrics_port: MetricsPort = None,
    notify: Notify = None,
    log: LogFlags,
    dry_run: DryRun = False,
) -> None:
    """Make the dataset, or go on making it."""
    flags = models.settings() | server.settings() | size.settings()
    flags["documents_dir"] = str(documents) if documents else None
    folder = RunFolder(run_dir)
    given = _Given(folder, config, flags, assignments or [])
    lane_order = lane.read(has_begun=folder.is_begun)
    if dry_run:
        show_plan(folder, given.settings())
        raise typer.Exit(EXIT_OK)
    place = cluster.read()
    order = _Ordered(lane_order, accept_changes, retry_failed, metrics_port, place, store)
    with notifying(notify, folder, "run"):
        code = tell_no_progress(folder, lambda: _run(given, order))
    raise typer.Exit(code)


class _Given(NamedTuple):
    """The run, and what was given of its settings."""

    folder: RunFolder
    config: Path | None
    flags: dict[str, object]
    assignments: list[str]

    def settings(self) -> "RunSettings":
        from jobs.settings.command import run_settings

        return run_settings(*self)


class _Ordered(NamedTuple):
    """How the run is to be taken further."""

    lane: "LaneOrder"
    accepts_changes: bool
    retries_failed: bool
    metrics_port: int | None
    place: "ClusterPlace | None"
    store: str | None


def _run(given: _Given, ordered: _Ordered) -> int:
    from jobs.process import run_to_end
    from jobs.run.check_start import check_folders
    from jobs.run.start import start_run
    from jobs.show.describe import describe_run
    from jobs.show.summarize import summarize_run
    from jobs.stored.open import stored_run

    folder = given.folder
    order = _make_order(folder, given.settings(), ordered)
    order = order._replace(spread=open_spread(ordered.place, order))
    check_folders(folder, order.settings.documents_dir)
    began_s = time.monotonic()
    with stored_run(folder, ordered.store, os.environ) as stored:
        end = run_to_end(start_run(order._replace(stored=stored)))
    summary = summarize_run(folder)
    print(describe_run(summary))
    print(f"{'time':<16} {_duration(time.monotonic() - began_s)} in this call")
    return _tell_end(folder, end, summary)


def _make_order(folder: RunFolder, settings: "RunSettings", ordered: _Ordered) -> "RunOrder":
    """What is asked for, with the servers of all models that will be asked."""
    from jobs.run.servers import dataset_servers
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
