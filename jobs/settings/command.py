"""The settings of a command: its file or the run's own, the environment, its flags."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.run_folder import RunFolder
from jobs.settings.endpoints import read_endpoint_flags
from jobs.settings.resolve import (
    Layer,
    Tree,
    read_assignments,
    read_config_file,
    read_environment,
    resolve_settings,
    set_key,
)
from jobs.settings.run_config import read_run_config
from schemas.settings import RunSettings

Flags = Mapping[str, object]  # by setting; None: not given


def run_settings(
    folder: RunFolder, config: Path | None, flags: Flags, assignments: Sequence[str]
) -> RunSettings:
    """The settings of a run: without a file given, those that it was made with lie below.

    Raises:
        ConfigError: an unknown key or a wrong value.
    """
    below: list[Layer] = []
    if config is not None:
        below.append(read_config_file(config))
    elif (former := read_run_config(folder.config_path)) is not None:
        tree = former.settings.model_dump(mode="json", exclude_none=True)
        below.append(Layer(str(folder.config_path), tree))
    return _resolve([*below, read_environment(os.environ), _flag_layer(flags)], assignments)


def send_settings(
    config: Path | None, flags: Flags, endpoints: Sequence[str], assignments: Sequence[str]
) -> RunSettings:
    """The settings of `distill send`; an address given by a flag replaces all that were set.

    The output limits of its requests are what the user wants: replies that they cut off are kept.

    Raises:
        ConfigError: an unknown key or a wrong value.
    """
    below = [Layer("distill send", {"limits": {"retry_truncated": False}})]
    below += [read_config_file(config)] if config is not None else []
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
