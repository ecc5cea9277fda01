"""`distill costs`: what a run cost, by day, model, purpose and lane."""

from typing import Annotated

import typer

from jobs.commands.options import BegunRun


def costs(
    run_dir: BegunRun,
    by: Annotated[
        str,
        typer.Option(metavar="day,model,purpose,lane", help="What the rows are told apart by."),
    ] = "day,model,purpose,lane",
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV, for a spreadsheet.")] = False,
) -> None:
    """Say what a run cost, by day, model, purpose and lane. Reads only."""
    from jobs.settings.run_config import require_run
    from jobs.show.costs import costs_csv, describe_costs, read_costs, read_parts
    from jobs.show.summarize import read_lost_usd

    folder = require_run(run_dir)
    parts = read_parts(by)
    rows = read_costs(folder, parts, read_lost_usd(folder))
    if as_csv:
        print(costs_csv(rows, parts), end="")
    else:
        print(describe_costs(rows, parts))
