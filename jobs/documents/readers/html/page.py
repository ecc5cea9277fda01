"""Reads HTML: its text as blocks, without menus, scripts and what is not displayed."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from jobs.documents.readers.decode import decode_markup
from jobs.documents.readers.extract import Block, Extract, assemble
from jobs.documents.readers.html.blocks import BlockWriter
from jobs.documents.readers.html.content import DROPPED, NEVER_TEXT, Content, find_content
from jobs.documents.readers.html.left_out import is_within
from jobs.documents.readers.html.mathml import formula
from jobs.documents.readers.html.notes import place_notes
from jobs.documents.readers.html.prose import is_beside_words
from jobs.documents.readers.html.scripts import SCRIPT_SIGNS, begin_script, script_of
from jobs.documents.readers.html.searches import Searches, classes_of, selector_of
from jobs.documents.readers.html.shown_by_style import part_links, prepare
from jobs.documents.readers.html.source import as_html
from jobs.documents.readers.html.tables import Span, is_layout
from jobs.documents.readers.html.unseen import drop_questions
from jobs.documents.readers.limits import ReadLimits

_TEX = 'script[type^="math/tex"]'  # MathJax 2: the source of a formula
_LINKS_TOUCH = b"</a><a "
_TEX_SHOWN = ".MathJax, .MathJax_Display, .MathJax_Preview"  # what it has made of it
_SIGN_IMAGE = re.compile(r"math|tex|equation|formula|emoji|smiley", re.IGNORECASE)
_WITH_BOXES = frozenset({"li", "td", "th", "dd", "dt"})
_BUTTONS = frozenset({"button", "submit", "reset"})
_INLINE = frozenset(  # of no account for the text
    (
        *("a", "abbr", "acronym", "b", "big", "bdi", "bdo", "cite", "code", "data", "del", "dfn"),
        *("em", "font", "i", "ins", "kbd", "label", "mark", "nobr", "ruby", "rb", "s", "samp"),
        *("small", "span", "strike", "strong", "time", "tt", "u", "var", "wbr"),
    )
)
_LINE_BLOCK = "line-block"
_LINES: Searches = {  # of docutils
    f"div.{_LINE_BLOCK} div.{line}": _LINE_BLOCK for line in ("line", _LINE_BLOCK)
}
_TEXT = "-text"
_LEAVES = frozenset({"math", *SCRIPT_SIGNS})  # some of these
_NO_ELEMENT = frozenset({"-", "!", "?"})  # comments, instructions
_MAX_TABLES = 40  # within each other, which only pages have that are made of them
_NUMBER = re.compile(r"\s*(-?\d{1,6})")


class _Page(NamedTuple):
    """A page; `classes` are those that `classes_of` has told."""

    tree: LexborHTMLParser
    classes: bytes | None


def read_html(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    return read_html_text(decode_markup(data), limits)


def read_html_text(markup: str, limits: ReadLimits) -> Extract:
    """A page that is text already. Raises: UnreadableFileError."""
    page = _parse(markup)
    title = page.tree.css_first("head > title")
    blocks = place_notes(_blocks(page))
    extract = assemble(blocks, limits, title=title.text() if title else "")
    first = next((heading.text for heading in extract.headings if heading.level == 1), "")
    return extract if extract.title.strip() else extract._replace(title=first)


def html_blocks(markup: str) -> Iterator[Block]:
    """The blocks of the main content of a page, or a fragment, of HTML."""
    return place_notes(_blocks(_parse(markup)))


def body_html(markup: str) -> str:
    """What stands in the body of a page, as HTML that may stand in another."""
    body = _parse(markup).tree.body
    return (body.html or "") if body is not None else ""


def _parse(markup: str) -> _Page:
    source = as_html(markup).encode("utf-8", "ignore")
    classes = classes_of(source)
    try:
        tree = LexborHTMLParser(source)
        if b"math/tex" in source:
            _keep_tex(tree)
        for node in tree.css(NEVER_TEXT):
            node.decompose(recursive=False)
        drop_questions(tree, source)
        prepare(tree, classes)
        if _LINKS_TOUCH in source:
            part_links(tree)
    except SelectolaxError as error:  # any text is HTML: only memory can be wanting
        raise MemoryError from error
    return _Page(tree, classes)


def _keep_tex(tree: LexborHTMLParser) -> None:
    for source in tree.css(_TEX):
        source.replace_with(source.text())
    for shown in tree.css(_TEX_SHOWN):
        shown.attrs["hidden"] = ""


def _blocks(page: _Page) -> Iterator[Block]:
    body = page.tree.body
    if body is None:
        return
    content = find_content(body, page.classes)
    selector = selector_of(_LINES, page.classes)
    lines = {line.mem_id for line in body.css(selector)} if selector else frozenset[int]()
    writer = BlockWriter()
    for root in content.roots:
        for node, tag, is_end in _walk(root, content, writer.add_text):
            if lines and node.mem_id in lines:
                writer.end_line()
            elif is_end:
                writer.close(tag)
            elif begin := _BEGIN.get(tag):
                begin(node, tag, writer)
            else:
                _begin_other(node, tag, writer)
            if writer.done:
                yield from writer.take()
    yield from writer.finish()


def _walk(
    root: LexborNode, content: Content, add_text: Callable[[str], None]
) -> Iterator[tuple[LexborNode, str, bool]]:
    """Each element that counts, with its tag, as it begins and as it ends.

    Text in between is added as it comes. No recursion, however deep the page.
    """
    names: dict[int, str] = {}
    shown_as, changed = content.tags, content.names
    tag = root.tag or ""
    yield root, tag, False
    above = [(root, tag)]  # what is open; those that are of no account have no tag
    node = root.first_child
    while above:  # all nodes of a page pass here
        if node is None:
            node, tag = above.pop()
            if tag:
                yield node, tag, True
            node = node.next if above else None
            continue
        tag = names.get(node.tag_id) or names.setdefault(node.tag_id, _name_of(node))
        shown = shown_as.get(node.mem_id, tag) if tag in changed else tag
        if tag == _TEXT:
            add_text(node.text_content or "")
        elif shown != DROPPED:
            is_own = shown not in _INLINE
            if is_own:
                yield node, shown, False
            above.append((node, shown * is_own))
            is_whole = shown in _LEAVES and _is_leaf(node, shown)
            node = None if is_whole else node.first_child
            continue
        node = node.next


def _name_of(node: LexborNode) -> str:
    """The tag of an element, `_TEXT` of text; comments and instructions are left out."""
    tag = node.tag or ""
    return tag if tag == _TEXT or tag[:1] not in _NO_ELEMENT else DROPPED


def _is_leaf(node: LexborNode, tag: str) -> bool:
    """Whether an element is written as a whole, not part by part."""
    return tag == "math" or (tag in SCRIPT_SIGNS and script_of(node) is not None)


def _begin_table(node: LexborNode, _tag: str, writer: BlockWriter) -> None:
    is_deep = writer.table_count >= _MAX_TABLES  # looking at each takes as long as it is deep
    writer.open_table(is_layout=is_deep or is_layout(node))


def _begin_cell(node: LexborNode, _tag: str, writer: BlockWriter) -> None:
    attributes = node.attributes
    columns, rows = (_number(attributes.get(f"{name}span"), 1) for name in ("col", "row"))
    writer.open_cell(Span(columns=columns, rows=rows))


def _begin_other(node: LexborNode, tag: str, writer: BlockWriter) -> None:
    before = node.prev if "-" in tag else None
    if before is not None and before.is_element_node and "-" in (before.tag or ""):
        writer.add_text(" ")  # parts of a page that only their script lays out
    writer.open(tag)


def _begin_formula(node: LexborNode, _tag: str, writer: BlockWriter) -> None:
    is_displayed = node.attributes.get("display") == "block"
    if is_displayed:
        writer.end_line()
    writer.add_text(formula(node))
    if is_displayed:
        writer.end_line()


def _open_list(node: LexborNode, tag: str, writer: BlockWriter) -> None:
    attributes = node.attributes
    is_numbered = tag == "ol"
    start = 1
    if "reversed" in attributes:
        start = sum(child.tag == "li" for child in node.iter())
    style = " ".join(attributes.get(name) or "" for name in ("type", "style", "class"))
    writer.open_list(
        tag,
        style=style * is_numbered,
        start=_number(attributes.get("start"), start),
        step=-1 if "reversed" in attributes else 1,
    )


def _open_item(node: LexborNode, _tag: str, writer: BlockWriter) -> None:
    attributes = node.attributes
    value = attributes.get("value")
    writer.open_item(
        number=None if value is None else _number(value, 0),
        label=attributes.get("data-item-label"),
    )


def _number(value: str | None, default: int) -> int:
    found = _NUMBER.match(value or "")
    return int(found[1]) if found else default


def _sign_of_image(image: LexborNode) -> str:
    """What an image stands for that is set in a line as text is."""
    attributes = image.attributes
    is_sign = _SIGN_IMAGE.search(attributes.get("class") or "") is not None
    return (attributes.get("alt") or "") if is_sign else ""


def _control(control: LexborNode) -> str:
    """What is shown of a box in a list, or of a button that a sentence names."""
    attributes = control.attributes
    kind = attributes.get("type")
    if kind in _BUTTONS:
        return (attributes.get("value") or "") if is_beside_words(control) else ""
    if kind != "checkbox" or "name" in attributes:  # a form's: it is sent
        return ""
    if "disabled" not in attributes and not is_within(control, _WITH_BOXES):
        return ""  # it only opens a menu or a note, by a style
    return "[x] " if "checked" in attributes else "[ ] "


_BEGIN: dict[str, Callable[[LexborNode, str, BlockWriter], None]] = {
    "br": lambda _node, _tag, writer: writer.break_line(),
    "img": lambda node, _tag, writer: writer.add_text(_sign_of_image(node)),
    "input": lambda node, _tag, writer: writer.add_text(_control(node)),
    "li": _open_item,
    "math": _begin_formula,
    "sub": begin_script,
    "sup": begin_script,
    "table": _begin_table,
    **dict.fromkeys(("td", "th"), _begin_cell),
    **dict.fromkeys(("ol", "ul", "menu", "dir"), _open_list),
}
