"""`distill report`: a run as one page for the browser."""

import sys
import webbrowser
from typing import Annotated

import typer

from jobs.commands.options import Assignments, BegunRun


def report(
    run_dir: BegunRun,
    opens_browser: Annotated[
        bool, typer.Option("--open", help="Also open it in a browser.")
    ] = False,
    assignments: Assignments = None,
) -> None:
    """Write RUN/report.html: the run as one page for the browser. Sends nothing."""
    from jobs.report.write_report import write_report
    from jobs.settings.command import run_settings
    from jobs.settings.run_config import require_run

    folder = require_run(run_dir)
    path = write_report(folder, run_settings(folder, None, {}, assignments or []))
    print(f"wrote {path}; open it in a browser")
    if opens_browser and not webbrowser.open(path.resolve().as_uri()):
        print("distill: found no browser to open it in", file=sys.stderr)
