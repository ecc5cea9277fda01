"""Puts what stands inside ruling lines into the rows and cells of tables."""

from typing import NamedTuple

from jobs.documents.readers.pdf.regions import rows_of
from jobs.documents.readers.pdf.rules import Grid
from jobs.documents.readers.pdf.runs import Run

_MIDDLE = 0.35  # of the font size: how far the middle of a line is above its baseline
_MAX_CELL_LINES = 12  # more of them in a single row are columns with a rule between them


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
