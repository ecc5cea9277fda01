"""The rows of a table as lines: cells that span rows or columns keep the others in their place."""

from typing import NamedTuple

_CELL_GLUE = " | "
_MAX_COLUMNS, _MAX_ROWS = 50, 500  # of one cell
_MAX_SPANNED_COLUMNS = 200  # of a row: further cells take one column and one row
_MAX_REPEATED_CHARS = 100  # a longer cell stands only in the first of its rows


class Span(NamedTuple):
    """How many columns and rows a cell takes."""

    columns: int = 1
    rows: int = 1


class _Hanging(NamedTuple):
    """What a cell of a row above puts into a column, and into how many more rows."""

    text: str
    row_count: int


class TableRows:
    """One table; at most one row of it is open."""

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
