"""Flags that several commands have in common; those that come together are a group of flags."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from jobs.process import show_less, show_more
from jobs.spread.left_shards import take_in_left

if TYPE_CHECKING:
    from jobs.run.lanes import LaneOrder
    from jobs.send.sharded.cluster_process import ClusterPlace

Config = Annotated[
    Path | None, typer.Option(help="A TOML file of settings, in place of ./distill.toml.")
]
BaseUrl = Annotated[str | None, typer.Option(help="The API's address.")]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Any setting, e.g. limits.burst_s=2."),
]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", help="Send again what failed for good.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Send nothing: say what it would ask and cost.")
]
MetricsPort = Annotated[
    int | None,
    typer.Option(min=1, max=65535, help="Serve Prometheus metrics on this port of 127.0.0.1."),
]
Notify = Annotated[
    str | None,
    typer.Option(
        metavar="COMMAND", help="Run this at the end, with DISTILL_STATE and DISTILL_REASON set."
    ),
]
Documents = Annotated[Path | None, typer.Option(help="The folder of documents to read.")]
Model = Annotated[str | None, typer.Option(help="The teacher model.")]
BegunRun = Annotated[
    Path, typer.Argument(metavar="RUN", help="The run's folder.", callback=take_in_left)
]
On = Annotated[
    str,
    typer.Option(metavar="here|ray", help="Ask from this process, or by workers on a Ray cluster."),
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT", help="With --on ray: the cluster; by default one of its own, here."
    ),
]
Segments = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="With --on ray, for machines without a folder in common: s3://BUCKET/PREFIX, where "
        "workers keep what they have written (file:///FOLDER: in one that all mount).",
    ),
]
StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="Keep the run in a bucket too, s3://BUCKET/PREFIX, from which another machine can go "
        "on with it (file:///FOLDER: in a folder). It is remembered.",
    ),
]


class ServerFlags(NamedTuple):
    """Where requests go, and how fast."""

    base_url: BaseUrl = None
    rpm: Annotated[float | None, typer.Option(help="Requests a minute, at most.")] = None
    tpm: Annotated[float | None, typer.Option(help="Tokens a minute, at most.")] = None
    max_in_flight: Annotated[int | None, typer.Option(help="Requests at once, at most.")] = None

    def settings(self) -> dict[str, object]:
        """The settings behind them."""
        return {
            "teacher.base_url": self.base_url,
            "limits.requests_per_minute": self.rpm,
            "limits.tokens_per_minute": self.tpm,
            "limits.max_in_flight": self.max_in_flight,
        }


class LaneFlags(NamedTuple):
    """Which way requests go, and how long to wait for batches."""

    lane: Annotated[
        str,
        typer.Option(
            help="live: now; flex: half the price, slower; batch: half the price, within a day; "
            "auto: what is cheap and in time."
        ),
    ] = "live"
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for batches, or leave after one round.")
    ] = True
    deadline: Annotated[
        str | None, typer.Option(help="With --lane auto: by when all must be done (ISO 8601).")
    ] = None

    def read(self, *, has_begun: bool) -> "LaneOrder":
        """The order that they give; it raises what `read_lane_order` does."""
        from jobs.run.lanes import read_lane_order

        return read_lane_order(self.lane, self.deadline, waits=self.wait, has_begun=has_begun)


class ClusterFlags(NamedTuple):
    """Whether this process asks, or workers on a cluster."""

    on: On = "here"
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="With --on ray: how many; by default one for each core."),
    ] = None
    address: Address = None
    segments: Segments = None

    def read(self) -> "ClusterPlace | None":
        """The cluster that they name; it raises what `read_cluster` does."""
        from jobs.spread.places import read_cluster

        return read_cluster(*self, os.environ)


def _on_quiet(is_given: bool) -> bool:
    if is_given:
        show_less()
    return is_given


def _on_verbose(is_given: bool) -> bool:
    if is_given:
        show_more()
    return is_given


class LogFlags(NamedTuple):
    """How much a command says; they work as they are read."""

    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="Say only what is wrong, and the result.", callback=_on_quiet
        ),
    ] = False
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say more, with times.", callback=_on_verbose)
    ] = False
