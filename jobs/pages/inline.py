"""Scripts and styles as they stand in a page, and what its Content-Security-Policy calls them."""

import base64
import hashlib
from importlib.resources import files


def read_script(package: str, name: str) -> str:
    """The script `name` of a package, behind the one that every page begins with."""
    return f"{read_text(__package__, 'elements.js')}{read_text(package, name)}"


def read_text(package: str, name: str) -> str:
    """A file of a package."""
    return files(package).joinpath(name).read_text(encoding="utf-8")


def hash_source(text: str) -> str:
    """What a Content-Security-Policy calls an inline element (CSP level 3, hash-source)."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
