"""`distill batches`: the batches of a run, and cancelling them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import ConfigError
from jobs.commands.options import Assignments, BaseUrl, Config
from jobs.process import EXIT_OK

if TYPE_CHECKING:
    from jobs.show.batches import BatchesOrder


def batches(
    target: Annotated[
        Path, typer.Argument(metavar="RUN|OUT.jsonl", help="A run's folder, or a file of replies.")
    ],
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID ...]", help="With --cancel: only these.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object a line.")] = False,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Give up batches; what they have answered is kept.")
    ] = False,
    base_url: BaseUrl = None,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Show the batches of a run as its ledger has them, or cancel them at the provider."""
    from engine.run_folder import RunFolder
    from jobs.settings.command import run_settings, send_settings
    from jobs.settings.endpoints import read_endpoints
    from jobs.show.batches import BatchesOrder, describe_batches, json_lines, read_run_batches

    if ids and not cancel:
        raise ConfigError("ids are for --cancel: without it all batches are shown")
    if cancel:
        flags = {"teacher.base_url": base_url}
        is_run = target.is_dir()
        settings = (
            run_settings(RunFolder(target), config, flags, assignments or [])
            if is_run
            else send_settings(config, flags, [], assignments or [])
        )
        endpoint = read_endpoints(settings, os.environ)[0]
        _cancel(BatchesOrder(target, frozenset(ids or []), settings, endpoint))
    found = read_run_batches(target)
    print("\n".join(json_lines(found)) if as_json else describe_batches(target, found))
    raise typer.Exit(EXIT_OK)


def _cancel(order: "BatchesOrder") -> None:
    from jobs.process import run_to_end
    from jobs.show.batches import cancel_batches

    run_to_end(cancel_batches(order))
