"""How an optional part of this project is installed, fitting how the project itself was."""

import json
import shlex
from importlib.metadata import PackageNotFoundError, distribution
from urllib.parse import unquote, urlsplit

DISTRIBUTION = "corpus-distill"


def install_command(extra: str) -> str:
    """The command that adds an extra: from the checkout that was installed, else by name."""
    return f"pip install {shlex.quote(f'{_source()}[{extra}]')}"


def _source() -> str:
    """The folder that pip installed the project from, as it noted (PEP 610); else its name."""
    try:
        noted = distribution(DISTRIBUTION).read_text("direct_url.json")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "."
    url = urlsplit(json.loads(noted)["url"]) if noted else None
    return unquote(url.path) if url is not None and url.scheme == "file" else DISTRIBUTION
