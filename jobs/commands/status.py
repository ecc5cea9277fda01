"""`distill status`: the state of a run."""

from pathlib import Path
from typing import Annotated

import typer

from engine.errors import ConfigError


def status(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Say what a run has come to. Reads only; may be called at any time."""
    from engine.run_folder import RunFolder
    from jobs.show.describe import describe_run
    from jobs.show.summarize import summarize_run

    folder = RunFolder(run_dir)
    if not folder.is_begun:
        raise ConfigError(f"{run_dir}: there is no run here; `distill run {run_dir}` begins one")
    summary = summarize_run(folder)
    print(summary.model_dump_json(indent=2) if as_json else describe_run(summary))
