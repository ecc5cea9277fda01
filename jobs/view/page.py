"""The page: one file with its own script and style, which nothing else may be added to."""

import base64
import hashlib
from html import escape
from importlib.resources import files
from typing import NamedTuple


class Page(NamedTuple):
    """The page and the policy that its server sends with it."""

    html: str
    policy: str


def make_page(title: str, mode: str) -> Page:
    """The page for a run called `title`. `mode`: view, review or label.

    The Content-Security-Policy names the hashes of its one script and one style sheet, and lets it
    ask its own server; nothing else may run, style or be loaded, and Trusted Types forbid to make
    markup of text. So a fault in the script would still show text as text.
    """
    script, style = _read("view.js"), _read("view.css")
    html = (
        _read("view.html")
        .replace("{{title}}", escape(title))
        .replace("{{mode}}", mode)
        .replace("{{style}}", style)
        .replace("{{script}}", script)
    )
    policy = (
        f"default-src 'none'; script-src '{_hash_source(script)}'; "
        f"style-src '{_hash_source(style)}'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'"
    )
    return Page(html, policy)


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash_source(text: str) -> str:
    """What a Content-Security-Policy calls an inline element (CSP level 3, hash-source)."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
