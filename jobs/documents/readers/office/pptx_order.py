"""The order in which the shapes of a slide are read: a file has them in that of their making."""

from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple
from xml.etree import ElementTree as ET

from jobs.documents.readers.office.ooxml import as_number, first, local, value_of

_PROPERTIES = ("spPr", "grpSpPr")
_SAME_ROW = 45_720  # English Metric Units, a twentieth of an inch
_MAX_SHAPES = 300  # of a slide, or of a group: more are a drawing


class Place(NamedTuple):
    """Where a shape is, in English Metric Units from the left and the top."""

    left: int
    top: int
    right: int
    bottom: int


def place_of(forms: Iterable[ET.Element | None]) -> Place | None:
    """Where a shape is, by the first of its forms that says so: its own, its layout's."""
    for form in forms:
        frame = _frame_of(form) if form is not None else None
        if frame is None:
            continue
        corner, size = first(frame, "off"), first(frame, "ext")
        left, top = _length(corner, "x"), _length(corner, "y")
        return Place(left, top, left + _length(size, "cx"), top + _length(size, "cy"))
    return None


def reading_order(places: Sequence[Place | None]) -> list[int]:
    """The numbers of shapes in the order of reading.

    That of the file is kept, by rows or by columns, unless it has a shape before one above it in
    its column or left of it in its row: then it goes by rows.
    """
    as_made = list(range(len(places)))
    known = [place for place in places if place is not None]
    if len(known) < len(places) or len(known) > _MAX_SHAPES:
        return as_made
    is_read_so = not any(_is_before(after, before) for before, after in combinations(known, 2))
    return as_made if is_read_so else _by_rows(as_made, known)


def _is_before(one: Place, other: Place) -> bool:
    """Whether nobody would read `one` after `other`."""
    if abs(one.top - other.top) <= _SAME_ROW:
        return one.right <= other.left
    is_in_column = one.left < other.right and other.left < one.right
    return is_in_column and one.bottom <= other.top


def _by_rows(numbers: Iterable[int], places: Sequence[Place]) -> list[int]:
    from_top = sorted(numbers, key=lambda number: places[number].top)
    rows = [from_top[:1]]
    for before, number in pairwise(from_top):
        if places[number].top - places[before].top <= _SAME_ROW:
            rows[-1].append(number)
        else:
            rows.append([number])
    return [
        number for row in rows for number in sorted(row, key=lambda number: places[number].left)
    ]


def _frame_of(form: ET.Element) -> ET.Element | None:
    for child in form:
        if local(child) == "xfrm":
            return child
        if local(child) in _PROPERTIES:
            return first(child, "xfrm")
    return None


def _length(element: ET.Element | None, name: str) -> int:
    value = value_of(element, name) or ""
    length = as_number(value.removeprefix("-"), 0)
    return -length if value.startswith("-") else length
