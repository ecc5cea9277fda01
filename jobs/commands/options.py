"""Flags that several commands have in common."""

from pathlib import Path
from typing import Annotated

import typer

RunDir = Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder; made if new.")]
Config = Annotated[Path | None, typer.Option(help="A TOML file of settings; see `distill init`.")]
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
