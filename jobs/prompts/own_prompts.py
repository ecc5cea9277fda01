"""A user's own prompts: copied out to be edited, and checked before anything is sent with them."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template
from typing import NamedTuple

from engine.errors import ConfigError
from jobs.prompts import packaged_prompt, prompt_names
from jobs.prompts.small_tables import faults_of_table

MAX_BYTES = 100_000  # of a prompt; the largest of ours has a twentieth of it
SHOWN_COUNT = 5
USER_ENDING = "_user.md"  # of prompts whose $names are filled in
TABLE_ENDING = ".toml"  # of prompts of the small model


class CheckedPrompts(NamedTuple):
    """Own prompts that can be used: those that are not as this package has them, by name.

    `strays`: a line for each file beside them that is no prompt.
    """

    changed: Sequence[str]
    strays: Sequence[str]


def copy_prompts(folder: Path) -> list[str]:
    """Write the prompts that are not there yet; returns their names. None is overwritten.

    Raises:
        ConfigError: the folder cannot be written.
    """
    written = []
    try:
        for name in prompt_names():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.write_text(packaged_prompt(name) + "\n", encoding="utf-8")
                written.append(name)
    except OSError as error:
        raise ConfigError(f"{error.filename}: cannot be written: {error.strerror}") from error
    return written


def check_prompts(folder: Path) -> CheckedPrompts:
    """Which of the prompts in a folder are other than this package's, and what is no prompt.

    Raises:
        ConfigError: there is no such folder, or prompts are missing or of no use; names them.
    """
    if not folder.is_dir():
        raise ConfigError(
            f"prompts_dir: {folder} is no folder; `distill prompts --copy {folder}` makes it"
        )
    problems = [problem for name in prompt_names() if (problem := _problem(folder, name))]
    strays = list(_strays(folder))
    if problems:
        more = len(problems) - SHOWN_COUNT
        rest = [f"and {more} more"] if more > 0 else []
        advice = f"`distill prompts --copy {folder}` adds what is not there, and changes no file"
        raise ConfigError("\n".join([*problems[:SHOWN_COUNT], *rest, *strays, advice]))
    names = [name for name in prompt_names() if _read(folder / name) != packaged_prompt(name)]
    return CheckedPrompts(names, strays)


def _strays(folder: Path) -> Iterator[str]:
    """Files that are no prompt, the first of them: a file of a wrong name would not be used."""
    known = prompt_names()
    inside = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    shown = [path for path in inside if not any(part.startswith(".") for part in path.parts)]
    found = [path.as_posix() for path in shown if path.as_posix() not in known]
    for name in found[:SHOWN_COUNT]:
        near = difflib.get_close_matches(name, known, n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        yield f"{folder / name}: is not used: no prompt has this name{meant}"
    if (more := len(found) - SHOWN_COUNT) > 0:
        yield f"{folder}: and {more} more files that are no prompt"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig").strip()


def _problem(folder: Path, name: str) -> str:
    """What is wrong with a prompt; empty: nothing."""
    path = folder / name
    try:
        if path.stat().st_size > MAX_BYTES:
            return f"{path}: is larger than {MAX_BYTES:,} bytes: no prompt"
        text = _read(path)
    except FileNotFoundError:
        return f"{path}: is missing"
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        return f"{path}: is no UTF-8 text"
    if not text:
        return f"{path}: is empty"
    if text == packaged_prompt(name):  # as most of a copy are: to go through a table takes a while
        return ""
    return "; ".join(f"{path}: {fault}" for fault in _faults_of(name, text))


def _faults_of(name: str, text: str) -> Iterator[str]:
    if name.endswith(USER_ENDING):
        yield from _faults_of_template(packaged_prompt(name), text)
    elif name.endswith(TABLE_ENDING):
        yield from faults_of_table(name, text)


def _faults_of_template(ours: str, text: str) -> Iterator[str]:
    """A template holds the same $names: one that is missing would leave out what it stands for."""
    template = Template(text)
    if not template.is_valid():
        yield "has a $ that begins no name: write $$ for the sign itself"
        return
    found, wanted = set(template.get_identifiers()), set(Template(ours).get_identifiers())
    if missing := wanted - found:
        yield f"lacks {_dollared(missing)}"
    if unknown := found - wanted:
        yield f"has {_dollared(unknown)}, expected {_dollared(wanted)}"


def _dollared(names: set[str]) -> str:
    return ", ".join(f"${name}" for name in sorted(names))
