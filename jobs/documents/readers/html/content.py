"""Tells the text of a page from its menus, its controls and what is not displayed."""

import re
from collections.abc import Callable
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from jobs.documents.readers.html.prose import (
    has_sentence,
    is_beside_words,
    is_mostly_links,
    prose_count,
    word_count,
)
from jobs.documents.readers.html.roles import shown_as

NEVER_TEXT = (  # their content is no text of the page, whatever it is
    *("audio", "canvas", "datalist", "embed", "frame", "iframe", "object", "rp", "rt", "script"),
    *(
        "select",
        "style",
        "svg",
        "template:not([shadowrootmode])",
        "textarea:not([readonly])",
        "video",
    ),
)
_ROLES = {  # WAI-ARIA: the role says what the tag would
    "navigation": "nav",
    "search": "search",
    "banner": "header",
    "contentinfo": "footer",
    "complementary": "aside",
    **dict.fromkeys(("doc-pagebreak", "pagebreak"), "pagebreak"),  # its number in print
}
_DROPPED_CLASSES = (
    *("navheader", "navfooter", "docnav", "sphinxsidebar", "linenos", "lineno", "linenodiv"),
    *("mw-editsection", "gutter", "hljs-ln-numbers", "line-numbers-rows", "headerlink"),
    *("skip-link", "mw-cite-backlink"),
)
_LINE_NUMBER_CLASSES = (  # of lines of code, if they hold numbers alone
    *("crayon-nums", "linenr", "linenumber", "linenumbers", "line-number", "line-numbers"),
    *("line-num", "ln", "lnt", "code-lineno"),
)
_MENU_CLASSES = (  # if they are mostly links
    *("breadcrumb", "breadcrumbs", "header", "menu", "nav", "nav-panel", "navbar", "navigation"),
    *("pager", "pagination", "related", "sidebar"),
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_ANY_HEADING = ", ".join(_HEADINGS)
_WITH_CLASSES = (  # any of these: fewer selectors than classes, as each takes its time
    *('[class*="nav"]', '[class*="breadcrumb"]', '[class*="linen"]', '[class*="-num"]', ".ln"),
    *(".lnt", '[class*="sidebar"]', ".pager", ".pagination", '[class*="header"]', ".related"),
    *('[class*="menu"]', ".gutter", ".skip-link", '[class*="mw-"]'),
)
_LOOKED_AT = ", ".join(
    (
        *("main", "article"),
        *("[hidden]", '[aria-hidden="true"]', '[style*="hidden" i]'),
        *("nav", "search", "header", "footer", "aside", "form", "button", "dialog"),
        *("noscript", '[epub\\:type~="pagebreak"]'),
        *(
            'a[href^="#"]',
            ':is(h1, h2, h3, h4, h5, h6) a[href*="#"]',
            "[role]",
            '[style*="display" i]',
        ),
        *_WITH_CLASSES,
    )
)
_LINE_NUMBERS = frozenset(_LINE_NUMBER_CLASSES)
_DROPPED = frozenset(_DROPPED_CLASSES)
_MENUS = frozenset(_MENU_CLASSES)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_OPENED = re.compile(  # hidden until somebody chooses it: a tab, the answer under a question
    r"(?<![a-z])(tabs?|tab-?panels?|panels?|panes?|accordion|collaps\w*|toggle\w*|expand\w*"
    r"|spoiler|answer|faq|details|content)(?![a-z])",
    re.IGNORECASE,
)
_MENU = re.compile(
    r"(?<![a-z])(toc|nav|navigation|menu|sidebar|related|share|social|promo|advert|ads?"
    r"|newsletter|breadcrumbs?)(?![a-z])",
    re.IGNORECASE,
)
_IMPRINT = re.compile(
    r"©|copyright|all rights|privacy|cookie|powered by|created using|generated|last (?:updated"
    r"|modified|changed)|licen[sc]ed?|imprint|terms of",
    re.IGNORECASE,
)
_NOTES = re.compile(r"foot-?note|end-?note|reference", re.IGNORECASE)
_CALLOUT = re.compile(
    r"admonition|callout|alert|note|warning|caution|topic|(?<![a-z])tip(?![a-z])", re.IGNORECASE
)
_QUESTION = re.compile(r"accordion|collaps|faq|question|tab(?![a-z])|summary", re.IGNORECASE)
_NUMBERS = re.compile(r"[\s.:|]*\d[\s\d.:|]*")
_NO_SCRIPT = re.compile(r"script|browser|cookie", re.IGNORECASE)
_PERMALINKS = frozenset({"¶", "#", "§", "🔗", "", "\u200b"})
_BACK_LINKS = frozenset({"↩", "↩︎", "↑", "^", "⏎", "⬆", "↵"})
_TEXT_BLOCKS = "p, h1, h2, h3, h4, table, pre, li, dl, blockquote"
_SECTIONS = frozenset({"main", "article", "section", "blockquote", "figure", "li", "details"})
_SENTENCES = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "p", "dt", "dd", "summary", "td"})
_MIN_WORDS = 12  # of what is no link: fewer are a menu's, a form's or a footer's own
_MIN_BUTTON_WORDS = 4
_MIN_OPENED_WORDS = 3  # fewer are a sign that something opens
_MAIN_ROLE = "role main"
_MAIN = (("main", 0.2), (_MAIN_ROLE, 0.2), ("article", 0.5))  # of words that are no links
_MAX_STEPS_UP = 6
DROPPED = ""


class Content(NamedTuple):
    """The parts of a page that hold its text, in order.

    `tags`: by `mem_id`, what an element is shown as that is not shown as what it is; `DROPPED` if
    it is left out.
    """

    roots: list[LexborNode]
    tags: dict[int, str]


def find_content(body: LexborNode) -> Content:
    """What of a page is text: the whole `body` but for what is dropped if no part is marked."""
    seen: set[int] = set()
    tags: dict[int, str] = {}
    marked: dict[str, list[LexborNode]] = {name: [] for name, _ in _MAIN}
    for node in body.css(_LOOKED_AT):  # once: each search goes through the whole tree
        mem_id = node.mem_id
        if mem_id in seen:
            continue
        seen.add(mem_id)
        tag, attributes = node.tag or "", node.attributes
        if tag in marked:
            marked[tag].append(node)
        if attributes.get("role") == "main":
            marked[_MAIN_ROLE].append(node)
        if _is_dropped(node, tag, attributes):
            tags[mem_id] = DROPPED
        elif other := shown_as(tag, attributes):
            tags[mem_id] = other
    return Content(_roots(body, marked), tags)


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


def _is_dropped(node: LexborNode, tag: str, attributes: dict[str, str | None]) -> bool:
    classes = (attributes.get("class") or "").split()
    if not _DROPPED.isdisjoint(classes) or _is_hidden(node, attributes):
        return True
    if not _LINE_NUMBERS.isdisjoint(classes) and _NUMBERS.fullmatch(node.text()):
        return True
    if not _MENUS.isdisjoint(classes) and is_mostly_links(node):
        return True
    if tag == "a":
        return _is_mark(node, attributes)
    role = attributes.get("role") or attributes.get("epub:type") or ""
    rule = _RULES.get(_ROLES.get(role, tag))
    return rule is not None and rule(node)


def _is_hidden(node: LexborNode, attributes: dict[str, str | None]) -> bool:
    style = attributes.get("style")
    is_hidden = (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or (style is not None and _HIDDEN.search(style) is not None)
    )
    if not is_hidden or attributes.get("hidden") == "until-found":
        return False
    if attributes.get("role") == "tabpanel":
        return False
    if _OPENED.search(_marks(node)) and word_count(node) >= _MIN_OPENED_WORDS:
        return is_mostly_links(node)
    if "katex-html" in (attributes.get("class") or ""):
        return not _is_alone(node)
    return node.css_first("math") is None  # shown as a picture, for want of fonts


def _is_alone(formula: LexborNode) -> bool:
    """Whether what is shown of a formula is all that there is of it: no MathML beside it."""
    beside = (formula.prev, formula.next)
    return not any(node is not None and node.css_first("math") for node in beside)


def _is_menu(node: LexborNode) -> bool:
    if node.css_first("main, article") is not None:
        return False  # a tag that was never closed
    return is_mostly_links(node) or prose_count(node) < 4 * _MIN_WORDS


def _is_dull_header(node: LexborNode) -> bool:
    if _is_within(node, _SECTIONS) or node.css_first(_ANY_HEADING) is not None:
        return False
    return prose_count(node) < _MIN_WORDS and not has_sentence(node)


def _is_dull_footer(node: LexborNode) -> bool:
    if _NOTES.search(_marks(node)):
        return False
    if _is_within(node, _SECTIONS):
        return is_mostly_links(node)
    if _IMPRINT.search(node.text()):
        return True
    return prose_count(node) < _MIN_WORDS and not has_sentence(node)


def _is_dull_aside(node: LexborNode) -> bool:
    if node.attributes.get("epub:type") or _CALLOUT.search(_marks(node)):
        return False
    if is_mostly_links(node):
        return True
    return _MENU.search(_marks(node)) is not None and prose_count(node) < _MIN_WORDS


def _is_dull_form(node: LexborNode) -> bool:
    if any(block.text(strip=True) for block in node.css(_TEXT_BLOCKS)):
        return False
    return prose_count(node) < _MIN_WORDS


def _is_dull_button(node: LexborNode) -> bool:
    if node.attributes.get("role") == "tab" or _QUESTION.search(_marks(node)):
        return False
    if _is_within(node, _SENTENCES) or is_beside_words(node):
        return False
    return word_count(node) < _MIN_BUTTON_WORDS


def _is_dull_without_scripts(node: LexborNode) -> bool:
    return word_count(node) < _MIN_WORDS or _NO_SCRIPT.search(node.text()) is not None


def _is_closed_dialog(node: LexborNode) -> bool:
    return "open" not in node.attributes


def _is_mark(link: LexborNode, attributes: dict[str, str | None]) -> bool:
    """Whether a link only leads to the heading it stands at, or back to where a note is named."""
    text = link.text(strip=True)
    target = attributes.get("href") or ""
    if text in _PERMALINKS or (target.startswith("#") and text in _BACK_LINKS):
        return True
    itself = (attributes.get("id"), attributes.get("name"))
    return text.isdecimal() and target[1:] in itself  # the number of a line of code


def _always(_node: LexborNode) -> bool:
    return True


_RULES: dict[str, Callable[[LexborNode], bool]] = {
    "nav": _is_menu,
    "search": _always,
    "header": _is_dull_header,
    "footer": _is_dull_footer,
    "aside": _is_dull_aside,
    "form": _is_dull_form,
    "button": _is_dull_button,
    "dialog": _is_closed_dialog,
    "noscript": _is_dull_without_scripts,
    "pagebreak": _always,
}


def _marks(node: LexborNode) -> str:
    attributes = node.attributes
    return " ".join(attributes.get(name) or "" for name in ("class", "role", "id"))


def _is_within(node: LexborNode, tags: frozenset[str]) -> bool:
    above = node.parent
    for _ in range(_MAX_STEPS_UP):
        if above is None:
            return False
        if above.tag in tags:
            return True
        above = above.parent
    return False
