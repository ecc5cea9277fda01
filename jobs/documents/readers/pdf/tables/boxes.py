"""Tells the cells of tables that are drawn as boxes from what only stands on a background."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_TOUCH = 3.0  # points between the boxes of neighbouring cells
_MEETS = 1.5  # points from the end of a rule to the side that it meets
_OWN_CORNERS = 2  # on each side
_LARGE = 0.6  # of the width and the height of the page: a background, or the frame of everything


class Box(NamedTuple):
    """A rectangle or a line, in points."""

    left: float
    bottom: float
    right: float
    top: float


def boxes_of_tables(boxes: Iterable[Box], lines: Iterable[Box], page: Box) -> Iterator[Box]:
    """The boxes that stand side by side with others, or that lines divide; each once.

    A line of code, a button, a whole page have a background, too, and are no cells.
    """
    width, height = page.right - page.left, page.top - page.bottom
    known = {tuple(round(place / _TOUCH) for place in box): box for box in boxes}
    found = [
        box
        for box in known.values()
        if box.right - box.left < _LARGE * width or box.top - box.bottom < _LARGE * height
    ]
    corners = _Points(_corners(box) for box in found)
    ends = _Points(_ends(line) for line in lines)
    for box in found:
        if any(
            corners.count(side, _TOUCH) > _OWN_CORNERS or ends.count(side, _MEETS)
            for side in _sides(box)
        ):
            yield box


class _Points:
    """Points, to be counted on upright and on level lines."""

    def __init__(self, groups: Iterable[Iterable[tuple[float, float]]]) -> None:
        self._by_x: dict[int, list[tuple[float, float]]] = defaultdict(list)
        self._by_y: dict[int, list[tuple[float, float]]] = defaultdict(list)
        for x, y in (point for group in groups for point in group):
            self._by_x[round(x / _TOUCH)].append((y, x))
            self._by_y[round(y / _TOUCH)].append((x, y))
        for places in (*self._by_x.values(), *self._by_y.values()):
            places.sort()

    def count(self, side: Box, reach: float) -> int:
        """How many points are on a side or not further from it than `reach`."""
        if side.left == side.right:
            return _count(self._by_x, side.left, side.bottom, side.top, reach)
        return _count(self._by_y, side.top, side.left, side.right, reach)


def _count(
    places: dict[int, list[tuple[float, float]]], at: float, start: float, end: float, reach: float
) -> int:
    key, count = round(at / _TOUCH), 0
    for near in (key - 1, key, key + 1):
        points = places.get(near, ())
        first = bisect_left(points, (start - reach,))
        last = bisect_right(points, (end + reach, float("inf")))
        for place in range(first, last):
            count += abs(points[place][1] - at) <= reach
            if count > _OWN_CORNERS:
                return count
    return count


def _corners(box: Box) -> list[tuple[float, float]]:
    return [(x, y) for x in (box.left, box.right) for y in (box.bottom, box.top)]


def _ends(line: Box) -> list[tuple[float, float]]:
    if line.right - line.left >= line.top - line.bottom:
        middle = (line.top + line.bottom) / 2
        return [(line.left, middle), (line.right, middle)]
    middle = (line.left + line.right) / 2
    return [(middle, line.bottom), (middle, line.top)]


def _sides(box: Box) -> Iterator[Box]:
    yield box._replace(right=box.left)
    yield box._replace(left=box.right)
    yield box._replace(bottom=box.top)
    yield box._replace(top=box.bottom)
