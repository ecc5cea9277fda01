"""Finds the text of a page: which parts hold it, and what of these is left out."""

from collections.abc import Mapping
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from jobs.documents.readers.html.left_out import (
    BACK_LINKS_CLASS,
    SHARING_CLASSES,
    TO_SOURCE_CLASSES,
    is_dropped,
    may_be_opened,
)
from jobs.documents.readers.html.prose import prose_count
from jobs.documents.readers.html.roles import as_code, shown_as
from jobs.documents.readers.html.searches import Searches, selector_of
from jobs.documents.readers.html.unseen import UNSEEN

NEVER_TEXT = ", ".join(  # their content is no text of the page, whatever it is
    (
        *("audio", "canvas", "datalist", "embed", "frame", "iframe", "object", "rp", "rt"),
        *("script", "select", "style", "svg", "video"),
        *("template:not([shadowrootmode])", "textarea:not([readonly])"),
    )
)
_LOOKED_AT: Searches = {
    **dict.fromkeys(
        (
            *("main", "article", "nav", "search", "header", "footer", "aside", "form", "button"),
            *("dialog", "noscript", "[hidden]", '[aria-hidden="true"]', "[role]"),
            *(
                '[style*="-999"]',
                '[style*="hidden" i]',
                '[style*="display" i]',
                '[style*="white-space" i]',
            ),
            *('[epub\\:type~="pagebreak"]', 'a[href^="#"]', 'a[href*=".xhtml#"]'),
            ':is(h1, h2, h3, h4, h5, h6) a[href*="#"]',
        ),
        "",
    ),
    **{  # any of the classes: fewer selectors than classes, as each takes its time
        f'[class*="{part}"]': part
        for part in (
            *("nav", "breadcrumb", "linen", "-num", "sidebar", "header", "menu", "mw-"),
            *("viewcode-", "line-no"),
        )
    },
    **{
        f".{name}": name
        for name in (
            "ln",
            "lnt",
            "pager",
            "pagination",
            "related",
            "gutter",
            "skip-link",
            "hideme",
            "backrefs",
            *SHARING_CLASSES,
        )
    },
    **{f"a.{name}": name for name in TO_SOURCE_CLASSES},
    f"span.{BACK_LINKS_CLASS}": BACK_LINKS_CLASS,
    **UNSEEN,
}
_MAIN_ROLE = "role main"
_MAIN = (("main", 0.2), (_MAIN_ROLE, 0.2), ("article", 0.5))  # of words that are no links
_OPENING = {
    **{
        name: f"[{name}]" for name in ("aria-controls", "data-target", "data-bs-target", "data-tab")
    },
    "href": 'a[href^="#"]',
}
_MAX_ASKED = 500  # of a page: each takes as long as it is large
_MAX_DEPTH_ASKED = 16  # headers within headers: for the same reason
DROPPED = ""


class Content(NamedTuple):
    """The parts of a page that hold its text, in order.

    `tags`: by `mem_id`, what an element is shown as that is not shown as what it is; `DROPPED` if
    it is left out. `names`: what such elements are.
    """

    roots: list[LexborNode]
    tags: dict[int, str]
    names: set[str]


def find_content(body: LexborNode, classes: bytes | None) -> Content:
    """What of a page is text: the whole `body` but for what is dropped if no part is marked.

    `classes` are those that `classes_of` has told.
    """
    seen: set[int] = set()
    tags: dict[int, str] = {}
    names: set[str] = set()
    depths: dict[int, int] = {}  # of what is looked at, directly within each other
    openers = _Openers(body)
    marked: dict[str, list[LexborNode]] = {name: [] for name, _ in _MAIN}
    for node in body.css(selector_of(_LOOKED_AT, classes)):  # once: it takes the whole tree
        mem_id = node.mem_id
        if mem_id in seen:
            continue
        seen.add(mem_id)
        tag, attributes = node.tag or "", node.attributes
        if tag in marked:
            marked[tag].append(node)
        if attributes.get("role") == "main":
            marked[_MAIN_ROLE].append(node)
        above = node.parent
        if above is not None and tags.get(above.mem_id) == DROPPED:
            tags[mem_id] = DROPPED  # not looked at: that takes as long as it is large
            continue
        depth = depths[mem_id] = depths.get(above.mem_id, 0) + 1 if above is not None else 1
        if depth <= _MAX_DEPTH_ASKED and openers.leave_out(node, tag, attributes):
            tags[mem_id] = DROPPED
        elif ("role" in attributes or "style" in attributes) and (
            other := shown_as(tag, attributes) or as_code(node, tag, attributes)
        ):
            tags[mem_id] = other
        else:
            continue
        names.add(tag)
    return Content(_roots(body, marked), tags, names)


class _Openers:
    """What of a page says that it shows another part: tabs, questions."""

    def __init__(self, body: LexborNode) -> None:
        self._body = body
        self._ids: set[str] | None = None
        self._asked_count = 0

    def leave_out(self, node: LexborNode, tag: str, attributes: dict[str, str | None]) -> bool:
        """Whether an element is no text of the page, and nothing of it shows it."""
        return is_dropped(node, tag, attributes) and not self._open(node, attributes)

    def _open(self, node: LexborNode, attributes: Mapping[str, str | None]) -> bool:
        """Whether a hidden element is shown as soon as somebody asks for it."""
        own_id = attributes.get("id")
        if not own_id or self._asked_count >= _MAX_ASKED:
            return False
        self._asked_count += 1
        if not may_be_opened(node, attributes):
            return False
        if self._ids is None:
            self._ids = {
                (found.attributes.get(name) or "").removeprefix("#")
                for name, selector in _OPENING.items()
                for found in self._body.css(selector)
            }
        return own_id in self._ids


def _roots(body: LexborNode, marked: dict[str, list[LexborNode]]) -> list[LexborNode]:
    for name, min_share in _MAIN:
        found = marked[name]
        if len(found) == 1 and _is_most_of(found[0], body, min_share):
            return [*_title_before(found[0], body), found[0]]
    return [body]


def _is_most_of(part: LexborNode, body: LexborNode, min_share: float) -> bool:
    if 2 * len(part.text()) >= len(body.text()):
        return True
    return prose_count(part) >= min_share * prose_count(body)


def _title_before(main: LexborNode, body: LexborNode) -> list[LexborNode]:
    """The page's heading, where it stands apart from the text that it is the heading of."""
    found = body.css("h1")
    if len(found) == 1 and main.css_first("h1") is None and found[0].text(strip=True):
        return found
    return []
