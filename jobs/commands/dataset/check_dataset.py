"""`distill check-dataset`: what speaks against training on a file of chat rows."""

from pathlib import Path
from typing import Annotated

import typer

from jobs.process import EXIT_INCOMPLETE, EXIT_OK


def check_dataset(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Chat rows as JSON lines.")],
    against: Annotated[
        Path | None,
        typer.Option(help="Questions to be evaluated on: held_out.jsonl, chat rows, texts."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Check form, sizes, repetitions, languages, refusals, secrets, leaks. Exit code 1: unfit."""
    from jobs.datacheck.check_file import check_file, describe_check

    check = check_file(file, against)
    print(check.model_dump_json(indent=2) if as_json else "\n".join(describe_check(check)))
    raise typer.Exit(EXIT_OK if check.is_fit else EXIT_INCOMPLETE)
