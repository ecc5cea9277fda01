"""The page: one file with its own script and style, which nothing else may be added to."""

from html import escape
from typing import NamedTuple

from jobs.pages.inline import hash_source, read_script, read_text


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
    package = __package__
    script, style = read_script(package, "view.js"), read_text(package, "view.css")
    html = (
        read_text(package, "view.html")
        .replace("{{title}}", escape(title))
        .replace("{{mode}}", mode)
        .replace("{{style}}", style)
        .replace("{{script}}", script)
    )
    policy = (
        f"default-src 'none'; script-src '{hash_source(script)}'; "
        f"style-src '{hash_source(style)}'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'"
    )
    return Page(html, policy)
