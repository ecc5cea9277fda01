"""The texts that are sent to models: one file per use, identified by content hash.

Those of this package, or a user's own from the folder that `use_prompts` was given.
"""

from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from schemas.record import content_id

_OWN: ContextVar[Path | None] = ContextVar("own prompts", default=None)


def use_prompts(folder: Path | None) -> None:
    """Read prompts from a folder that was checked, from here on in this context; None: ours."""
    _OWN.set(folder)


def read_prompt(name: str) -> str:
    """The text of the prompt file `name` (with its ending), without white space at its ends."""
    return _read(name, _OWN.get())


def packaged_prompt(name: str) -> str:
    """The same of this package's own."""
    return _read(name, None)


def prompt_names() -> list[str]:
    """All prompts, each of which may be replaced by one's own, in order of their names."""
    return list(_packaged_names())


def prompt_hashes() -> dict[str, str]:
    """Content hash by file name, of all prompt files of the dataset, in order of their names."""
    names = (name for name in _packaged_names() if "/" not in name)
    return {name: content_id("prompt", read_prompt(name)) for name in names}


@cache
def _packaged_names() -> tuple[str, ...]:
    return tuple(sorted(_names(files(__name__))))


@cache
def _read(name: str, folder: Path | None) -> str:
    if folder is not None:
        return (folder / name).read_text(encoding="utf-8-sig").strip()
    return files(__name__).joinpath(name).read_text(encoding="utf-8").strip()


def _names(folder: Traversable, prefix: str = "") -> Iterator[str]:
    for each in folder.iterdir():
        if each.is_dir() and each.name != "__pycache__":
            yield from _names(each, f"{each.name}/")
        elif each.is_file() and each.name.endswith((".md", ".toml")):
            yield prefix + each.name
