"""`distill audit`: do the files of a run agree with each other?"""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.commands.options import Assignments, BaseUrl, BegunRun, Config
from jobs.process import EXIT_INCOMPLETE, EXIT_OK

if TYPE_CHECKING:
    from engine.run_folder import RunFolder
    from jobs.findings import Finding
    from schemas.settings import RunSettings


def audit(
    run_dir: BegunRun,
    provider: Annotated[
        bool,
        typer.Option("--provider", help="Also ask the provider for what it has of this run."),
    ] = False,
    base_url: BaseUrl = None,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Check that every item ended once, every request was settled once, and the dollars add up."""
    from datetime import UTC, datetime

    from jobs.audit.audit import audit_run
    from jobs.findings import describe_findings, is_all_well
    from jobs.settings.command import run_settings
    from jobs.settings.run_config import require_run

    folder = require_run(run_dir)
    settings = run_settings(folder, config, {"teacher.base_url": base_url}, assignments or [])
    findings = list(audit_run(folder, settings, datetime.now(UTC)))
    if provider:
        findings += _ask_provider(folder, settings)
    print(describe_findings(findings))
    raise typer.Exit(EXIT_OK if is_all_well(findings) else EXIT_INCOMPLETE)


def _ask_provider(folder: "RunFolder", settings: "RunSettings") -> "list[Finding]":
    from engine.clock import SystemClock
    from jobs.audit.provider_leftovers import describe_leftovers, find_leftovers
    from jobs.process import run_to_end
    from jobs.settings.endpoints import read_endpoints
    from jobs.settings.run_config import require_run_id

    run_id = require_run_id(folder.config_path)
    endpoint = read_endpoints(settings, os.environ)[0]
    left = run_to_end(find_leftovers(folder, run_id, settings, endpoint, SystemClock()))
    return list(describe_leftovers(folder, left))
