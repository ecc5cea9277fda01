"""The config.toml of a run: the settings it was made with, kept beside its results."""

import tomllib
import uuid
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import ValidationError

from engine.errors import ConfigError, DamagedLogError
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from jobs.prompts import prompt_hashes
from jobs.settings.explain import describe_problems
from jobs.settings.former_defaults import with_former_defaults, with_present_names
from jobs.settings.resolve import setting_keys
from jobs.settings.roles import rows_judge
from schemas.record import Value
from schemas.settings import FORMAT_VERSION, RunIdentity, RunSettings

DISTRIBUTION = "corpus-distill"
WITHOUT_CONFIG = (
    "`distill run` with --accept-changes, and with the settings as they were, then makes all "
    "results again from the journal, and asks only what is not there"
)
HEADER = b"# Written by distill. Give other settings by flags, the environment or --config.\n"


class RunConfig(Value):
    """Who a run is and what it depends on."""

    run: RunIdentity
    settings: RunSettings


def new_run_config(settings: RunSettings) -> RunConfig:
    """The config of a run that begins now, with this version's prompts."""
    identity = RunIdentity(
        format_version=FORMAT_VERSION,
        version=_own_version(),
        run_id=uuid.uuid4().hex,
        prompts=prompt_hashes(),
        judge=rows_judge(settings),
    )
    return RunConfig(run=identity, settings=settings)


def with_settings(config: RunConfig, settings: RunSettings) -> RunConfig:
    """The same run under these settings and this version's prompts."""
    now = {"prompts": prompt_hashes(), "judge": rows_judge(settings)}
    identity = config.run.model_copy(update=now)
    return RunConfig(run=identity, settings=settings)


def read_run_config(path: Path) -> RunConfig | None:
    """The config of a run; None where there is none yet.

    Raises:
        ConfigError: it was written by a newer version.
        DamagedLogError: it is not what distill writes.
    """
    if not path.exists():
        return None
    try:
        tree: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        _refuse_newer(path, tree)
        identity = tree.pop("run")
        tree = with_former_defaults(with_present_names(tree))
        return RunConfig(run=identity, settings=RunSettings.model_validate(tree))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _damaged(path, str(error)) from error
    except KeyError as error:
        raise _damaged(path, "it has no table [run]") from error
    except ValidationError as error:
        raise _damaged(path, "; ".join(describe_problems(error, list(setting_keys())))) from error


def refuse_lost_config(folder: RunFolder) -> None:
    """Refuse to begin anew where results are that were made with settings that are lost.

    Raises:
        DamagedLogError: there are some; says what can be done.
    """
    finished = folder.finished_dir.glob("*.jsonl")
    made = (folder.journal_path, folder.batches_path, *finished)
    if any(path.exists() and path.stat().st_size for path in made):
        raise DamagedLogError(
            f"{folder.config_path}: is gone, and with it the settings that the run was made with. "
            f"Restore it from a backup, or go on without it: {WITHOUT_CONFIG}"
        )


def require_run(run_dir: Path) -> RunFolder:
    """The folder of a run that has begun.

    Raises:
        ConfigError: there is none.
    """
    folder = RunFolder(run_dir)
    if not folder.is_begun:
        raise _no_run(run_dir)
    return folder


def require_run_id(path: Path) -> str:
    """The name of a run that there is.

    Raises:
        ConfigError: there is none yet; and what `read_run_config` raises.
    """
    return require_run_config(path).run.run_id


def require_run_config(path: Path) -> RunConfig:
    """What `path` holds.

    Raises:
        ConfigError: there is none yet; and what `read_run_config` raises.
    """
    config = read_run_config(path)
    if config is None:
        raise _no_run(path.parent)
    return config


def _no_run(run_dir: Path) -> ConfigError:
    return ConfigError(f"{run_dir}: there is no run here; `distill run {run_dir}` begins one")


def _damaged(path: Path, why: str) -> DamagedLogError:
    return DamagedLogError(
        f"{path}: is not the config of a run: {why}. It is written by distill alone: restore it "
        f"from a backup, or remove it: {WITHOUT_CONFIG}. A file of settings goes elsewhere and is "
        "given with --config"
    )


def write_run_config(path: Path, config: RunConfig) -> None:
    """Replace the config of a run in one step; from here on it is one of this version's."""
    tree = config.settings.model_dump(mode="json", exclude_none=True)
    tree["run"] = {
        **config.run.model_dump(mode="json"),
        "format_version": FORMAT_VERSION,
        "version": _own_version(),
    }
    replace_file(path, (HEADER + tomli_w.dumps(tree).encode()).rstrip(b"\n").split(b"\n"))


@cache
def _own_version() -> str:
    return version(DISTRIBUTION)


def _refuse_newer(path: Path, tree: dict[str, Any]) -> None:
    run = tree.get("run")
    found = run.get("format_version") if isinstance(run, dict) else None
    if isinstance(found, int) and found > FORMAT_VERSION:
        raise ConfigError(
            f"{path}: the run has format {found}, this version knows formats up to "
            f"{FORMAT_VERSION}; install a newer {DISTRIBUTION}"
        )
