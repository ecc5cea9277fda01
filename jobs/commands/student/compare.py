"""`distill compare`: the models side by side, in numbers and as CSV."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import ConfigError
from jobs.commands.options import Assignments, BegunRun
from jobs.process import EXIT_OK

if TYPE_CHECKING:
    from engine.run_folder import RunFolder
    from schemas.comparison import Comparison
    from schemas.settings import RunSettings

EXIT_BELOW = 1  # a mean is below what --fail-under asks


def compare(
    run_dir: BegunRun,
    responses: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Also write all answers here, one row a question."),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", metavar="text|markdown|csv|json", help="What is printed.")
    ] = "text",
    fail_under: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC=NUMBER",
            help="Leave with 1 if the student's mean is lower; ROLE.METRIC=NUMBER for others.",
        ),
    ] = None,
    assignments: Assignments = None,
) -> None:
    """Compare the evaluated models, in numbers and as CSV. Sends nothing."""
    from jobs.comparison.fail_under import find_failures, read_bounds
    from jobs.comparison.shown.formats import FORMATS
    from jobs.settings.command import run_settings
    from jobs.settings.run_config import require_run

    bounds = read_bounds(fail_under or [])
    if form not in ("text", *FORMATS):
        raise ConfigError(f"--format: found {form!r}, expected text, {', '.join(FORMATS)}")
    if responses is not None:
        check_target(responses)
    folder = require_run(run_dir)
    settings = run_settings(folder, None, {}, assignments or [])
    comparison = show_comparison(folder, settings, responses, form)
    failures = list(find_failures(comparison, bounds))
    for failure in failures:
        print(f"distill: {failure}", file=sys.stderr)
    raise typer.Exit(EXIT_BELOW if failures else EXIT_OK)


def check_target(responses: Path) -> None:
    """Refuse a file that no table can be written to, before anything is done for it.

    Raises:
        ConfigError: its name is not that of a CSV, or there is no such folder.
    """
    if responses.suffix.lower() != ".csv":
        raise ConfigError(f"{responses}: found no name that ends in .csv; give one")
    if not responses.parent.is_dir():
        raise ConfigError(f"{responses}: there is no folder {responses.parent}; make it first")


def show_comparison(
    folder: "RunFolder", settings: "RunSettings", responses: Path | None, form: str = "text"
) -> "Comparison":
    """Print the comparison; write all answers to `responses`. Returns the comparison."""
    from jobs.comparison.run import require_comparison
    from jobs.comparison.shown.formats import FORMATS
    from jobs.comparison.shown.responses_csv import write_responses
    from jobs.comparison.shown.table import describe_comparison

    compared = require_comparison(folder, settings)
    print(FORMATS.get(form, describe_comparison)(compared.comparison))
    if responses is not None:
        said = sys.stdout if form == "text" else sys.stderr  # other forms are for programs
        count = write_responses(responses, compared.evaluation)
        print(
            f"wrote {responses}: {count:,} questions with all answers, for a spreadsheet",
            file=said,
        )
    return compared.comparison
