"""`distill export`: the rows of a run in the format of another trainer."""

from typing import Annotated

import typer

from jobs.commands.options import BegunRun


def export(
    run_dir: BegunRun,
    format_name: Annotated[
        str,
        typer.Option(
            "--format",
            help="chat, prompt-completion, sharegpt, alpaca, citation, preference or parquet.",
        ),
    ] = "chat",
) -> None:
    """Write RUN/export/FORMAT: rows and a data card, from what is paid for. Asks nothing."""
    from jobs.exporting.export_rows import export_rows
    from jobs.process import run_to_end
    from jobs.settings.run_config import require_run

    folder = require_run(run_dir)
    done = run_to_end(export_rows(folder, format_name))
    counts = ", ".join(f"{count:,} {name}" for name, count in done.lines.items())
    print(f"{done.folder}: {counts}, README.md")
