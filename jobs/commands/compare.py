"""`distill compare`: the models side by side, in numbers and as CSV."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import ConfigError
from jobs.commands.options import Assignments

if TYPE_CHECKING:
    from engine.run_folder import RunFolder
    from schemas.settings import RunSettings


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
    from jobs.settings.command import run_settings

    if responses is not None:
        check_target(responses)
    folder = RunFolder(run_dir)
    if not folder.is_begun:
        raise ConfigError(f"{run_dir}: there is no run here; `distill run {run_dir}` begins one")
    show_comparison(folder, run_settings(folder, None, {}, assignments or []), responses)


def check_target(responses: Path) -> None:
    """Refuse a file that no table can be written to, before anything is done for it.

    Raises:
        ConfigError: its name is not that of a CSV, or there is no such folder.
    """
    if responses.suffix.lower() != ".csv":
        raise ConfigError(f"{responses}: found no name that ends in .csv; give one")
    if not responses.parent.is_dir():
        raise ConfigError(f"{responses}: there is no folder {responses.parent}; make it first")


def show_comparison(folder: "RunFolder", settings: "RunSettings", responses: Path | None) -> None:
    """Print the comparison; write all answers to `responses`."""
    from jobs.comparison.responses_csv import write_responses
    from jobs.comparison.run import require_comparison
    from jobs.comparison.table import describe_comparison

    compared = require_comparison(folder, settings)
    print(describe_comparison(compared.comparison))
    if responses is not None:
        count = write_responses(responses, compared.evaluation)
        print(f"\nwrote {responses}: {count:,} questions with all answers, for a spreadsheet")
