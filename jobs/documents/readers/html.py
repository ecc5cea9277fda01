"""Reads HTML: what a page tells as blocks; menus, scripts and what nobody sees are left out."""

import re
from collections.abc import Collection, Iterator
from html import escape

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from jobs.documents.readers.decode import decode_markup
from jobs.documents.readers.extract import Block, Extract, assemble
from jobs.documents.readers.html_blocks import BlockWriter
from jobs.documents.readers.html_content import NEVER_TEXT, dropped_nodes, main_content
from jobs.documents.readers.html_tables import Span
from jobs.documents.readers.limits import ReadLimits
from jobs.documents.readers.mathml import formula

_VOID = "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"  # HTML standard
_EMPTY_TAG = re.compile(rf"<(?!(?:{_VOID})[\s/>])([A-Za-z][\w:.-]*)(?:\s[^<>]*)?/>", re.IGNORECASE)
_CDATA_START, _CDATA_END = "<![CDATA[", "]]>"
_TEX = 'script[type^="math/tex"]'  # MathJax 2: the source of a formula
_TEX_SHOWN = ".MathJax, .MathJax_Display, .MathJax_Preview"  # what it has made of it
_LAYOUT = "td table, td h1, td h2, td h3, td h4, td pre, td blockquote"
_PLAIN = frozenset({"a", "b", "i", "em", "strong", "span", "small", "var", "cite", "sup", "sub"})
_SCRIPT_SIGNS = {"sup": "^", "sub": "_"}
_MAX_SCRIPT_DEPTH = 4
_MAX_SCRIPT_CHARS = 80  # a raised or lowered text that is longer is no exponent, index or mark
_MATH_IMAGE = re.compile(r"math|tex|equation|formula", re.IGNORECASE)
_LEAVES = frozenset({"br", "img", "input", "math"})
_NUMBER = re.compile(r"\s*(-?\d{1,6})")


def read_html(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    return read_html_text(decode_markup(data), limits)


def read_html_text(markup: str, limits: ReadLimits) -> Extract:
    """A page that is text already. Raises: UnreadableFileError."""
    tree = _parse(markup)
    title = tree.css_first("head > title")
    extract = assemble(_blocks(tree), limits, title=title.text() if title else "")
    first = next((heading.text for heading in extract.headings if heading.level == 1), "")
    return extract if extract.title.strip() else extract._replace(title=first)


def html_blocks(markup: str) -> Iterator[Block]:
    """The blocks of the main content of a page, or a fragment, of HTML."""
    return _blocks(_parse(markup))


def _parse(markup: str) -> LexborHTMLParser:
    try:
        tree = LexborHTMLParser(_close_empty_tags(_escape_cdata(markup)))
        if "math/tex" in markup:
            _keep_tex(tree)
        tree.strip_tags(list(NEVER_TEXT))
    except SelectolaxError as error:  # any text is HTML: only memory can be wanting
        raise MemoryError from error
    return tree


def _close_empty_tags(markup: str) -> str:
    """XHTML's `<title/>` would be an open tag to an HTML parser and swallow the page."""
    return _EMPTY_TAG.sub(_close, markup) if "/>" in markup else markup


def _close(tag: re.Match[str]) -> str:
    return f"{tag[0][:-2]}></{tag[1]}>"


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


def _blocks(tree: LexborHTMLParser) -> Iterator[Block]:
    if tree.body is None:
        return
    dropped = dropped_nodes(tree.body)
    lines = {line.mem_id for line in tree.body.css(".line-block .line, pre .line")}
    writer = BlockWriter()
    for root in main_content(tree.body):
        for node, is_end in _walk(root, dropped):
            if node.mem_id in lines and node.tag == "div":
                writer.end_line()
            elif is_end:
                writer.close(node.tag or "")
            else:
                _begin(node, writer)
            yield from writer.take()
    yield from writer.finish()


def _walk(root: LexborNode, dropped: Collection[int]) -> Iterator[tuple[LexborNode, bool]]:
    """Each node that is kept as it begins and as it ends; no recursion, however deep the page."""
    node: LexborNode | None = root
    depth = 0
    while node is not None:
        tag = node.tag
        is_text = tag == "-text"
        if is_text or (node.is_element_node and node.mem_id not in dropped):
            yield node, False
            if not (
                is_text or tag in _LEAVES or (tag in _SCRIPT_SIGNS and _script_of(node) is not None)
            ):
                if node.child is not None:
                    node, depth = node.child, depth + 1
                    continue
                yield node, True
        while depth and node is not None and node.next is None:
            node, depth = node.parent, depth - 1
            assert node is not None
            yield node, True
        node = node.next if depth and node is not None else None


def _begin(node: LexborNode, writer: BlockWriter) -> None:
    match node.tag:
        case "-text":
            writer.add_text(node.text_content or "")
        case "br":
            writer.break_line()
        case "table":
            writer.open_table(is_layout=_is_layout(node))
        case "td" | "th":
            attributes = node.attributes
            columns, rows = (_number(attributes.get(f"{name}span"), 1) for name in ("col", "row"))
            writer.open_cell(Span(columns=columns, rows=rows))
        case "ol" | "ul" | "menu" | "dir":
            _open_list(node, writer)
        case "li":
            _open_item(node, writer)
        case _:
            _begin_inline(node, writer)


def _begin_inline(node: LexborNode, writer: BlockWriter) -> None:
    match node.tag:
        case "code" if _is_beside_code(node):
            writer.end_line()
        case "math":
            writer.add_text(formula(node))
        case "img":
            writer.add_text(_formula_of_image(node))
        case "input":
            writer.add_text(_check_box(node))
        case "sup" | "sub" if _script_of(node) is not None:
            _add_script(node, writer)
        case tag:
            writer.open(tag or "")


def _add_script(node: LexborNode, writer: BlockWriter) -> None:
    text = " ".join((_script_of(node) or "").split())
    if node.tag == "sub":
        writer.add_lowered(text)
    else:
        parent = node.parent
        is_linked = node.css_first("a[href]") is not None or (
            parent is not None and parent.tag == "a" and parent.text(strip=True) == text
        )
        writer.add_raised(text, is_note=is_linked)


def _is_beside_code(node: LexborNode) -> bool:
    """Whether a `pre` holds several texts of code, of which one can be chosen."""
    before, above = node.prev, node.parent
    return above is not None and above.tag == "pre" and before is not None and before.tag == "code"


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


def _open_list(node: LexborNode, writer: BlockWriter) -> None:
    attributes = node.attributes
    is_numbered = node.tag == "ol"
    start = 1
    if "reversed" in attributes:
        start = sum(child.tag == "li" for child in node.iter())
    writer.open_list(
        node.tag or "",
        style=f"{attributes.get('type') or ''} {attributes.get('class') or ''}" * is_numbered,
        start=_number(attributes.get("start"), start),
        step=-1 if "reversed" in attributes else 1,
    )


def _open_item(node: LexborNode, writer: BlockWriter) -> None:
    attributes = node.attributes
    value = attributes.get("value")
    writer.open_item(
        number=None if value is None else _number(value, 0),
        label=attributes.get("data-item-label"),
    )


def _number(value: str | None, default: int) -> int:
    found = _NUMBER.match(value or "")
    return int(found[1]) if found else default


def _is_layout(table: LexborNode) -> bool:
    """Whether a table lays out the page: then its cells are blocks, not cells."""
    if table.attributes.get("role") in ("presentation", "none"):
        return True
    if table.css_first("td pre, td h1, td h2, td h3") is not None:
        return True
    if table.css_first("th, caption") is not None:
        return False
    if table.css_first(_LAYOUT) is not None:
        return not _is_grid(table)
    return table.css_first("td ul, td ol, td dl") is not None and not _is_grid(table)


def _is_grid(table: LexborNode) -> bool:
    """Whether each row has several cells, and there are several rows."""
    body = table.css_first("tbody") or table
    widths = [sum(cell.tag == "td" for cell in row.iter()) for row in body.iter() if row.tag]
    return len(widths) > 1 and min(widths) > 1


def _formula_of_image(image: LexborNode) -> str:
    attributes = image.attributes
    is_formula = _MATH_IMAGE.search(attributes.get("class") or "") is not None
    return (attributes.get("alt") or "") if is_formula else ""


def _check_box(control: LexborNode) -> str:
    attributes = control.attributes
    if attributes.get("type") != "checkbox" or "name" in attributes:  # a form's: it is sent
        return ""
    return "[x] " if "checked" in attributes else "[ ] "
