"""`distill clean`: delete what a run does not need."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import ConfigError
from engine.wire.server_text import without_controls
from jobs.commands.options import Assignments, BaseUrl, BegunRun, Config
from jobs.process import EXIT_OK

if TYPE_CHECKING:
    from engine.run_folder import RunFolder
    from jobs.audit.clean import Reach
    from schemas.settings import RunSettings


def clean(
    run_dir: BegunRun,
    derived: Annotated[
        bool,
        typer.Option(
            "--derived",
            help="Also what `distill run` makes again from documents and journal, at no cost.",
        ),
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="The whole run, with its journal: what was paid for.")
    ] = False,
    provider: Annotated[
        bool,
        typer.Option("--provider", help="Also files and batches of this run at the provider."),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete it; without this it is only shown.")
    ] = False,
    base_url: BaseUrl = None,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Show what of a run can be deleted, and delete it; not the journal, but with --all."""
    from engine.files.lock import WriterLock
    from engine.run_folder import RunFolder
    from jobs.settings.command import run_settings

    folder = RunFolder(run_dir)
    if not folder.is_begun:
        raise ConfigError(f"{run_dir}: there is no run here, so nothing is deleted")
    if derived and everything:
        raise ConfigError("--derived and --all exclude each other: --all deletes everything")
    reach: Reach = "all" if everything else "derived" if derived else "leftovers"
    settings = run_settings(folder, config, {"teacher.base_url": base_url}, assignments or [])
    with WriterLock(folder.lock_path):
        if provider:
            _clean_provider(folder, settings, yes=yes)
        _clean_folder(folder, reach, yes=yes)
    raise typer.Exit(EXIT_OK)


def _clean_folder(folder: "RunFolder", reach: "Reach", *, yes: bool) -> None:
    from engine.batch.ledger import read_batches
    from jobs.audit.clean import delete, describe_deletable, find_deletable

    out = sum(not batch.is_collected for batch in read_batches(folder.batches_path))
    if out and reach == "all":
        raise ConfigError(
            f"{folder.run_dir}: {out:,} batches are out, and their answers would be lost: collect "
            f"them, or cancel them with `distill batches {folder.run_dir} --cancel`"
        )
    found = find_deletable(folder, reach)
    print(describe_deletable(found, is_done=yes))
    if yes:
        delete(folder, found, reach)


def _clean_provider(folder: "RunFolder", settings: "RunSettings", *, yes: bool) -> None:
    from engine.clock import SystemClock
    from jobs.audit.provider_leftovers import delete_leftovers, find_leftovers
    from jobs.process import run_to_end
    from jobs.settings.endpoints import read_endpoints
    from jobs.settings.run_config import require_run_id

    run_id = require_run_id(folder.config_path)
    endpoint, clock = read_endpoints(settings, os.environ)[0], SystemClock()
    left = run_to_end(find_leftovers(folder, run_id, settings, endpoint, clock))
    for batch_id in left.batch_ids:
        known = without_controls(batch_id)
        print(f"at the provider: batch {known}, which the run does not know")
    for file in left.files:
        print(f"at the provider: file {without_controls(file.name)}")
    if yes:
        run_to_end(delete_leftovers(left, settings, endpoint, clock))
