"""The texts that are sent to models: one file per use, identified by content hash."""

from functools import cache
from importlib.resources import files

from schemas.record import content_id


@cache
def read_prompt(name: str) -> str:
    """The text of the prompt file `name` (with its ending), without white space at its ends."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8").strip()


def prompt_hashes() -> dict[str, str]:
    """Content hash by file name, of all prompt files, in order of their names."""
    names = sorted(
        file.name
        for file in files(__name__).iterdir()
        if file.is_file() and not file.name.endswith((".py", ".pyc"))
    )
    return {name: content_id("prompt", read_prompt(name)) for name in names}
