"""Rows of a page as cells, where gaps stand one below the other, or as columns of prose."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from jobs.documents.readers.pdf.lines.line_text import defined_tag, is_signature, starts_raised
from jobs.documents.readers.pdf.lines.regions import Row, rows_of
from jobs.documents.readers.pdf.lines.runs import Run, are_code, gaps, have_leaders, run_of

_ALIGNED = 2.5  # points
_SURE_GAP = 1.0  # of the font size
_TIGHT = 1.45  # of the font size: the distance of two lines of one cell
_NEXT_ROW = 3.5  # of the font size: two rows of one table are not farther apart
_SAME_SIZE = 0.07  # of the font size
_FEW_ROWS = 3
_MARKER_GAP = 2.5  # of the font size: what stands farther from a sign is a cell
_CODE_ENDS = frozenset(";{}")  # of code in a proportional font
_EXACT = 0.6  # points
_CORRIDOR = 0.2  # of the font size: a narrower one is none
_CROSSED = 8  # rows, of which one may cross a corridor
_COLUMN_ROWS = 4
_COLUMN_CHARS = 16
_RAGGED = 0.2  # of a column's width: how much shorter a full line may be
_FULL_SHARE = 0.5
_GOING_ON_SHARE = 0.3
_FIRST_CJK = "\u2e80"
_BULLETS = frozenset("•‣◦▪●○")
_MARKER_GLYPHS = 5
_ROMAN = frozenset("ivxlc")
_MAX_CELLS = 40


class TableRow(NamedTuple):
    """The lines of each cell, from left to right; empty cells have none."""

    cells: list[list[Row]]
    baseline: float
    bottom: float


Part = Row | TableRow


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
        elif columns := _columns(block):
            for column in columns:
                yield from column
        elif _is_aligned_table(block) and not _is_justified(rows, at, end):
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
        is_next = distance < _NEXT_ROW * rows[end].size and _is_alike(rows[start], rows[end])
        if starts and is_next and _align(last, starts):
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
    """The runs of a row that may be cells but the first; none for code, list items and leaders."""
    runs = row.runs
    if not 2 <= len(runs) <= _MAX_CELLS or any(run.cells for run in runs):
        return []
    if are_code(runs) or have_leaders(runs) or defined_tag(runs) or is_signature(runs):
        return []
    is_near = runs[1].left - runs[0].right < _MARKER_GAP * runs[1].size
    is_item = _is_bullet(runs[0]) or (is_near and _is_marker(runs[0]))
    return runs[2:] if is_item or starts_raised(runs) else runs[1:]


def _is_bullet(run: Run) -> bool:
    """Whether a run is the bullet of an item, however far from it."""
    return len(run.glyphs) == 1 and run.glyphs[0].char in _BULLETS


def _is_marker(run: Run) -> bool:
    """Whether a run is the mark or number of a list item, a heading or a note."""
    text = "".join(glyph.char for glyph in run.glyphs)
    if len(text) > _MARKER_GLYPHS:
        return False
    core = text.strip(".:()[]*-•–")
    is_number = core.replace(".", "").isdecimal() or len(core) == 1 or set(core) <= _ROMAN
    return not any(map(str.isalnum, core)) or (is_number and core != text) or text == "o"


def _is_alike(first: Row, row: Row) -> bool:
    """Whether two rows are set equally large; titles of two levels are not."""
    return abs(first.size - row.size) < _SAME_SIZE * first.size


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


def _columns(block: list[Row]) -> list[list[Row]]:
    """The rows of each column of prose that was drawn line by line across; none for a table."""
    edges = _corridors(block) if len(block) >= _COLUMN_ROWS else []
    columns: list[list[Run]] = [[] for _ in range(len(edges) + 1)]
    for run in (run for row in block for run in row.runs):
        columns[bisect_right(edges, run.left)].append(run)
    found = [rows_of(column) for column in columns]
    return found if edges and all(map(_is_prose, found)) else []


def _is_prose(column: list[Row]) -> bool:
    """Whether most lines of a column are full, and enough of them go on in the next one."""
    if len(column) < _COLUMN_ROWS - 1 or all(are_code(row.runs) for row in column):
        return False
    lengths = [sum(len(run.glyphs) for run in row.runs) for row in column]
    left, right = min(row.left for row in column), max(row.right for row in column)
    full = sum(row.right > right - _RAGGED * (right - left) for row in column)
    starts = [row.runs[0].glyphs[0].char for row in column[1:]]
    going_on = sum(char.islower() or char >= _FIRST_CJK for char in starts)
    is_full = full >= _FULL_SHARE * len(column) and median(lengths) >= _COLUMN_CHARS
    return is_full and going_on >= _GOING_ON_SHARE * len(starts)


def _is_aligned_table(block: list[Row]) -> bool:
    """Whether gaps are so wide or so many that chance does not align them."""
    several = [row for row in block if _starts(row)]
    if len(several) < 2 or all(row.runs[-1].glyphs[-1].char in _CODE_ENDS for row in block):
        return False
    widths = [width for row in several for width in gaps(row.runs)]
    return len(several) > 3 or min(widths) > _SURE_GAP


def _is_justified(rows: list[Row], start: int, end: int) -> bool:
    """Whether rows end alike, a few of them with the prose beside them: their gaps fill the line.

    Of more than a few, one gap has to be as narrow as those of prose.
    """
    several = [row for row in rows[start:end] if _starts(row)]
    ends = [row.right for row in several if not _ends_in_number(row)]
    are_alike = len(ends) > 1 and max(ends) - min(ends) < 1
    if end - start > _FEW_ROWS:
        return are_alike and min(gap for row in several for gap in gaps(row.runs)) < _SURE_GAP
    if are_alike:
        return True
    beside = [rows[at] for at in (start - 1, end) if 0 <= at < len(rows)]
    return any(
        abs(row.right - other.right) < 1 and len(other.runs) == 1 and not other.runs[0].cells
        for other in beside
        for row in rows[start:end]
    )


def _ends_in_number(row: Row) -> bool:
    return row.runs[-1].glyphs[-1].char.isdecimal()


def _table_rows(block: list[Row]) -> Iterator[Part]:
    block = _cut_at_starts(block)
    edges = _corridors(block)
    if not edges:
        yield from block
        return
    table: list[TableRow] = []
    for row in block:
        cells = _cells_of(row, edges)
        if table and not cells[0] and _is_wrapped(table[-1], row):
            for upper, lower in zip(table[-1].cells, cells, strict=True):
                upper.extend(lower)
            table[-1] = table[-1]._replace(bottom=row.baseline)
        else:
            table.append(TableRow(cells, row.baseline, row.baseline))
    yield from table


def _cut_at_starts(block: list[Row]) -> list[Row]:
    """The rows, cut too where a word begins below the cells of other rows, though near a word."""
    lefts = sorted(run.left for row in block for run in _starts(row))
    starts = [
        left
        for left, following in pairwise(lefts)
        if following - left < _EXACT and left > block[0].left + 1
    ]
    return [
        row._replace(runs=[part for run in row.runs for part in _cut(run, starts)]) for row in block
    ]


def _cut(run: Run, starts: list[float]) -> Iterator[Run]:
    glyphs = run.glyphs
    cuts = [
        index
        for index, glyph in enumerate(glyphs)
        if index and glyph.is_spaced and _is_near(glyph.left, starts)
    ]
    if not cuts or run.is_mono:
        yield run
        return
    for start, end in pairwise([0, *cuts, len(glyphs)]):
        yield run_of(glyphs[start:end])


def _is_near(left: float, starts: list[float]) -> bool:
    at = bisect_right(starts, left + _EXACT)
    return at > 0 and left - starts[at - 1] < _EXACT


def _is_wrapped(above: TableRow, row: Row) -> bool:
    return above.bottom - row.baseline < _TIGHT * row.size


def _corridors(block: list[Row]) -> list[float]:
    """The middles of the white corridors that run down a block, from left to right.

    A few rows of many may cross one, as titles over several columns do.
    """
    spans = [span for row in block for span in _spans(row)]
    allowed = len(block) // _CROSSED
    size = block[0].size
    ends = sorted([(left, 1) for left, _ in spans] + [(right, -1) for _, right in spans])
    found: list[float] = []
    depth, start = 0, float("inf")
    for place, change in ends:
        if change > 0 and depth == allowed and place - start > _CORRIDOR * size:
            found.append((start + place) / 2)
        depth += change
        if change < 0 and depth == allowed:
            start = place
    return [middle for middle in found if _parts(block, middle)]


def _spans(row: Row) -> Iterator[tuple[float, float]]:
    """From where to where the cells of a row may go; a list item's mark is part of its cell."""
    starts = _starts(row)
    first = row.runs[: len(row.runs) - len(starts)]
    yield first[0].left, first[-1].right
    yield from ((run.left, run.right) for run in starts)


def _parts(block: list[Row], middle: float) -> bool:
    """Whether a corridor parts enough rows: something is on both sides of it."""
    parted = sum(row.left < middle < row.right for row in block)
    return parted >= 2 and parted * 3 > len(block)


def _cells_of(row: Row, edges: list[float]) -> list[list[Row]]:
    cells: list[list[Run]] = [[] for _ in range(len(edges) + 1)]
    for run in row.runs:
        cells[bisect_right(edges, run.left)].append(run)
    return [rows_of(cell) for cell in cells]
