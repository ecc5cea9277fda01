"""Tables: those that only lay out a page are told, of others each row becomes a line."""

from typing import NamedTuple

from selectolax.lexbor import LexborNode

_CELL_GLUE = " | "
_MAX_COLUMNS, _MAX_ROWS = 50, 500  # of one cell
_MAX_SPANNED_COLUMNS = 200  # of a row: further cells take one column and one row
_MAX_REPEATED_CHARS = 100  # a longer cell stands only in the first of its rows
_HEADINGS = "td h1, td h2, td h3"
_CODE = "td pre, th pre"
_CELLS = frozenset({"td", "th"})
_LAYOUT = "td table, td h4, td pre, td blockquote"


class Span(NamedTuple):
    """How many columns and rows a cell takes."""

    columns: int = 1
    rows: int = 1


class _Hanging(NamedTuple):
    """What a cell of a row above puts into a column, and into how many more rows."""

    text: str
    row_count: int


class TableRows:
    """One table; at most one row is open. Spanning cells keep the others in their place."""

    def __init__(self) -> None:
        self.is_open = False
        self._cells: list[str] = []
        self._cell_count = 0
        self._is_begun = False
        self._hanging: dict[int, _Hanging] = {}

    def open_row(self) -> None:
        """A row begins."""
        self.is_open = True
        self._cells, self._cell_count = [], 0

    def add_cell(self, text: str, span: Span) -> None:
        """A cell of the open row: its text stands in each of its rows, in the first column."""
        self._hang_down()
        self._cell_count += 1
        if len(self._cells) >= _MAX_SPANNED_COLUMNS:
            span = Span()
        row_count = min(span.rows, _MAX_ROWS) - 1
        for column in range(max(1, min(span.columns, _MAX_COLUMNS))):
            shown = "" if column else text
            if row_count > 0:
                below = shown if len(shown) <= _MAX_REPEATED_CHARS else ""
                self._hanging[len(self._cells)] = _Hanging(below, row_count)
            self._cells.append(shown)

    def close_row(self) -> str:
        """The line of the row that ends."""
        is_alone = self._cell_count == 1 and not self._hanging
        self._hang_down()
        self.is_open = False
        if not self._is_begun:  # a heading over the table, or a page's head set as a table
            is_alone = is_alone or sum(map(bool, self._cells)) == 1
        self._is_begun = self._is_begun or any(self._cells)
        cells = list(filter(None, self._cells)) if is_alone else self._cells
        return _CELL_GLUE.join(cells).rstrip() if any(cells) else ""

    def _hang_down(self) -> None:
        while (hanging := self._hanging.pop(len(self._cells), None)) is not None:
            if hanging.row_count > 1:
                self._hanging[len(self._cells)] = hanging._replace(row_count=hanging.row_count - 1)
            self._cells.append(hanging.text)


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
