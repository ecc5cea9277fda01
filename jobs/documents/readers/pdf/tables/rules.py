"""The grids that the ruling lines of a page make: where the cells of its tables are."""

import ctypes
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from jobs.documents.readers.pdf.lines.runs import Run
from jobs.documents.readers.pdf.tables.bands import TOUCH, Rule, bands_of, is_upright, merge
from jobs.documents.readers.pdf.tables.boxes import Box, boxes_of_tables

_THIN = 2.6  # points; a rule is at most as thick
_SHORTEST = 4.0  # points
_MAX_RULES = 4000  # more of them are a drawing
_MAX_GRIDS = 60
_RECTANGLES = frozenset({4, 5, 8, 10})  # segments: of one, or of the outline of a border
_MIN_COLUMNS = 2
_DRAWN = frozenset({pdfium_c.FPDF_PAGEOBJ_PATH, pdfium_c.FPDF_PAGEOBJ_IMAGE})
_LINE_SEGMENTS = 2


class Grid(NamedTuple):
    """The edges of a table's columns (ascending) and of its rows (descending)."""

    columns: list[float]
    rows: list[float]

    def column_of(self, x: float) -> int:
        """The column in which `x` is, counted from 0."""
        return min(max(bisect_right(self.columns, x) - 1, 0), len(self.columns) - 2)

    def row_of(self, y: float) -> int:
        """The row in which `y` is, counted from 0 at the top."""
        index = bisect_right(self.rows, -y, key=lambda edge: -edge) - 1
        return min(max(index, 0), len(self.rows) - 2)

    def holds(self, x: float, y: float) -> bool:
        """Whether a place is inside."""
        is_beside = self.columns[0] - TOUCH <= x <= self.columns[-1] + TOUCH
        return is_beside and self.rows[-1] - TOUCH <= y <= self.rows[0]


def page_rules(page: pdfium.PdfPage) -> list[Rule]:
    """The rules of a page, also those that are as short as a letter; none of a drawing."""
    lines: list[Rule] = []
    boxes: list[Box] = []
    for box, segment_count in _drawings(page):
        if min(_sides(box)) <= _THIN and segment_count <= max(_RECTANGLES):
            lines.append(box)
        elif segment_count in _RECTANGLES and max(_sides(box)) >= _SHORTEST:
            boxes.append(box)
    if len(lines) + len(boxes) > _MAX_RULES:
        return []
    if boxes:
        whole = Box(0.0, 0.0, *page.get_size())
        for box in boxes_of_tables(boxes, lines, whole):
            lines += _edges(box)
    return lines


def grids_of(rules: Iterable[Rule], runs: Iterable[Run]) -> list[Grid]:
    """The tables of a page that have rules between their columns, from the top down.

    Rules that stand beside no text are those of a scroll bar or of a button.
    """
    heights = sorted(run.middle for run in runs)
    used = [
        rule
        for rule in rules
        if max(_sides(rule)) >= _SHORTEST
        and (not is_upright(rule) or _holds_any(heights, rule.bottom, rule.top))
    ]
    grids = [grid for band in bands_of(used) if (grid := _grid(band)) is not None]
    return grids if len(grids) <= _MAX_GRIDS else []


def _holds_any(heights: list[float], bottom: float, top: float) -> bool:
    return bisect_right(heights, top + TOUCH) > bisect_right(heights, bottom - TOUCH)


def _sides(rule: Rule) -> tuple[float, float]:
    return rule.right - rule.left, rule.top - rule.bottom


def _drawings(page: pdfium.PdfPage) -> Iterator[tuple[Box, int]]:
    """What is drawn on a page: its bounds, and of how many segments it is.

    Thin pictures are rules too, which printers of TeX's pages make of them.
    """
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for index in range(pdfium_c.FPDFPage_CountObjects(page.raw)):
        item = pdfium_c.FPDFPage_GetObject(page.raw, index)
        kind = pdfium_c.FPDFPageObj_GetType(item)
        if kind not in _DRAWN:
            continue
        pdfium_c.FPDFPageObj_GetBounds(item, left, bottom, right, top)
        box = Box(left.value, bottom.value, right.value, top.value)
        if kind == pdfium_c.FPDF_PAGEOBJ_PATH:
            yield box, pdfium_c.FPDFPath_CountSegments(item)
        elif min(_sides(box)) <= _THIN:
            yield box, _LINE_SEGMENTS


def _edges(box: Box) -> Iterator[Rule]:
    yield box._replace(bottom=box.top)
    yield box._replace(top=box.bottom)
    yield box._replace(left=box.right)
    yield box._replace(right=box.left)


def _grid(band: list[Rule]) -> Grid | None:
    upright = [rule for rule in band if is_upright(rule)]
    level = [rule for rule in band if not is_upright(rule)]
    ends = [x for rule in level for x in (rule.left, rule.right)]
    outer = [min(ends), max(ends)] if ends else []
    columns = merge([*outer, *((rule.left + rule.right) / 2 for rule in upright)])
    edges = [max(rule.top for rule in upright), min(rule.bottom for rule in upright)]
    rows = merge([*edges, *((rule.bottom + rule.top) / 2 for rule in level)])
    if len(columns) <= _MIN_COLUMNS:
        return None
    return Grid(columns, rows[::-1])
