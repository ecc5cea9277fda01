"""Reads HTML: its text as blocks, without menus, scripts and what is not displayed."""

import re
from collections.abc import Callable, Iterator, Mapping
from html import escape

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from jobs.documents.readers.decode import decode_markup
from jobs.documents.readers.extract import Block, Extract, assemble
from jobs.documents.readers.html.blocks import BlockWriter
from jobs.documents.readers.html.content import DROPPED, NEVER_TEXT, find_content
from jobs.documents.readers.html.layout import is_layout
from jobs.documents.readers.html.mathml import formula
from jobs.documents.readers.html.notes import place_notes
from jobs.documents.readers.html.prose import is_beside_words
from jobs.documents.readers.html.shown_by_style import prepare
from jobs.documents.readers.html.tables import Span
from jobs.documents.readers.limits import ReadLimits

_VOID = frozenset(  # HTML standard: elements that have no end
    (
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"),
        *("source", "track", "wbr"),
    )
)
_TAG_NAME = re.compile(r"<([A-Za-z][\w:.-]*)(?=[\s/]|\Z)")
_CDATA_START, _CDATA_END = "<![CDATA[", "]]>"
_NEVER_TEXT = ", ".join(NEVER_TEXT)
_TEX = 'script[type^="math/tex"]'  # MathJax 2: the source of a formula
_TEX_SHOWN = ".MathJax, .MathJax_Display, .MathJax_Preview"  # what it has made of it
_PLAIN = frozenset({"a", "b", "i", "em", "strong", "span", "small", "var", "cite", "sup", "sub"})
_SCRIPT_SIGNS = {"sup": "^", "sub": "_"}
_MAX_SCRIPT_DEPTH = 4
_MAX_SCRIPT_CHARS = 80  # a raised or lowered text that is longer is no exponent, index or mark
_SIGN_IMAGE = re.compile(r"math|tex|equation|formula|emoji|smiley", re.IGNORECASE)
_BUTTONS = frozenset({"button", "submit", "reset"})
_INLINE = frozenset(  # of no account for the text
    (
        *("a", "abbr", "acronym", "b", "big", "bdi", "bdo", "cite", "code", "data", "del", "dfn"),
        *("em", "font", "i", "ins", "kbd", "label", "mark", "nobr", "ruby", "rb", "s", "samp"),
        *("small", "span", "strike", "strong", "time", "tt", "u", "var", "wbr"),
    )
)
_LINE_BLOCK = "line-block"
_LINES = f"div.{_LINE_BLOCK} div.line, div.{_LINE_BLOCK} div.{_LINE_BLOCK}"
_TEXT = "-text"
_LEAVES = frozenset({"math", *_SCRIPT_SIGNS})  # some of these
_Step = LexborNode | tuple[LexborNode, str]  # what comes, or with its tag what ends
_NO_ELEMENT = frozenset({"-", "!", "?"})  # comments, instructions
_NUMBER = re.compile(r"\s*(-?\d{1,6})")


def read_html(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    return read_html_text(decode_markup(data), limits)


def read_html_text(markup: str, limits: ReadLimits) -> Extract:
    """A page that is text already. Raises: UnreadableFileError."""
    tree = _parse(markup)
    title = tree.css_first("head > title")
    blocks = place_notes(_blocks(tree, has_lines=_LINE_BLOCK in markup))
    extract = assemble(blocks, limits, title=title.text() if title else "")
    first = next((heading.text for heading in extract.headings if heading.level == 1), "")
    return extract if extract.title.strip() else extract._replace(title=first)


def html_blocks(markup: str) -> Iterator[Block]:
    """The blocks of the main content of a page, or a fragment, of HTML."""
    return place_notes(_blocks(_parse(markup), has_lines=_LINE_BLOCK in markup))


def body_html(markup: str) -> str:
    """What stands in the body of a page, as HTML that may stand in another."""
    body = _parse(markup).body
    return (body.html or "") if body is not None else ""


def _parse(markup: str) -> LexborHTMLParser:
    try:
        tree = LexborHTMLParser(_close_empty_tags(_escape_cdata(markup)))
        if "math/tex" in markup:
            _keep_tex(tree)
        for node in tree.css(_NEVER_TEXT):
            node.decompose(recursive=False)
        prepare(tree)
    except SelectolaxError as error:  # any text is HTML: only memory can be wanting
        raise MemoryError from error
    return tree


def _close_empty_tags(markup: str) -> str:
    """XHTML's `<title/>` would be an open tag to an HTML parser and swallow the page."""
    *parts, last = markup.split("/>")
    pieces: list[str] = []
    for part in parts:
        start = part.rfind("<")
        found = _TAG_NAME.match(part, start) if start >= 0 else None
        is_empty = found and found[1].lower() not in _VOID and ">" not in part[start:]
        pieces.append(f"{part}></{found[1]}>" if found and is_empty else f"{part}/>")
    return "".join([*pieces, last])


def _escape_cdata(markup: str) -> str:
    """XHTML's text without entities would be a comment to an HTML parser."""
    first, *sections = markup.split(_CDATA_START)
    pieces = [first]
    for section in sections:
        text, end, rest = section.partition(_CDATA_END)
        pieces += [escape(text), rest] if end else [section]
    return "".join(pieces)


def _keep_tex(tree: LexborHTMLParser) -> None:
    for source in tree.css(_TEX):
        source.replace_with(source.text())
    for shown in tree.css(_TEX_SHOWN):
        shown.attrs["hidden"] = ""


def _blocks(tree: LexborHTMLParser, *, has_lines: bool) -> Iterator[Block]:
    if tree.body is None:
        return
    roots, tags = find_content(tree.body)
    lines = {line.mem_id for line in tree.body.css(_LINES)} if has_lines else frozenset[int]()
    writer = BlockWriter()
    for root in roots:
        for node, tag, is_end in _walk(root, tags, writer.add_text):
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
    root: LexborNode, shown_as: Mapping[int, str], add_text: Callable[[str], None]
) -> Iterator[tuple[LexborNode, str, bool]]:
    """Each element that counts, with its tag, as it begins and as it ends.

    Text in between is added as it comes. No recursion, however deep the page.
    """
    names: dict[int, str] = {}
    tag, child = root.tag or "", root.first_child
    waiting: list[_Step] = [(root, tag), *([] if child is None else [child])]
    take, add = waiting.pop, waiting.append  # all nodes of a page pass here
    yield root, tag, False
    while waiting:
        node = take()
        if isinstance(node, tuple):
            yield *node, True
            continue
        if (following := node.next) is not None:
            add(following)
        tag = names.get(node.tag_id) or names.setdefault(node.tag_id, node.tag or "-")
        if tag == _TEXT:
            add_text(node.text_content or "")
        elif tag[0] not in _NO_ELEMENT and (tag := shown_as.get(node.mem_id, tag)) != DROPPED:
            if tag not in _INLINE:
                yield node, tag, False
                add((node, tag))
            child = node.first_child
            if child is not None and not (tag in _LEAVES and _is_leaf(node, tag)):
                add(child)


def _is_leaf(node: LexborNode, tag: str) -> bool:
    """Whether an element is written as a whole, not part by part."""
    return tag == "math" or (tag in _SCRIPT_SIGNS and _script_of(node) is not None)


def _begin_cell(node: LexborNode, _tag: str, writer: BlockWriter) -> None:
    attributes = node.attributes
    columns, rows = (_number(attributes.get(f"{name}span"), 1) for name in ("col", "row"))
    writer.open_cell(Span(columns=columns, rows=rows))


def _begin_other(node: LexborNode, tag: str, writer: BlockWriter) -> None:
    before = node.prev if "-" in tag else None
    if before is not None and before.is_element_node and "-" in (before.tag or ""):
        writer.add_text(" ")  # parts of a page that only their script lays out
    writer.open(tag)


def _begin_script(node: LexborNode, tag: str, writer: BlockWriter) -> None:
    script = _script_of(node)
    if script is None:
        return
    text = " ".join(script.split())
    if tag == "sub":
        writer.add_lowered(text)
    else:
        parent = node.parent
        is_linked = node.css_first("a[href]") is not None or (
            parent is not None and parent.tag == "a" and parent.text(strip=True) == text
        )
        writer.add_raised(text, is_note=is_linked)


def _script_of(node: LexborNode, depth: int = 0) -> str | None:
    """The text of a superscript or subscript; None if it holds more than a few plain words."""
    text = ""
    for child in node.iter(include_text=True):
        if child.is_text_node:
            part = child.text_content
        elif child.tag not in _PLAIN or depth > _MAX_SCRIPT_DEPTH:
            return None
        else:
            part = _script_of(child, depth + 1)
            part = part and _SCRIPT_SIGNS.get(child.tag or "", "") + part
        if part is None or len(text) + len(part) > _MAX_SCRIPT_CHARS:
            return None
        text += part
    return text


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
    return "[x] " if "checked" in attributes else "[ ] "


_BEGIN: dict[str, Callable[[LexborNode, str, BlockWriter], None]] = {
    "br": lambda _node, _tag, writer: writer.break_line(),
    "img": lambda node, _tag, writer: writer.add_text(_sign_of_image(node)),
    "input": lambda node, _tag, writer: writer.add_text(_control(node)),
    "li": _open_item,
    "math": lambda node, _tag, writer: writer.add_text(formula(node)),
    "sub": _begin_script,
    "sup": _begin_script,
    "table": lambda node, _tag, writer: writer.open_table(is_layout=is_layout(node)),
    **dict.fromkeys(("td", "th"), _begin_cell),
    **dict.fromkeys(("ol", "ul", "menu", "dir"), _open_list),
}
