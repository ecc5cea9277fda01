"""Settings from defaults, a TOML file, the environment and flags, each overriding the former."""

import copy
import re
import tomllib
import types
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from engine.errors import ConfigError
from jobs.settings.explain import explain, suggest
from jobs.settings.former_defaults import FORMER_NAMES, with_present_names
from jobs.settings.known_traps import fill_output_limits
from jobs.settings.show_value import as_toml
from schemas.settings import RunSettings, TeacherSettings

ENV_PREFIX = "DISTILL_"
BASE_URL_VARIABLE = "OPENAI_BASE_URL"
API_KEY_VARIABLE = "OPENAI_API_KEY"

FOLDERS = ("documents_dir", "prompts_dir")  # a relative one is made absolute
DEFAULT_PROVIDER = TeacherSettings().provider

Tree = dict[str, Any]

_KEY_PART = re.compile(r"""([^."']+)|"([^"]*)"|'([^']*)'""")
_ASSIGNMENT = re.compile(r"""(?P<key>(?:[^="']|"[^"]*"|'[^']*')+?)\s*=(?P<value>.*)""", re.DOTALL)


class Layer(NamedTuple):
    """Settings from one source: a tree like the TOML file's, and the source's name in messages."""

    source: str
    tree: Tree


def resolve_settings(layers: Sequence[Layer]) -> RunSettings:
    """The settings that the layers give together; a later layer wins key by key.

    Below a layer that names another provider lie that provider's defaults
    (teacher_defaults.toml), above what was set for the former one. Names of earlier versions are
    read as those of today. Output limits that no layer names depend on whether the models reason. A
    relative folder is relative to the working directory of this call.

    Raises:
        ConfigError: an unknown key or a wrong value; says where, what was found and expected.
    """
    layers = [Layer(layer.source, with_present_names(layer.tree)) for layer in layers]
    for layer in layers:
        _check_sections(layer)
    try:
        merged = _merge_all(layers)
        fill_output_limits(merged)
        settings = RunSettings.model_validate(merged)
    except ValidationError as error:
        source_of = partial(_source_of, layers=layers)
        raise ConfigError(explain(error, source_of, list(setting_keys()))) from error
    folders = {key: getattr(settings, key) for key in FOLDERS}
    absolute = {key: _with_home(key, path).resolve() for key, path in folders.items() if path}
    return settings.model_copy(update=absolute)


def read_config_file(path: Path) -> Layer:
    """The layer of a TOML file; a relative folder in it is relative to the file.

    Raises:
        ConfigError: the file cannot be read or is not TOML.
    """
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: is not a TOML file: {error}") from error
    for key in FOLDERS:
        if isinstance(folder := tree.get(key), str):
            tree[key] = str(path.parent.resolve() / _with_home(key, Path(folder)))
    return Layer(str(path), with_present_names(tree))


def read_environment(environment: Mapping[str, str]) -> Layer:
    """The layer of DISTILL_SECTION_KEY variables and OPENAI_BASE_URL.

    Raises:
        ConfigError: a DISTILL_ variable names no setting.
    """
    keys = [*setting_keys(), *FORMER_NAMES]
    names = {ENV_PREFIX + key.replace(".", "_").upper(): key for key in keys}
    tree: Tree = {}
    if base_url := environment.get(BASE_URL_VARIABLE):
        set_key(tree, "teacher.base_url", base_url)
    for name, value in sorted(environment.items()):
        if not name.startswith(ENV_PREFIX):
            continue
        if name not in names:
            raise ConfigError(
                f"environment variable {name} names no setting{suggest(name, list(names))}"
            )
        set_key(tree, names[name], value)
    return Layer("the environment", tree)


def read_assignments(assignments: Sequence[str]) -> Layer:
    """The layer of `--set section.key=value` flags; values are TOML, or else plain text.

    No value (`limit_chunks=`) unsets what has no default.

    Raises:
        ConfigError: one of them is not an assignment.
    """
    tree: Tree = {}
    for assignment in assignments:
        found = _ASSIGNMENT.fullmatch(assignment)
        if found is None:
            raise ConfigError(f"--set {assignment!r}: expected section.key=value")
        set_key(tree, found["key"], _toml_value(found["value"].strip()))
    return Layer("--set", tree)


def set_key(tree: Tree, key: str, value: object) -> None:
    """Put `value` at a dotted key; a name in quotes may hold dots (`prices."my.model".input`)."""
    *sections, name = _split_key(key)
    for section in sections:
        tree = tree.setdefault(section, {})
        if not isinstance(tree, dict):
            raise ConfigError(f"{key}: {section} was given a value of its own before")
    tree[name] = value


def value_at(tree: Tree, key: str) -> object:
    """The value at a dotted key, None if there is none."""
    value: object = tree
    for name in _split_key(key):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def names(tree: Tree, key: str) -> bool:
    """Whether a tree has anything at a dotted key."""
    return value_at(tree, key) is not None


def remove_key(tree: Tree, key: str) -> None:
    """Take the value at a dotted key out of a tree that has its sections."""
    section, _, name = key.rpartition(".")
    inner = value_at(tree, section)
    if isinstance(inner, dict):
        inner.pop(name, None)


def setting_keys() -> Iterator[str]:
    """All dotted keys of the settings, in order; a table of free names counts as one key."""
    return (key for key, _ in setting_fields())


@cache
def setting_fields() -> Sequence[tuple[str, FieldInfo]]:
    """All settings by dotted key, in order, with what stands at each."""
    return tuple(_fields_of(RunSettings, ""))


def _fields_of(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        section = _section(field.annotation)
        if section is None:
            yield prefix + name, field
        else:
            yield from _fields_of(section, f"{prefix}{name}.")


def _split_key(key: str) -> list[str]:
    parts = _KEY_PART.findall(key)
    return [bare or double or single for bare, double, single in parts]


def _with_home(key: str, folder: Path) -> Path:
    try:
        str(folder).encode()  # config.toml is UTF-8
        return folder.expanduser()
    except UnicodeEncodeError as error:
        raise ConfigError(f"{key}: {str(folder)!r} is not UTF-8: rename it") from error
    except RuntimeError as error:
        raise ConfigError(f"{key}: {folder}: there is no such user") from error


def _section(annotation: object) -> type[BaseModel] | None:
    if get_origin(annotation) in (Union, types.UnionType):
        return next((part for part in map(_section, get_args(annotation)) if part), None)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return None


def _check_sections(layer: Layer) -> None:
    """Refuse `teacher = "a model"`: it would take away what other layers have in that table."""
    for name, field in RunSettings.model_fields.items():
        value = layer.tree.get(name, {})
        if _section(field.annotation) is not None and not isinstance(value, dict):
            raise ConfigError(
                f"{layer.source}: {name}: expected a table of names and values, "
                f"found {as_toml(value)}"
            )


@cache
def _read_teacher_defaults() -> Tree:
    return tomllib.loads(files(__package__).joinpath("teacher_defaults.toml").read_text("utf-8"))


def _merge_all(layers: Sequence[Layer]) -> Tree:
    defaults = _read_teacher_defaults()
    provider: str = DEFAULT_PROVIDER
    merged: Tree = copy.deepcopy(defaults[provider])
    for layer in layers:
        named = _provider_of(layer.tree, provider)
        if named != provider:
            _remove(merged, defaults.get(provider, {}))
            _merge(merged, defaults.get(named, {}))
            provider = named
        _merge(merged, layer.tree)
    return merged


def _provider_of(tree: Tree, otherwise: str) -> str:
    match tree:
        case {"teacher": {"provider": str(provider)}}:
            return provider
    return otherwise


def _remove(tree: Tree, keys: Tree) -> None:
    """Take the keys of `keys` out of `tree`, at every level."""
    for name, inner in keys.items():
        if not isinstance(inner, dict):
            tree.pop(name, None)
        elif isinstance(tree.get(name), dict):
            _remove(tree[name], inner)


def _merge(into: Tree, tree: Tree) -> None:
    for name, value in tree.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = copy.deepcopy(value)


def _toml_value(text: str) -> object:
    if not text:
        return None
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _source_of(location: tuple[int | str, ...], *, layers: Sequence[Layer]) -> str:
    for layer in reversed(layers):
        tree: object = layer.tree
        for part in location:
            if isinstance(part, int):
                return layer.source  # an entry of a list, which comes whole from one layer
            if not isinstance(tree, dict) or part not in tree:
                break
            tree = tree[part]
        else:
            return layer.source
    return "settings"
