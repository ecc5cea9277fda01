"""The grids that the ruling lines of a page make: where the cells of its tables are."""

import ctypes
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from jobs.documents.readers.pdf.tables.boxes import Box, boxes_of_tables

_THIN = 2.6  # points; a rule is at most as thick
_SHORTEST = 4.0  # points
_TOUCH = 3.0  # points between rules that are meant to meet
_APART = 6.0  # points between boxes that are no cells of one table
_MAX_RULES = 4000  # more of them are a drawing
_MAX_GRIDS = 60
_RECTANGLES = frozenset({4, 5, 8, 10})  # segments: of one, or of the outline of a border
_MIN_COLUMNS = 2
_DRAWN = frozenset({pdfium_c.FPDF_PAGEOBJ_PATH, pdfium_c.FPDF_PAGEOBJ_IMAGE})
_LINE_SEGMENTS = 2


Rule = Box  # a thin line or the edge of a rectangle; level or upright
_END = Rule(0.0, 0.0, 0.0, float("-inf"))  # below every page


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
        is_beside = self.columns[0] - _TOUCH <= x <= self.columns[-1] + _TOUCH
        return is_beside and self.rows[-1] - _TOUCH <= y <= self.rows[0]


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


def grids_of(rules: Iterable[Rule]) -> list[Grid]:
    """The tables of a page that have rules between their columns, from the top down."""
    long = [rule for rule in rules if max(_sides(rule)) >= _SHORTEST]
    bands = (part for band in _bands(long) for part in _side_by_side(band))
    grids = [grid for band in bands if (grid := _grid(band)) is not None]
    return grids if len(grids) <= _MAX_GRIDS else []


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


def _is_upright(rule: Rule) -> bool:
    return rule.top - rule.bottom > rule.right - rule.left


def _bands(rules: list[Rule]) -> Iterator[list[Rule]]:
    """Rules that belong together: upright ones that meet, and the level ones between their ends."""
    upright = sorted(filter(_is_upright, rules), key=lambda rule: -rule.top)
    level = sorted((rule for rule in rules if not _is_upright(rule)), key=lambda rule: rule.bottom)
    heights = [rule.bottom for rule in level]
    band: list[Rule] = []
    bottom = 0.0
    for rule in [*upright, _END]:
        if band and rule.top < bottom - _TOUCH:
            first = bisect_left(heights, bottom - _TOUCH)
            end = bisect_right(heights, band[0].top + _TOUCH)
            yield band + level[first:end]
            band = []
        bottom = min(bottom, rule.bottom) if band else rule.bottom
        band.append(rule)


def _side_by_side(band: list[Rule]) -> Iterator[list[Rule]]:
    """The rules of a band in parts that stand apart, as boxes in two columns of a page do."""
    part: list[Rule] = []
    end = 0.0
    for rule in sorted(band, key=lambda rule: rule.left):
        if part and rule.left > end + _APART:
            if any(map(_is_upright, part)):
                yield part
            part = []
        end = max(end, rule.right) if part else rule.right
        part.append(rule)
    if any(map(_is_upright, part)):
        yield part


def _grid(band: list[Rule]) -> Grid | None:
    upright = [rule for rule in band if _is_upright(rule)]
    level = [rule for rule in band if not _is_upright(rule)]
    ends = [x for rule in level for x in (rule.left, rule.right)]
    outer = [min(ends), max(ends)] if ends else []
    columns = _merge([*outer, *((rule.left + rule.right) / 2 for rule in upright)])
    edges = [max(rule.top for rule in upright), min(rule.bottom for rule in upright)]
    rows = _merge([*edges, *((rule.bottom + rule.top) / 2 for rule in level)])
    if len(columns) <= _MIN_COLUMNS:
        return None
    return Grid(columns, rows[::-1])


def _merge(places: Iterable[float]) -> list[float]:
    """The places in order; those that touch are one."""
    merged: list[float] = []
    for place in sorted(places):
        if not merged or place - merged[-1] > _TOUCH:
            merged.append(place)
    return merged
