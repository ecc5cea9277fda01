"""Rows of a page as cells: those of ruled tables, those that gaps align over rows, and columns."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from jobs.documents.readers.pdf.regions import Row, rows_of
from jobs.documents.readers.pdf.rules import Grid
from jobs.documents.readers.pdf.runs import Run, gaps

_ALIGNED = 2.5  # points
_MIDDLE = 0.35  # of the font size: how far the middle of a line is above its baseline
_SURE_GAP = 1.0  # of the font size
_TIGHT = 1.45  # of the font size: the distance of two lines of one cell
_NEXT_ROW = 3.5  # of the font size: two rows of one table are not farther apart
_COLUMN_ROWS = 4
_COLUMN_CHARS = 16
_MARKER_GLYPHS = 5
_MAX_CELLS = 40
_MAX_CELL_LINES = 12  # more of them in a single row are columns with a rule between them


class TableRow(NamedTuple):
    """The lines of each cell, from left to right; empty cells have none."""

    cells: list[list[Row]]
    baseline: float
    bottom: float


Part = Row | TableRow


def put_into_grids(runs: list[Run], grids: list[Grid]) -> list[Run]:
    """The runs of a page; those inside a ruled table are one run a row of it, with its cells."""
    places = [_place(run, grids) for run in runs] if grids else []
    rows: dict[_Place, list[Run]] = {}
    for run, place in zip(runs, places, strict=False):
        if place is not None:
            rows.setdefault(place, []).append(run)
    cells = {place: _cells(row, grids[place.grid]) for place, row in rows.items()}
    tables = {
        index
        for index in range(len(grids))
        if _is_table([row for place, row in cells.items() if place.grid == index])
    }
    if not tables:
        return runs
    found: list[Run] = []
    for run, place in zip(runs, places, strict=True):
        if place is None or place.grid not in tables:
            found.append(run)
        elif row := rows.pop(place, None):
            found.append(_grid_row(row, cells[place]))
    return found


class _Place(NamedTuple):
    grid: int
    row: int


def _place(run: Run, grids: list[Grid]) -> _Place | None:
    middle = run.baseline + _MIDDLE * run.size
    for index, grid in enumerate(grids):
        if grid.holds((run.left + run.right) / 2, middle):
            return _Place(index, grid.row_of(middle))
    return None


def _cells(runs: list[Run], grid: Grid) -> list[list[Run]]:
    cells: list[list[Run]] = [[] for _ in range(len(grid.columns) - 1)]
    for run in runs:
        cells[grid.column_of(run.left + run.size / 2)].append(run)
    return cells


def _is_table(rows: list[list[list[Run]]]) -> bool:
    """Whether there is a row of several cells, and it is not two columns with a rule between."""
    several = [cells for cells in rows if sum(map(bool, cells)) > 1]
    if len(rows) > 1:
        return bool(several)
    return bool(several) and max(len(rows_of(cell)) for cell in rows[0] if cell) <= _MAX_CELL_LINES


def _grid_row(runs: list[Run], cells: list[list[Run]]) -> Run:
    return Run(
        glyphs=runs[0].glyphs,
        left=min(run.left for run in runs),
        right=max(run.right for run in runs),
        baseline=max(run.baseline for run in runs),
        size=runs[0].size,
        is_mono=False,
        cells=tuple(map(tuple, cells)),
        bottom=min(run.baseline for run in runs),
    )


def split_rows(rows: list[Row]) -> Iterator[Part]:
    """The rows of a region, in reading order: tables as such, columns one after the other."""
    at = 0
    while at < len(rows):
        end = _block_end(rows, at)
        block = rows[at:end]
        if rows[at].runs[0].cells:
            yield _ruled_row(rows[at])
        elif len(block) == 1:
            yield block[0]
        elif _is_columns(block):
            yield from _columns(block)
        elif _is_aligned_table(block):
            yield from _table_rows(block)
        else:
            yield from block
        at = end


def _ruled_row(row: Row) -> TableRow:
    cells = [rows_of(list(cell)) for cell in row.runs[0].cells]
    return TableRow(cells, row.runs[0].baseline, row.bottom)


def _block_end(rows: list[Row], start: int) -> int:
    """The end of the rows from `start` on whose gaps stand one below the other."""
    last = _starts(rows[start])
    end = start + 1
    if not last:
        return end
    while end < len(rows) and not rows[end].runs[0].cells:
        distance = rows[end - 1].baseline - rows[end].baseline
        starts = _starts(rows[end])
        if starts and distance < _NEXT_ROW * rows[end].size and _align(last, starts):
            last = starts
        elif not _is_continuation(rows[end], last, distance):
            break
        end += 1
    while end > start + 1 and not _starts(rows[end - 1]):
        if rows[end - 1].left < last[0].left - _ALIGNED:
            end -= 1
        else:
            break
    return end


def _starts(row: Row) -> list[Run]:
    """The runs of a row that may be cells but the first; none for code and for list items."""
    runs = row.runs
    if not 2 <= len(runs) <= _MAX_CELLS or any(run.cells for run in runs) or all(run.is_mono for run in runs):  # noqa: PLR2004
        return []
    return runs[2:] if _is_marker(runs[0]) else runs[1:]


def _is_marker(run: Run) -> bool:
    """Whether a run is the mark or number of a list item, a heading or a note."""
    text = "".join(glyph.char for glyph in run.glyphs)
    if len(text) > _MARKER_GLYPHS:
        return False
    return not text[-1].isalnum() or text.replace(".", "").isdecimal() and "." in text or text in "o*-"


def _align(upper: list[Run], lower: list[Run]) -> bool:
    places = [(run.left, run.right) for run in upper]
    return any(
        abs(run.left - left) < _ALIGNED
        or abs(run.right - right) < _ALIGNED
        or abs(run.left + run.right - left - right) < _ALIGNED
        for run in lower
        for left, right in places
    )


def _is_continuation(row: Row, starts: list[Run], distance: float) -> bool:
    """Whether a row is the next line of cells that begin in the row before."""
    if distance > _TIGHT * row.size or any(run.cells for run in row.runs):
        return False
    return all(any(abs(run.left - cell.left) < _ALIGNED for cell in starts) for run in row.runs)


def _is_columns(block: list[Row]) -> bool:
    """Whether the rows are prose in two columns that was drawn line by line across both."""
    if len(block) < _COLUMN_ROWS or any(len(row.runs) > 2 for row in block):  # noqa: PLR2004
        return False
    rights = [row.runs[-1] for row in block if len(row.runs) == 2]  # noqa: PLR2004
    lefts = [row.runs[0] for row in block]
    return all(
        median(len(run.glyphs) for run in column) >= _COLUMN_CHARS for column in (lefts, rights)
    )


def _columns(block: list[Row]) -> Iterator[Row]:
    start = min(row.runs[1].left for row in block if len(row.runs) > 1)
    for is_left in (True, False):
        runs = [run for row in block for run in row.runs if (run.left < start - 1) is is_left]
        yield from rows_of(runs)


def _is_aligned_table(block: list[Row]) -> bool:
    """Whether gaps are so wide or so many that chance does not align them."""
    several = [row for row in block if _starts(row)]
    if len(several) < 2:  # noqa: PLR2004
        return False
    widths = [width for row in several for width in gaps(row.runs)]
    return len(several) > 3 or min(widths) > _SURE_GAP  # noqa: PLR2004


def _table_rows(block: list[Row]) -> Iterator[TableRow]:
    columns = _column_places(block)
    table: list[TableRow] = []
    for row in block:
        cells = _cells_of(row, columns)
        if table and not cells[0] and _is_wrapped(table[-1], row):
            for upper, lower in zip(table[-1].cells, cells, strict=True):
                upper.extend(lower)
            table[-1] = table[-1]._replace(bottom=row.baseline)
        else:
            table.append(TableRow(cells, row.baseline, row.baseline))
    yield from table


def _is_wrapped(above: TableRow, row: Row) -> bool:
    return above.bottom - row.baseline < _TIGHT * row.size


def _column_places(block: list[Row]) -> list[float]:
    """Where columns begin: between spans of runs that no run of a full row crosses."""
    most = max(len(row.runs) for row in block)
    full = [row for row in block if len(row.runs) == most]
    spans = sorted((run.left, run.right) for row in full for run in _joined_marker(row))
    places = [spans[0][0]]
    end = spans[0][1]
    for left, right in spans:
        if left > end:
            places.append(left)
        end = max(end, right)
    return places


def _joined_marker(row: Row) -> Iterable[Run]:
    starts = _starts(row)
    if len(row.runs) - len(starts) == 2:  # noqa: PLR2004
        mark, first = row.runs[:2]
        return [first._replace(glyphs=mark.glyphs + first.glyphs, left=mark.left), *starts]
    return row.runs


def _cells_of(row: Row, columns: list[float]) -> list[list[Row]]:
    cells: list[list[Run]] = [[] for _ in columns]
    for run in row.runs:
        index = sum(run.left >= place - _ALIGNED for place in columns) - 1
        cells[max(index, 0)].append(run)
    return [rows_of(cell) for cell in cells]
