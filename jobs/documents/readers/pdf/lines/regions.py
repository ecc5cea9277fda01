"""The runs of a page in reading order: columns one after the other, the rows of each."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from statistics import median
from typing import NamedTuple

from jobs.documents.readers.pdf.lines.runs import Run, are_code, is_rtl

_SAME_ROW = 0.35  # of the font size, as all shares here
_SAME_HEIGHT = 0.5
_RAISED = 0.6
_SMALLER = 0.93
_MARK_GLYPHS = 4
_MARK_REACH = 2.5
_SMALL_JUMP = 0.8
_COLUMN_ROWS = 4  # a column has at least as many
_COLUMN_CHARS = 18  # and rows of as many characters, usually
_OWN_ROWS = 3  # fewer may be one cell beside another
_PAIRED = 0.15
_FEW = 12  # one run of so many may be a title, a foot or a formula
_LATEST = 150  # runs of the region before that are looked at
_MAX_REORDERED = 200  # regions; more of them stay in the order of the content


class Row(NamedTuple):
    """Runs on one baseline, in the order in which they are read."""

    runs: list[Run]
    baseline: float
    bottom: float
    size: float

    @property
    def left(self) -> float:
        """Where its leftmost run begins."""
        return min(run.left for run in self.runs)

    @property
    def right(self) -> float:
        """Where its rightmost run ends."""
        return max(run.right for run in self.runs)


class _Region(NamedTuple):
    runs: list[Run]
    left: float
    right: float
    bottom: float
    top: float


def page_regions(runs: Iterable[Run]) -> list[list[Row]]:
    """The rows of each column or other part of a page, in reading order."""
    regions: list[_Region] = []
    for stream in map(_region, _streams(runs)):
        if regions and _overlaps(stream, regions[-1]) and not _is_beside(stream, regions[-1]):
            regions[-1] = _merge(regions[-1], stream)
        else:
            regions.append(stream)
    return [rows_of(region.runs) for region in _reorder(regions)]


def rows_of(runs: list[Run]) -> list[Row]:
    """Runs that stand on one baseline together, from the top down."""
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: -run.baseline):
        if rows and not run.cells and (_is_same_row(rows[-1][0], run) or _is_mark(rows[-1], run)):
            rows[-1].append(run)
        else:
            rows.append([run])
    return list(map(_row, rows))


def _is_mark(row: list[Run], run: Run) -> bool:
    """Whether a row is only a raised mark on `run`, below it, or `run` a lowered one of the row."""
    if len(row) > 1 or row[0].cells:
        return False
    large, small = (row[0], run) if row[0].size > run.size else (run, row[0])
    is_small = small.size < _SMALLER * large.size and len(small.glyphs) <= _MARK_GLYPHS
    is_near = row[0].baseline - run.baseline < _RAISED * large.size
    is_beside = large.left - _MARK_REACH * large.size <= small.left <= large.right + large.size
    return is_small and is_near and is_beside


def _is_same_row(first: Run, run: Run) -> bool:
    size = min(first.size, run.size)
    return not first.cells and first.baseline - run.baseline < _SAME_ROW * size


def _row(runs: list[Run]) -> Row:
    rtl_count = sum(is_rtl(glyph.char) for run in runs for glyph in run.glyphs[:3])
    if rtl_count * 2 > len(runs):
        ordered = sorted(runs, key=lambda run: -run.right)
    else:
        ordered = sorted(runs, key=lambda run: run.left)
    main = max(runs, key=lambda run: (len(run.glyphs), run.size))
    bottom = min(run.bottom if run.cells else run.baseline for run in runs)
    return Row(ordered, main.baseline, bottom, main.size)


def _streams(runs: Iterable[Run]) -> Iterator[list[Run]]:
    """Runs up to where the content goes back up the page."""
    stream: list[Run] = []
    for run in runs:
        if stream:
            last = stream[-1]
            rise = run.baseline - (last.bottom if last.cells else last.baseline)
            if rise > _SMALL_JUMP * max(run.size, last.size):
                yield stream
                stream = []
        stream.append(run)
    if stream:
        yield stream


def _region(runs: list[Run]) -> _Region:
    return _Region(
        runs,
        left=min(run.left for run in runs),
        right=max(run.right for run in runs),
        bottom=min(run.bottom if run.cells else run.baseline for run in runs),
        top=max(run.baseline for run in runs),
    )


def _merge(region: _Region, stream: _Region) -> _Region:
    region.runs.extend(stream.runs)
    return _Region(
        region.runs,
        min(region.left, stream.left),
        max(region.right, stream.right),
        min(region.bottom, stream.bottom),
        max(region.top, stream.top),
    )


def _overlaps(stream: _Region, region: _Region) -> bool:
    slack = _SAME_HEIGHT * stream.runs[0].size
    return stream.bottom <= region.top + slack and region.bottom <= stream.top


def _is_beside(stream: _Region, region: _Region) -> bool:
    """Whether a stream is a column beside what `region` has at its height, not cells of it."""
    latest = region.runs[-_LATEST:]
    slack = _SAME_HEIGHT * stream.runs[0].size
    beside = [run for run in latest if stream.bottom - slack <= run.baseline <= stream.top + slack]
    if not beside:
        return not _is_in_column(stream, region)
    top = max(run.baseline for run in beside) + slack
    bottom = min(run.baseline for run in beside) - slack
    own = [run for run in stream.runs if bottom <= run.baseline <= top]
    if not own:
        return not _is_in_column(stream, region)
    is_apart = _left_of(own) >= _right_of(beside) or _right_of(own) <= _left_of(beside)
    if not is_apart:
        return False
    return _are_unpaired(own, beside) or (_is_prose(beside) and (_is_prose(own) or _is_code(own)))


def _are_unpaired(own: list[Run], beside: list[Run]) -> bool:
    """Whether what stands side by side has rows of its own, as code beside what it prints."""
    rows, others = _plain_rows(own), _plain_rows(beside)
    if min(len(rows), len(others)) < _OWN_ROWS:
        return False
    heights = sorted(row.baseline for row in others)
    paired = sum(
        bisect_left(heights, row.baseline - _PAIRED * row.size)
        < bisect_right(heights, row.baseline + _PAIRED * row.size)
        for row in rows
    )
    return 2 * paired < len(rows)


def _plain_rows(runs: list[Run]) -> list[Row]:
    return rows_of([run for run in runs if not run.cells])


def _left_of(runs: list[Run]) -> float:
    """Where most of the runs begin at the latest, but for a few that stand elsewhere."""
    return sorted(run.left for run in runs)[len(runs) // _FEW]


def _right_of(runs: list[Run]) -> float:
    return sorted(run.right for run in runs)[-1 - len(runs) // _FEW]


def _is_code(runs: list[Run]) -> bool:
    return len(_plain_rows(runs)) >= _COLUMN_ROWS and are_code(runs)


def _is_prose(runs: list[Run]) -> bool:
    rows = _plain_rows(runs) if len(runs) >= _COLUMN_ROWS else []
    lengths = [sum(len(run.glyphs) for run in row.runs) for row in rows]
    return len(rows) >= _COLUMN_ROWS and median(lengths) >= _COLUMN_CHARS


def _reorder(regions: list[_Region]) -> list[_Region]:
    """Regions in content order, but none after one that is wholly below it in the same column."""
    if len(regions) > _MAX_REORDERED:
        return regions
    ordered: list[_Region] = []
    for region in regions:
        at = len(ordered)
        while at and _is_above(region, ordered[at - 1]):
            at -= 1
        ordered.insert(at, region)
    return ordered


def _is_above(region: _Region, other: _Region) -> bool:
    return _is_in_column(region, other) and region.bottom > other.top


def _is_in_column(region: _Region, other: _Region) -> bool:
    """Whether one is over, under or, as a title that is drawn later, between lines of the other."""
    return region.left < other.right and other.left < region.right
