"""Searches of a page: a selector of a class that no element of the page has is left out."""

import re
from collections.abc import Mapping

Searches = Mapping[str, str]  # by CSS selector, what its class has in it; empty: it has none

_ATTRIBUTE = b"class="
_CLASS = re.compile(rb"""class=("[^"]*"|'[^']*')""")
_IN_DOUBT = (b"class =", b"class\n=")


def classes_of(markup: bytes) -> bytes | None:
    """The classes of a page, in small letters; None if they cannot be told for sure."""
    markup = markup.lower()
    found = _CLASS.findall(markup)
    if markup.count(_ATTRIBUTE) != len(found) or any(doubt in markup for doubt in _IN_DOUBT):
        return None
    classes = b" ".join(set(found))
    return None if b"&" in classes else classes


def selector_of(searches: Searches, classes: bytes | None) -> str:
    """One selector for those of `searches` that may find something."""
    if classes is None:
        return ", ".join(searches)
    return ", ".join(
        selector for selector, part in searches.items() if not part or part.encode() in classes
    )
