"""Searches of a page for what its tags name: a selector that cannot find anything is left out."""

import re
from collections.abc import Iterable, Mapping

Searches = Mapping[str, tuple[str, ...]]  # by CSS selector, what tags have where it finds something

_TAG = re.compile(rb"<[a-zA-Z][\w:.-]*(?:[\s/][^>]*)?(?=>)")


def tags_of(markup: bytes) -> bytes | None:
    """The tags of a page, each once, in small letters; None if they cannot be told for sure."""
    found = set(_TAG.findall(markup))
    tags = b">".join(found).lower()
    if b"&#" in tags or any(map(_is_open, found)):
        return None
    return tags


def selector_of(searches: Searches, tags: bytes | None) -> str:
    """One selector for those of `searches` that may find something; empty if there are none."""
    if tags is None:
        return ", ".join(searches)
    return ", ".join(_possible(searches, tags))


def _possible(searches: Searches, tags: bytes) -> Iterable[str]:
    known: dict[str, bool] = {}
    for selector, words in searches.items():
        for word in words:
            if word not in known:
                known[word] = word.encode() in tags
            if not known[word]:
                break
        else:
            yield selector


def _is_open(tag: bytes) -> bool:
    """Whether a quotation does not end: then the tag may go on behind a `>` in it."""
    return tag.count(b'"') % 2 == 1 or (b"='" in tag and tag.count(b"'") % 2 == 1)
