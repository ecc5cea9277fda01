"""What the three commands in scripts/ have in common: the flags of a run, and how they end."""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from engine.errors import ConfigError
from engine.local.model import CHAT_MODEL
from engine.run_folder import RunFolder
from jobs.cli import report_errors
from jobs.run.lanes import read_lane_order
from jobs.run.servers import other_servers
from jobs.run.start import RunOrder
from jobs.settings.command import run_settings
from jobs.settings.endpoints import read_run_endpoints
from jobs.settings.roles import (
    RoleModel,
    RoleName,
    embeddings_of,
    question_embeddings_of,
    read_role_endpoints,
)
from schemas.settings import RunSettings

RUN_DIR = Path("distill-run")
DOCUMENTS_DIR = Path("documents")
NO_FLAGS: Mapping[str, object] = {}

_log = logging.getLogger(__name__)


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the flags that every classic command takes."""
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--documents", type=Path, help="the folder of documents to read")
    parser.add_argument("--run", type=Path, default=RUN_DIR, help="the run's folder (%(default)s)")
    parser.add_argument("--config", type=Path, help="a TOML file of settings; see `distill init`")
    parser.add_argument(
        "--provider",
        choices=("openai", "local"),
        help="openai: any server that speaks its API; local: a small model here",
    )
    parser.add_argument("--model", help="the teacher model")
    parser.add_argument("--base-url", help="the API's address")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="assignments",
        help="any setting, e.g. budget.usd=5",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="send nothing: say what it would ask and cost"
    )
    return parser


def read_settings(
    arguments: argparse.Namespace, flags: Mapping[str, object] = NO_FLAGS
) -> RunSettings:
    """The settings that the arguments give, on top of the run's own; `flags` are further ones.

    Where no folder is named, documents are those of ./documents.
    """
    given = {
        "documents_dir": str(arguments.documents) if arguments.documents else None,
        "teacher.provider": arguments.provider,
        "teacher.model": arguments.model,
        "teacher.base_url": arguments.base_url,
        **flags,
    }
    folder = RunFolder(arguments.run)
    settings = run_settings(folder, arguments.config, given, arguments.assignments)
    return with_usual_documents(settings)


def with_usual_documents(settings: RunSettings) -> RunSettings:
    """The same with ./documents as the folder, if none is named and this one is there."""
    folder = DOCUMENTS_DIR.resolve()
    if settings.documents_dir is not None or not folder.is_dir():
        return settings
    _log.info("no folder is named: the documents of %s are read (--documents)", folder)
    return settings.model_copy(update={"documents_dir": folder})


def with_usual_student(settings: RunSettings) -> RunSettings:
    """The same with the local trainer, if no student is named, or one that is a file here.

    Who names a model, an address or other roles has a student of their own.
    """
    student = settings.student
    is_elsewhere = student.trainer != "openai" or student.base_url is not None
    is_hosted = bool(student.model) and not Path(student.model).expanduser().exists()
    if is_elsewhere or is_hosted or settings.baseline.model or settings.tuned.model:
        return settings
    name = student.model or CHAT_MODEL
    _log.info("student: %s, tuned on this machine (--student names another)", name)
    local = student.model_copy(update={"trainer": "local"})
    return settings.model_copy(update={"student": local})


def make_order(arguments: argparse.Namespace) -> RunOrder:
    """The run that the arguments name, live."""
    settings = read_settings(arguments)
    endpoints = read_run_endpoints(settings, os.environ)
    roles: list[RoleName] = []
    embedders = [embeddings_of(settings), question_embeddings_of(settings)]
    if settings.evaluation.retriever == "embeddings" or embedders[1] is not None:
        roles.append("embeddings")
    others = other_servers(
        settings,
        read_role_endpoints(settings, os.environ, roles),
        [RoleModel(settings.teacher.model), *filter(None, embedders)],
    )
    lane = read_lane_order("live", None, waits=True)
    folder = RunFolder(arguments.run)
    return RunOrder(
        folder,
        settings,
        endpoints,
        accepts_changes=False,
        retries_failed=False,
        lane=lane,
        others=others,
    )


def check_targets(*paths: Path) -> None:
    """Refuse files that cannot be written, before anything is done for them.

    Raises:
        ConfigError: there is no such folder, a folder is in the way, or two are the same file.
    """
    for path in paths:
        if not path.parent.is_dir():
            raise ConfigError(f"{path}: there is no folder {path.parent}; make it first")
        if path.is_dir():
            raise ConfigError(f"{path}: is a folder; name a file")
    if len({path.resolve() for path in paths}) < len(paths):
        raise ConfigError(f"{paths[0]}: is named twice; name a file for each")


def run_command(command: Callable[[], int]) -> None:
    """Run a command to its exit code; errors are shown as `distill` shows them."""
    report_errors(lambda: sys.exit(command()))
