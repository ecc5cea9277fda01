"""`distill status`: the state of a run."""

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import ConfigError
from jobs.commands.options import BegunRun

if TYPE_CHECKING:
    from engine.run_folder import RunFolder


def status(
    run_dir: BegunRun,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show it live in the terminal, until Ctrl-C.")
    ] = False,
) -> None:
    """Say what a run has come to. Reads only; may be called at any time."""
    from jobs.settings.run_config import require_run
    from jobs.show.describe import describe_run
    from jobs.show.summarize import summarize_run

    folder = require_run(run_dir)
    if watch:
        _watch(folder, as_json=as_json)
        return
    summary = summarize_run(folder)
    print(summary.model_dump_json(indent=2) if as_json else describe_run(summary))


def _watch(folder: "RunFolder", *, as_json: bool) -> None:
    from jobs.show.watch import watch_run

    if as_json:
        raise ConfigError("--watch and --json exclude each other")
    if not sys.stdout.isatty():
        raise ConfigError("--watch needs a terminal; --json is for programs")
    with suppress(KeyboardInterrupt):
        watch_run(folder)
