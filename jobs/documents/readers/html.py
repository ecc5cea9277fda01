"""Reads HTML: the main content as blocks; navigation, scripts and what is hidden are left out."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from jobs.documents.readers.decode import decode_markup
from jobs.documents.readers.extract import Block, Extract, assemble
from jobs.documents.readers.html_blocks import BlockWriter
from jobs.documents.readers.limits import ReadLimits

_DROPPED = frozenset(
    """
    audio base button canvas datalist dialog embed footer form head iframe input link map meta
    nav noscript object script select style svg template textarea title video
    """.split()  # noqa: SIM905 - as a list it would be one name a line
)
_DROPPED_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary"})
_DROPPED_CLASSES = frozenset(
    {"navheader", "navfooter", "sphinxsidebar", "linenos"}
)  # DocBook, Sphinx
_KEPT_ASIDE = re.compile(r"footnote|endnote|admonition|topic", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_PERMALINKS = frozenset({"¶", "#", "§", "🔗", ""})
_MAIN = ("main", "[role=main]", "article")
_MIN_MAIN_SHARE = 0.2  # of the words: less is no main content
_LAYOUT = "td table, td h1, td h2, td h3, td h4, td pre, td ul, td ol, td dl, td blockquote"
_EMPTY_TAG = re.compile(r"<(title|script|style|textarea|iframe|a|p|div|span|td|i|b)(\s[^<>]*)?/>")


def read_html(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    tree = _parse(decode_markup(data))
    title = tree.css_first("head > title")
    return assemble(_blocks(tree), limits, title=title.text() if title else "")


def html_blocks(markup: str) -> Iterator[Block]:
    """The blocks of the main content of a page, or a fragment, of HTML."""
    return _blocks(_parse(markup))


def _blocks(tree: LexborHTMLParser) -> Iterator[Block]:
    if tree.body is None:
        return
    writer = BlockWriter()
    for node, is_end in _walk(_main_content(tree.body)):
        if is_end:
            writer.close(node.tag or "")
        elif node.is_text_node:
            writer.add_text(node.text_content or "")
        elif node.tag == "br":
            writer.break_line()
        elif node.tag == "table":
            writer.open_table(is_layout=node.css_first(_LAYOUT) is not None)
        else:
            writer.open(node.tag or "")
        yield from writer.take()
    yield from writer.finish()


def _parse(markup: str) -> LexborHTMLParser:
    try:
        return LexborHTMLParser(_close_empty_tags(markup))
    except SelectolaxError as error:  # any text is HTML: parsing fails only for want of memory
        raise MemoryError from error


def _close_empty_tags(markup: str) -> str:
    """XHTML's `<title/>` would be an open tag to an HTML parser and swallow the page."""
    return _EMPTY_TAG.sub(r"<\1\2></\1>", markup)


def _main_content(body: LexborNode) -> LexborNode:
    for selector in _MAIN:
        found = body.css(selector)
        if len(found) == 1 and _word_count(found[0]) >= _MIN_MAIN_SHARE * _word_count(body):
            return found[0]
    return body


def _word_count(node: LexborNode) -> int:
    return len(node.text(separator=" ").split())


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Each node that is kept as it begins and as it ends; no recursion, however deep the page."""
    node: LexborNode | None = root
    depth = 0
    while node is not None:
        is_kept = not _is_dropped(node)
        if is_kept:
            yield node, False
        if is_kept and node.child is not None:
            node, depth = node.child, depth + 1
            continue
        if is_kept:
            yield node, True
        while depth and node is not None and node.next is None:
            node, depth = node.parent, depth - 1
            assert node is not None
            yield node, True
        node = node.next if depth and node is not None else None


def _is_dropped(node: LexborNode) -> bool:
    if not node.is_element_node:
        return not node.is_text_node
    tag = node.tag or ""
    if tag in _DROPPED or _is_apart(node.attributes):
        return True
    if tag == "header":
        return node.css_first("h1") is None
    if tag == "aside":
        marks = (node.attributes.get(name) or "" for name in ("class", "role", "epub:type"))
        return not _KEPT_ASIDE.search(" ".join(marks))
    return tag == "a" and _is_permalink(node)


def _is_apart(attributes: dict[str, str | None]) -> bool:
    if "hidden" in attributes or attributes.get("aria-hidden") == "true":
        return True
    if attributes.get("role") in _DROPPED_ROLES:
        return True
    if _DROPPED_CLASSES.intersection((attributes.get("class") or "").split()):
        return True
    return bool(_HIDDEN.search(attributes.get("style") or ""))


def _is_permalink(node: LexborNode) -> bool:
    target = node.attributes.get("href") or ""
    return target.startswith("#") and node.text(strip=True) in _PERMALINKS
