"""`distill compare`: the models side by side, in numbers and as CSV."""

from pathlib import Path
from typing import Annotated

import typer

from engine.errors import ConfigError
from jobs.commands.options import Assignments


def compare(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.")],
    responses: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Also write all answers here, one row a question."),
    ] = None,
    assignments: Assignments = None,
) -> None:
    """Compare the evaluated models, in numbers and as CSV. Sends nothing."""
    from engine.run_folder import RunFolder
    from jobs.command_settings import run_settings
    from jobs.student.compare_run import require_comparison
    from jobs.student.comparison_table import describe_comparison
    from jobs.student.responses_csv import write_responses

    if responses is not None:
        _check_target(responses)
    folder = RunFolder(run_dir)
    if not folder.is_begun:
        raise ConfigError(f"{run_dir}: there is no run here; `distill run {run_dir}` begins one")
    settings = run_settings(folder, None, {}, assignments or [])
    compared = require_comparison(folder, settings)
    print(describe_comparison(compared.comparison))
    if responses is not None:
        count = write_responses(responses, compared.evaluation)
        print(f"\nwrote {responses}: {count:,} questions with all answers, for a spreadsheet")


def _check_target(path: Path) -> None:
    if path.suffix.lower() != ".csv":
        raise ConfigError(f"--responses {path}: found no name that ends in .csv; give one")
    if not path.parent.is_dir():
        raise ConfigError(f"--responses {path}: there is no folder {path.parent}; make it first")
