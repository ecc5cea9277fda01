"""Code whose lines only style shows: in cells, in blocks, with breaks; it becomes a `pre`."""

import re
from collections.abc import Iterable
from html import escape

from selectolax.lexbor import LexborHTMLParser, LexborNode

_LANGUAGE = re.compile(r"\s*[A-Za-z][\w+#-]{0,14}\s*")
_NO_BREAK, _LINE_END = "\xa0", "\v"


def join_cells(lines_of_code: list[LexborNode]) -> None:
    """Code that stands in the rows of a table becomes a `pre`."""
    tables: dict[int, list[LexborNode]] = {}
    for cell in lines_of_code:
        table = _table_of(cell)
        if table is not None:
            tables.setdefault(table.mem_id, []).append(cell)
    for cells in tables.values():
        table = _table_of(cells[0])
        if table is not None:
            _replace_by_code(table, [cell.text().strip("\n") for cell in cells])


def _table_of(cell: LexborNode) -> LexborNode | None:
    node = cell.parent
    while node is not None and node.tag != "table":
        node = node.parent
    return node


def join_lines(fragment: LexborNode) -> None:
    """Lines of code that are blocks of their own become a `pre`, without their numbers.

    Nothing else may stand beside them but what a pointer over them shows.
    """
    lines = []
    for child in fragment.iter(include_text=True):
        classes = (child.attributes.get("class") or "").split() if child.tag == "div" else []
        if "line" in classes and len(child.css("div")) == 1:
            lines.append(_line_of_code(child))
        elif "ttc" not in classes and child.tag != "_comment" and child.text(strip=True):
            return
    if lines:
        _replace_by_code(fragment, lines)


def _line_of_code(line: LexborNode) -> str:
    numbers = line.css(".lineno")
    for number in numbers:
        number.decompose()
    return line.text().removeprefix("\xa0" if numbers else "")


def keep_indents(breaks: Iterable[LexborNode]) -> None:
    """Code within a line that has lines after all, indented by no-break spaces, is a `pre`."""
    seen: set[int] = set()
    for found in breaks:
        code = found.parent
        if code is None or code.mem_id in seen or code.tag != "code":
            continue
        seen.add(code.mem_id)
        is_kept = code.parent is not None and code.parent.tag in ("pre", "code")
        if not is_kept and _NO_BREAK in code.text() and all(_is_plain(c) for c in code.iter()):
            for line_end in code.css("br"):
                line_end.replace_with(_LINE_END)
            lines = code.text().split(_LINE_END)
            _replace_by_code(
                code, (" ".join(re.split(r"[ \t\n]+", line)).strip(" ") for line in lines)
            )


def _is_plain(node: LexborNode) -> bool:
    return node.tag == "br" or node.css_first("br") is None


def drop_language(code: LexborNode) -> None:
    """VitePress: in which language code is, beside it."""
    name = code.prev
    while name is not None and name.tag == "-text" and not (name.text_content or "").strip():
        name = name.prev
    if name is not None and name.tag == "span" and _LANGUAGE.fullmatch(name.text()):
        name.decompose()


def _replace_by_code(node: LexborNode, lines: Iterable[str]) -> None:
    text = escape("\n".join(lines))
    code = LexborHTMLParser(f"<pre>\n{text}</pre>").css_first("pre")
    if code is not None:
        node.replace_with(code)
