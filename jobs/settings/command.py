"""The settings of a command: its file or the run's own, the environment, its flags."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.run_folder import RunFolder
from jobs.prompts import use_prompts
from jobs.settings.endpoints import read_endpoint_flags
from jobs.settings.resolve import (
    Layer,
    Tree,
    names,
    read_assignments,
    read_config_file,
    read_environment,
    remove_key,
    resolve_settings,
    set_key,
    setting_keys,
    value_at,
)
from jobs.settings.roles import ROLE_NAMES
from schemas.settings import RunSettings

USUAL_CONFIG = Path("distill.toml")  # what `distill init` writes; in the current folder
FREE_TABLES = (  # of names that a user is free to choose
    "questions.kind_weights",
    *(f"{role}.parameters" for role in ("teacher", *ROLE_NAMES)),
)
DEFAULTS_FOLLOW = ("provider", "model", "parameters")  # of the teacher: other defaults for others

_log = logging.getLogger(__name__)

Flags = Mapping[str, object]  # by setting; None: not given


def run_settings(
    folder: RunFolder, config: Path | None, flags: Flags, assignments: Sequence[str]
) -> RunSettings:
    """The settings of a run: what it remembers lies below the file, the environment and flags.

    What it remembers and the file does not name stays, and is named.

    Raises:
        ConfigError: an unknown key or a wrong value.
    """
    from jobs.settings.run_config import read_run_config  # `distill send` has no run

    given = _read_file(config)
    former = read_run_config(folder.config_path)
    below = [_remembered(folder, former.settings, given)] if former is not None else []
    layers = [*below, *given, read_environment(os.environ), _flag_layer(flags)]
    return _with_prompts(_resolve(layers, assignments))


def _read_file(config: Path | None) -> list[Layer]:
    """The file that a flag names, or else distill.toml of the current folder, which is then named.

    An address in it is named too: that is where the key goes.
    """
    if config is not None:
        return [read_config_file(config)]
    if not USUAL_CONFIG.is_file():
        return []
    layer = read_config_file(USUAL_CONFIG)
    base_url = value_at(layer.tree, "teacher.base_url")
    address = f" (teacher.base_url is {base_url})" if base_url else ""
    _log.info("settings are read from %s%s", USUAL_CONFIG.resolve(), address)
    return [layer]


def _remembered(folder: RunFolder, settings: RunSettings, given: Sequence[Layer]) -> Layer:
    """The run's own settings; a table of names that a file gives takes the place of the run's."""
    tree = settings.model_dump(mode="json", exclude_none=True)
    for layer in given:
        for table in FREE_TABLES:
            if value_at(layer.tree, table) is not None:
                remove_key(tree, table)
        kept = sorted(_set_apart(tree) - {key for key in setting_keys() if names(layer.tree, key)})
        if kept:
            _log.info(
                "%s: stay as they are, since %s does not name them: %s (--set KEY=VALUE changes "
                "one, --set KEY= unsets it)",
                folder.config_path,
                layer.source,
                ", ".join(kept),
            )
    return Layer(str(folder.config_path), tree)


def _set_apart(tree: Tree) -> set[str]:
    """The keys whose values are not the defaults of their provider and its model."""
    given = {name: value_at(tree, f"teacher.{name}") for name in DEFAULTS_FOLLOW}
    teacher = {name: value for name, value in given.items() if value is not None}
    usual = resolve_settings([Layer("", {"teacher": teacher})])
    defaults = usual.model_dump(mode="json")
    return {
        key
        for key in setting_keys()
        if value_at(tree, key) is not None and value_at(tree, key) != value_at(defaults, key)
    }


def flag_settings(config: Path | None, flags: Flags, assignments: Sequence[str]) -> RunSettings:
    """The settings of a command that belongs to no run: a file, the environment and flags.

    Raises:
        ConfigError: an unknown key or a wrong value.
    """
    given = [read_config_file(config)] if config is not None else []
    layers = [*given, read_environment(os.environ), _flag_layer(flags)]
    return _with_prompts(_resolve(layers, assignments))


def _with_prompts(settings: RunSettings) -> RunSettings:
    """The same settings, once their prompts are checked and in use; which are own ones is said."""
    folder = settings.prompts_dir
    if folder is not None:
        from jobs.prompts.own_prompts import check_prompts

        checked = check_prompts(folder)
        changed = ", ".join(checked.changed) or "none"
        _log.info("prompts are read from %s; other than this version's: %s", folder, changed)
        for stray in checked.strays:
            _log.warning("%s", stray)
    use_prompts(folder)
    return settings


def send_settings(
    config: Path | None, flags: Flags, endpoints: Sequence[str], assignments: Sequence[str]
) -> RunSettings:
    """The settings of `distill send`; an address given by a flag replaces all that were set.

    The output limits of its requests are what the user wants: replies that they cut off are kept.

    Raises:
        ConfigError: an unknown key or a wrong value.
    """
    below = [Layer("distill send", {"limits": {"retry_truncated": False}})]
    below += _read_file(config)
    layers = [*below, read_environment(os.environ), _flag_layer(flags)]
    return _resolve([*layers, read_endpoint_flags(endpoints)], assignments)


def _resolve(layers: Sequence[Layer], assignments: Sequence[str]) -> RunSettings:
    return resolve_settings([*layers, read_assignments(assignments)])


def _flag_layer(flags: Flags) -> Layer:
    given: Tree = {}
    for key, value in flags.items():
        if value is not None:
            set_key(given, key, value)
    return Layer("command line", given)
