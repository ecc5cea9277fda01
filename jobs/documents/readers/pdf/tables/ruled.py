"""Puts what stands inside ruling lines into the rows and cells of tables."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from jobs.documents.readers.pdf.lines.regions import rows_of
from jobs.documents.readers.pdf.lines.runs import Run, run_of
from jobs.documents.readers.pdf.tables.entries import divided_by_entries
from jobs.documents.readers.pdf.tables.rules import Grid

_NEAR_START = 2.0  # points
_ON_RULE = 0.5  # points
_MAX_CROSSED = 0.3  # of the runs: cells over several columns cross rules that end elsewhere
_SAME_LINE = 1.0  # points
_MIN_DIVIDED = 3  # lines; fewer are alike by chance
_NUMBER = re.compile(r"[-−+<>~±$€£]?\d")
_MAX_CELL_LINES = 12  # more of them in a single row are columns with a rule between them


def put_into_grids(runs: list[Run], grids: list[Grid]) -> list[Run]:
    """The runs of a page; those inside a ruled table are one run a row of it, with its cells."""
    grids = [grid for grid in grids if not _is_crossed(runs, grid)]
    if not grids:
        return runs
    runs = _cut_in_grids(runs, grids)
    places = [_place(run, grids) for run in runs]
    rows: dict[_Place, list[Run]] = {}
    for run, place in zip(runs, places, strict=True):
        if place is not None:
            rows.setdefault(place, []).append(run)
    cells = {place: _cells(row, grids[place.grid]) for place, row in rows.items()}
    cells = _without_frames(cells)
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
        elif rows.pop(place, None):
            found += map(_grid_row, _divided(cells[place]))
    return found


def _divided(cells: list[list[Run]]) -> list[list[list[Run]]]:
    """The rows of a table that stand without rules between them: lines of numbers side by side."""
    lines = [rows_of(cell) for cell in cells]
    baselines = [[row.baseline for row in column] for column in lines if column]
    count = len(baselines[0])
    are_alike = all(len(column) == count for column in baselines) and all(
        max(heights) - min(heights) < _SAME_LINE for heights in zip(*baselines, strict=True)
    )
    texts = ["".join(glyph.char for glyph in cell[0].glyphs) for cell in cells if cell]
    number_count = sum(_NUMBER.match(text) is not None for text in texts)
    if count < _MIN_DIVIDED or not are_alike or 2 * number_count < len(texts):
        return divided_by_entries(lines) or [cells]
    return [[column[number].runs if column else [] for column in lines] for number in range(count)]


def _is_crossed(runs: list[Run], grid: Grid) -> bool:
    """Whether letters stand on the rules between columns: what is drawn is not around them."""
    inside = [run for run in runs if _is_inside(run, grid)]
    crossed = sum(
        any(glyph.left < edge - _ON_RULE and edge + _ON_RULE < glyph.right for glyph in run.glyphs)
        for run in inside
        for edge in grid.columns[1:-1]
        if run.left < edge < run.right
    )
    return crossed > _MAX_CROSSED * len(inside)


def _is_inside(run: Run, grid: Grid) -> bool:
    return grid.holds((run.left + run.right) / 2, run.middle)


def _cut_in_grids(runs: list[Run], grids: list[Grid]) -> list[Run]:
    inside: dict[int, list[Run]] = {}
    places = [_place(run, grids) for run in runs]
    for run, place in zip(runs, places, strict=True):
        if place is not None:
            inside.setdefault(place.grid, []).append(run)
    starts = {number: _starts(found, grids[number]) for number, found in inside.items()}
    return [
        part
        for run, place in zip(runs, places, strict=True)
        for part in _cut(run, starts[place.grid] if place else [])
    ]


class _Place(NamedTuple):
    grid: int
    row: int


def _place(run: Run, grids: list[Grid]) -> _Place | None:
    for index, grid in enumerate(grids):
        if _is_inside(run, grid):
            return _Place(index, grid.row_of(run.middle))
    return None


def _cells(runs: list[Run], grid: Grid) -> list[list[Run]]:
    cells: list[list[Run]] = [[] for _ in range(len(grid.columns) - 1)]
    for run in runs:
        cells[_column(run, grid)].append(run)
    return cells


def _without_frames(cells: dict["_Place", list[list[Run]]]) -> dict["_Place", list[list[Run]]]:
    """The same without outer columns that are empty all the way: a table may have two borders."""
    used: dict[int, set[int]] = {}
    for place, row in cells.items():
        used.setdefault(place.grid, set()).update(n for n, cell in enumerate(row) if cell)
    return {
        place: row[min(used[place.grid]) : max(used[place.grid]) + 1]
        for place, row in cells.items()
    }


def _column(run: Run, grid: Grid) -> int:
    return grid.column_of(run.left + run.size / 2)


def _starts(runs: list[Run], grid: Grid) -> list[int]:
    """Where most cells of each column begin, in whole points."""
    lefts: list[Counter[int]] = [Counter() for _ in grid.columns]
    for run in runs:
        lefts[_column(run, grid)][round(run.left)] += 1
    return [counter.most_common(1)[0][0] for counter in lefts if counter]


def _cut(run: Run, starts: list[int]) -> Iterator[Run]:
    """The parts of a run that goes on where the next cell begins: one a cell."""
    crossed = [start for start in starts if run.left + run.size < start < run.right]
    if not crossed:
        yield run
        return
    cuts = [
        index
        for index, (before, glyph) in enumerate(pairwise(run.glyphs), start=1)
        if (glyph.is_spaced or (glyph.style is not before.style and glyph.char.isalnum()))
        and any(abs(glyph.left - start) < _NEAR_START for start in crossed)
    ]
    for start, end in pairwise([0, *cuts, len(run.glyphs)]):
        yield run_of(run.glyphs[start:end])


def _is_table(rows: list[list[list[Run]]]) -> bool:
    """Whether there is a row of several cells, and it is not two columns with a rule between."""
    several = [cells for cells in rows if sum(map(bool, cells)) > 1]
    if len(rows) > 1:
        return bool(several)
    return bool(several) and max(len(rows_of(cell)) for cell in rows[0] if cell) <= _MAX_CELL_LINES


def _grid_row(cells: list[list[Run]]) -> Run:
    runs = [run for cell in cells for run in cell]
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
