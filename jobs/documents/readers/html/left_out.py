"""Tells what of a page is no text of it: menus, controls, what is not displayed."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from jobs.documents.readers.html.prose import (
    has_sentence,
    is_beside_words,
    is_mostly_links,
    prose_count,
    word_count,
)
from jobs.documents.readers.html.unseen import is_unseen, may_be_unseen, seen_text

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
    *("skip-link", "mw-cite-backlink", "viewcode-link", "viewcode-back", "hideme", "backrefs"),
)
_LINE_NUMBER_CLASSES = (  # of lines of code, if they hold numbers alone
    *("crayon-nums", "linenr", "linenumber", "linenumbers", "line-number", "line-numbers"),
    *("line-num", "ln", "lnt", "code-lineno", "source-line-no", "CodeMirror-linenumber"),
)
BACK_LINKS_CLASS = "fn-backref"  # Sphinx; of a link it is the number of a note itself
TO_SOURCE_CLASSES = ("src", "srclink")  # rustdoc: links to the source of what is described
SHARING_CLASSES = ("social-share", "share-buttons", "addtoany")
_MENU_CLASSES = (  # if they are mostly links
    *("breadcrumb", "breadcrumbs", "header", "menu", "nav", "nav-panel", "navbar", "navigation"),
    *("pager", "pagination", "related", "sidebar", *SHARING_CLASSES),
)
_TAB_LISTS = frozenset({"nav-tabs", "nav-pills", "tablist"})  # what they name stands below
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_ANY_HEADING = ", ".join(_HEADINGS)
_LINKED_TITLES = frozenset({"a", *_HEADINGS})  # mdBook's links of headings have the class "header"
_LINE_NUMBERS = frozenset(_LINE_NUMBER_CLASSES)
_DROPPED = frozenset(_DROPPED_CLASSES)
_MENUS = frozenset(_MENU_CLASSES)
_TO_SOURCE = frozenset(TO_SOURCE_CLASSES)
_SOURCE_LINK = re.compile(r"\[[^\]]*\]|source(?: code)?|src|#|", re.IGNORECASE)
_FOLDED_ROLES = ("tabpanel", "region")  # what opens them stands before
_SHOWN_NOTE = re.compile(r"(?:foot|rear|end)note(?!ref)")  # an EPUB shows it where it is named
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden"
    r"|(?:left|top|text-indent)\s*:\s*-\d{3,}(?:\.\d+)?(?:px|em)",  # beside the page
    re.IGNORECASE,
)
_OPENED = re.compile(  # hidden until somebody chooses it: a tab, the answer under a question
    r"(?<![a-z])(tabs?|tab-?panels?|panels?|panes?|accordion|collaps\w*|toggle\w*|expand\w*"
    r"|spoiler|answer|faq|details|content|slides?|carousel|swiper)(?![a-z])",
    re.IGNORECASE,
)
_COPIES = re.compile(r"clone|duplicate|modal", re.IGNORECASE)  # of slides; dialogs
_OPENED_TAGS = frozenset({"div", "section", "article", "dd", "p", "tr", "ul", "ol"})
_NOT_SHOWN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_CONTROLS = "input, select, form"
_IN_LINES = frozenset({"a", "b", "button", "em", "i", "label", "small", "span", "strong", "svg"})
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
_NOTES_WITHIN = '[class*="footnote"], [class*="endnote"], [role="doc-endnotes"]'
_COPY = re.compile(r"(?<![a-z])(?:copy|clipboard)(?![a-z])", re.IGNORECASE)
_CALLOUT = re.compile(
    r"admonition|callout|alert|note|warning|caution|topic|(?<![a-z])tip(?![a-z])", re.IGNORECASE
)
_SIDEBAR_TITLE = "p.sidebar-title"  # docutils
_QUESTION = re.compile(r"accordion|collaps|faq|question|tab(?![a-z])|summary", re.IGNORECASE)
_NUMBERS = re.compile(r"[\s.:|]*\d[\s\d.:|]*")
_NO_SCRIPT = re.compile(r"script|browser|cookie", re.IGNORECASE)
_PERMALINKS = frozenset({"¶", "#", "§", "🔗", "◆", "◇", "", "\u200b"})
_BACK_LINKS = frozenset({"↩", "↩︎", "↑", "^", "⏎", "⬆", "↵"})
_TEXT_BLOCKS = "p, h1, h2, h3, h4, table, pre, li, dl, blockquote"
_SECTIONS = frozenset({"main", "article", "section", "blockquote", "figure", "li", "details"})
_SENTENCES = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "p", "dt", "dd", "summary", "td"})
_MIN_WORDS = 12  # of what is no link: fewer are a menu's, a form's or a footer's own
_MIN_BUTTON_WORDS = 4
_MIN_OPENED_WORDS = 3  # in a line: fewer are a sign that something opens
_MAX_STEPS_UP = 6


def is_dropped(node: LexborNode, tag: str, attributes: dict[str, str | None]) -> bool:
    """Whether an element is left out, with all that is in it."""
    classes = attributes.get("class") or ""
    kind = _kind_of(classes)
    if kind.is_dropped or _is_hidden(node, attributes):
        return True
    if tag == "span" and BACK_LINKS_CLASS in classes.split():
        return True
    if kind.may_be_unseen:
        is_opened = _OPENED.search(_marks(node)) is not None
        if is_unseen(node, classes, is_opened=is_opened):
            return True
    if kind.is_line_number and _NUMBERS.fullmatch(node.text()):
        return True
    if kind.is_menu and tag not in _LINKED_TITLES and _is_menu_by_class(node):
        return True
    if tag == "a":
        is_to_source = kind.is_to_source and _SOURCE_LINK.fullmatch(node.text(strip=True))
        return bool(is_to_source) or _is_mark(node, attributes)
    role = attributes.get("role") or attributes.get("epub:type") or ""
    rule = _RULES.get(_ROLES.get(role, tag))
    return rule is not None and rule(node)


def _is_menu_by_class(node: LexborNode) -> bool:
    """Whether an element is links, but not the title of the page with some beside it."""
    return is_mostly_links(node) and node.css_first("h1") is None


class _Kind(NamedTuple):
    """What the classes of an element say."""

    is_dropped: bool
    is_line_number: bool
    is_menu: bool
    is_to_source: bool
    may_be_unseen: bool


@lru_cache(maxsize=1024)  # most elements of a page have the classes of others
def _kind_of(classes: str) -> _Kind:
    names = classes.split()
    return _Kind(
        is_dropped=not _DROPPED.isdisjoint(names),
        is_line_number=not _LINE_NUMBERS.isdisjoint(names),
        is_menu=_TAB_LISTS.isdisjoint(names) and not _MENUS.isdisjoint(names),
        is_to_source=not _TO_SOURCE.isdisjoint(names),
        may_be_unseen=may_be_unseen(classes),
    )


def _is_hidden(node: LexborNode, attributes: dict[str, str | None]) -> bool:
    style = attributes.get("style")
    is_hidden = (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or (style is not None and _HIDDEN.search(style) is not None)
    )
    if not is_hidden or attributes.get("hidden") == "until-found":
        return False
    if attributes.get("role") in _FOLDED_ROLES or _SHOWN_NOTE.search(_kind_of_note(attributes)):
        return False
    if _OPENED.search(_marks(node)) and not _COPIES.search(_marks(node)) and _has_text(node):
        return is_mostly_links(node)
    if "katex-html" in (attributes.get("class") or ""):
        return not _is_alone(node)
    return node.css_first("math") is None  # shown as a picture, for want of fonts


def may_be_opened(node: LexborNode, attributes: Mapping[str, str | None]) -> bool:
    """Whether a hidden element is of those that a tab or a question may show: no menu or dialog."""
    style = attributes.get("style")
    if node.tag not in _OPENED_TAGS or not (
        "hidden" in attributes or (style and _NOT_SHOWN.search(style))
    ):
        return False
    if attributes.get("role") in _ROLES or attributes.get("role") == "dialog":
        return False
    marks = _marks(node)
    if _COPIES.search(marks) or _MENU.search(marks) or node.css_first(_CONTROLS) is not None:
        return False
    return _has_text(node) and not is_mostly_links(node)


def _has_text(node: LexborNode) -> bool:
    return word_count(node) >= (_MIN_OPENED_WORDS if node.tag in _IN_LINES else 1)


def _kind_of_note(attributes: dict[str, str | None]) -> str:
    return attributes.get("epub:type") or attributes.get("role") or ""


def _is_alone(formula: LexborNode) -> bool:
    """Whether what is shown of a formula is all that there is of it: no MathML beside it."""
    beside = (formula.prev, formula.next)
    return not any(node is not None and node.css_first("math") for node in beside)


def _is_menu(node: LexborNode) -> bool:
    if node.css_first("main, article") is not None:
        return False  # a tag that was never closed
    return is_mostly_links(node) or prose_count(node) < 4 * _MIN_WORDS


def _is_dull_header(node: LexborNode) -> bool:
    if is_within(node, _SECTIONS) or node.css_first(_ANY_HEADING) is not None:
        return False
    return prose_count(node) < _MIN_WORDS and not has_sentence(node)


def _is_dull_footer(node: LexborNode) -> bool:
    if _NOTES.search(_marks(node)) or node.css_first(_NOTES_WITHIN) is not None:
        return False
    if is_within(node, _SECTIONS):
        return is_mostly_links(node)
    if _IMPRINT.search(node.text()):
        return True
    return prose_count(node) < _MIN_WORDS and not has_sentence(node)


def _is_dull_aside(node: LexborNode) -> bool:
    if node.attributes.get("epub:type") or _CALLOUT.search(_marks(node)):
        return False
    if node.css_first(_SIDEBAR_TITLE) is not None:
        return False
    if is_mostly_links(node):
        return True
    return _MENU.search(_marks(node)) is not None and prose_count(node) < _MIN_WORDS


def _is_dull_form(node: LexborNode) -> bool:
    if any(block.text(strip=True) for block in node.css(_TEXT_BLOCKS)):
        return False
    return prose_count(node) < _MIN_WORDS


def _is_dull_button(node: LexborNode) -> bool:
    if _COPY.search(f"{_marks(node)} {node.attributes.get('title') or ''}"):
        return word_count(node) < _MIN_BUTTON_WORDS
    if node.attributes.get("role") == "tab" or _QUESTION.search(_marks(node)):
        return False
    if is_within(node, _SENTENCES) or is_beside_words(node):
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
    if text[-1:] in _PERMALINKS and link.css_first("span[class]") is not None:
        text = seen_text(link)
    is_back = text.rstrip("0123456789") in _BACK_LINKS  # the second of several has its number
    if text in _PERMALINKS or ("#" in target and text and is_back):
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


def is_within(node: LexborNode, tags: frozenset[str]) -> bool:
    """Whether an element stands in one of `tags`, a few steps up at most."""
    above = node.parent
    for _ in range(_MAX_STEPS_UP):
        if above is None:
            return False
        if above.tag in tags:
            return True
        above = above.parent
    return False
