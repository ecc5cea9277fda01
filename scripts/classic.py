"""What the classic commands have in common: the flags of a run, and how they end."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from engine.run_folder import RunFolder
from jobs.cli import report_errors
from jobs.command_settings import run_settings
from jobs.lane_order import read_lane_order
from jobs.read_endpoints import read_endpoints
from jobs.start_run import RunOrder
from schemas.settings import RunSettings

RUN_DIR = Path("distill-run")


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the flags that every classic command takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--documents", type=Path, help="the folder of documents")
    parser.add_argument("--run", type=Path, default=RUN_DIR, help="the run's folder (%(default)s)")
    parser.add_argument("--config", type=Path, help="a TOML file of settings; see `distill init`")
    parser.add_argument("--base-url", help="the API's address")
    parser.add_argument("--provider", choices=("openai", "local"), help="local: a small model here")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="assignments",
        help="any setting, e.g. teacher.model=MODEL",
    )
    return parser


def read_settings(arguments: argparse.Namespace, **flags: object) -> RunSettings:
    """The settings that the arguments give, on top of the run's own."""
    given = {
        "documents_dir": str(arguments.documents) if arguments.documents else None,
        "teacher.base_url": arguments.base_url,
        "teacher.provider": arguments.provider,
        **{name.replace("__", "."): value for name, value in flags.items()},
    }
    folder = RunFolder(arguments.run)
    return run_settings(folder, arguments.config, given, arguments.assignments)


def make_order(arguments: argparse.Namespace, **flags: object) -> RunOrder:
    """The run that the arguments name, live."""
    settings = read_settings(arguments, **flags)
    is_local = settings.teacher.provider == "local"
    endpoints = [] if is_local else read_endpoints(settings, os.environ)
    lane = read_lane_order("live", None, waits=True)
    folder = RunFolder(arguments.run)
    return RunOrder(
        folder, settings, endpoints, accepts_changes=False, retries_failed=False, lane=lane
    )


def run_command(command: Callable[[], int]) -> None:
    """Run a command to its exit code."""
    report_errors(lambda: sys.exit(command()))
