"""`distill doctor`: what may keep a run from working."""

import os
from pathlib import Path
from typing import Annotated

import typer

from jobs.commands.options import Assignments, BaseUrl, Config
from jobs.process import EXIT_INCOMPLETE, EXIT_OK


def doctor(
    run_dir: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="A run, whose settings are looked at.")
    ] = None,
    config: Config = None,
    model: Annotated[str | None, typer.Option(help="The teacher model.")] = None,
    base_url: BaseUrl = None,
    ask: Annotated[
        bool,
        typer.Option(
            "--ask", help="Send each model one short request: a fraction of a cent altogether."
        ),
    ] = False,
    assignments: Assignments = None,
) -> None:
    """Look at key, address, models, limits and this machine: a line each, ok or what to do."""
    from engine.clock import SystemClock
    from engine.run_folder import RunFolder
    from jobs.doctor.examine import examine
    from jobs.findings import describe_findings, is_all_well
    from jobs.process import run_to_end
    from jobs.settings.command import run_settings

    where = run_dir or Path()
    flags = {"teacher.model": model, "teacher.base_url": base_url}
    settings = run_settings(RunFolder(where), config, flags, assignments or [])
    findings = run_to_end(examine(settings, where, os.environ, SystemClock(), asks=ask))
    print(describe_findings(findings))
    raise typer.Exit(EXIT_OK if is_all_well(findings) else EXIT_INCOMPLETE)
