"""Flags that several commands have in common."""

from pathlib import Path
from typing import Annotated

import typer

from jobs.process import show_less, show_more

RunDir = Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder; made if new.")]
Config = Annotated[
    Path | None, typer.Option(help="A TOML file of settings, in place of ./distill.toml.")
]
BaseUrl = Annotated[str | None, typer.Option(help="The API's address.")]
Rpm = Annotated[float | None, typer.Option(help="Requests a minute, at most.")]
Tpm = Annotated[float | None, typer.Option(help="Tokens a minute, at most.")]
BudgetUsd = Annotated[
    float | None, typer.Option(help="What all may cost together, earlier calls included.")
]
MaxInFlight = Annotated[int | None, typer.Option(help="Requests at once, at most.")]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Any setting, e.g. limits.burst_s=2."),
]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", help="Send again what failed for good.")
]
LaneFlag = Annotated[
    str,
    typer.Option(
        "--lane",
        help="live: now; flex: half the price, slower; batch: half the price, within a day; auto: "
        "what is cheap and in time.",
    ),
]
Waits = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Wait for batches, or leave after one round.")
]
Deadline = Annotated[
    str | None, typer.Option(help="With --lane auto: by when all must be done (ISO 8601).")
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


def _on_quiet(is_given: bool) -> bool:
    if is_given:
        show_less()
    return is_given


def _on_verbose(is_given: bool) -> bool:
    if is_given:
        show_more()
    return is_given


Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Say only what is wrong.", callback=_on_quiet),
]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Say more, with times.", callback=_on_verbose),
]
