"""Tells a table that only lays out a page from one of data."""

from selectolax.lexbor import LexborNode

_HEADINGS = "td h1, td h2, td h3"
_CODE = "td pre, th pre"
_CELLS = frozenset({"td", "th"})
_LAYOUT = "td table, td h4, td pre, td blockquote"


def is_layout(table: LexborNode) -> bool:
    """Whether a table lays out the page: then its cells are blocks, not cells."""
    if table.attributes.get("role") in ("presentation", "none"):
        return True
    if table.css_first(_HEADINGS) is not None or any(map(_is_block, table.css(_CODE))):
        return True
    if table.css_first("th, caption") is not None:
        return False
    if table.css_first(_LAYOUT) is not None:
        return not _is_grid(table)
    return table.css_first("td ul, td ol, td dl") is not None and not _is_grid(table)


def _is_block(code: LexborNode) -> bool:
    """Whether code is more than a name or a command that is all that its cell has."""
    text, cell = code.text().strip(), code.parent
    is_alone = cell is not None and cell.tag in _CELLS and cell.text().strip() == text
    return not is_alone or "\n" in text or code.css_first("br, div") is not None


def _is_grid(table: LexborNode) -> bool:
    """Whether each row has several cells, and there are several rows."""
    body = table.css_first("tbody") or table
    widths = [sum(cell.tag == "td" for cell in row.iter()) for row in body.iter() if row.tag]
    return len(widths) > 1 and min(widths) > 1
