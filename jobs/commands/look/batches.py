"""`distill batches`: the batches of a run, cancelling them, and giving them up."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from engine.errors import ConfigError
from jobs.commands.options import Assignments, BaseUrl, Config
from jobs.process import EXIT_OK

if TYPE_CHECKING:
    from schemas.settings import RunSettings


class GiveUpFlags(NamedTuple):
    """Which batches are given up: with or without what they have answered."""

    cancel: Annotated[
        bool, typer.Option("--cancel", help="Give up batches; what they have answered is kept.")
    ] = False
    forget: Annotated[
        bool,
        typer.Option(
            "--forget",
            help="Give up batches that cannot be collected; their requests are asked again.",
        ),
    ] = False

    def check(self, ids: Sequence[str]) -> None:
        """Refuse what contradicts itself."""
        if self.cancel and self.forget:
            raise ConfigError("--cancel and --forget exclude each other: give one of them")
        if self.forget and not ids:
            raise ConfigError(
                "--forget: expected the ids of the batches to give up; `distill batches` shows them"
            )
        if ids and not any(self):
            raise ConfigError(
                "ids are for --cancel and --forget: without these all batches are shown"
            )


def batches(
    target: Annotated[
        Path, typer.Argument(metavar="RUN|OUT.jsonl", help="A run's folder, or a file of replies.")
    ],
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID ...]", help="With --cancel: only these; with --forget: these."),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object a line.")] = False,
    given_up: GiveUpFlags,
    base_url: BaseUrl = None,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Show the batches of a run as its ledger has them, cancel them, or forget them."""
    from jobs.process import run_to_end
    from jobs.settings.endpoints import read_endpoints
    from jobs.show.batches import (
        BatchesOrder,
        cancel_batches,
        describe_batches,
        forget_batches,
        json_lines,
        read_run_batches,
    )

    given_up.check(ids or [])
    if any(given_up):
        settings = _read_settings(target, config, base_url, assignments or [])
        endpoint = read_endpoints(settings, os.environ)[0]
        order = BatchesOrder(target, frozenset(ids or []), settings, endpoint)
        run_to_end(cancel_batches(order) if given_up.cancel else forget_batches(order))
    found = read_run_batches(target)
    print("\n".join(json_lines(found)) if as_json else describe_batches(target, found))
    raise typer.Exit(EXIT_OK)


def _read_settings(
    target: Path, config: Path | None, base_url: str | None, assignments: list[str]
) -> "RunSettings":
    """Those of a run, or of a file that is sent."""
    from engine.run_folder import RunFolder
    from jobs.settings.command import run_settings, send_settings

    flags: dict[str, object] = {"teacher.base_url": base_url}
    if target.is_dir():
        return run_settings(RunFolder(target), config, flags, assignments)
    return send_settings(config, flags, [], assignments)
