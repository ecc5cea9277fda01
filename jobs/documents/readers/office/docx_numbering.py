"""The numbers before the paragraphs of a DOCX, counted as Word counts them."""

import re
from typing import NamedTuple
from xml.etree import ElementTree as ET

from jobs.documents.readers.office.docx_number_forms import in_form
from jobs.documents.readers.office.docx_styles import ListPlace
from jobs.documents.readers.office.ooxml import as_number, first, is_on, local, value_of

_LEVELS = 9  # ECMA-376 part 1, 17.9.6
_PLACE = re.compile(r"%([1-9])")
_BULLET = "-"
_MAX_TEXT_CHARS = 100  # of a label, which stands before each item


class _Level(NamedTuple):
    """How one level is numbered: `text` has `%1` for the number of the first level."""

    style: str = "decimal"
    text: str = "%1."
    start: int = 1
    is_legal: bool = False  # all its numbers are decimal: ECMA-376 part 1, 17.9.4
    restart_level: int = _LEVELS  # it begins anew below so many levels: 17.9.10, of all if not told


class _Number(NamedTuple):
    """One numbering: what it is made after, and the levels that it begins anew."""

    element: ET.Element
    abstract_id: str
    restarted: frozenset[int]


_BULLETS = [_Level(style="bullet", text=_BULLET)] * _LEVELS


class Numbering:
    """Counts as it is asked: once for each numbered paragraph, in their order."""

    def __init__(self, root: ET.Element | None) -> None:
        elements = list(root) if root is not None else []
        self._abstract: dict[str, list[_Level]] = {}
        self._numbers: dict[str, _Number] = {}
        named = {
            name: element
            for element in reversed(elements)
            if local(element) == "abstractNum" and (name := value_of(first(element, "styleLink")))
        }
        for element in elements:
            if local(element) == "abstractNum":
                linked = named.get(value_of(first(element, "numStyleLink")) or "", element)
                abstract_id = value_of(element, "abstractNumId") or ""
                self._abstract[abstract_id] = _levels_of(_BULLETS, linked)
            elif local(element) == "num":
                self._numbers[value_of(element, "numId") or ""] = _number_of(element)
        self._levels: dict[str, list[_Level]] = {}
        self._counts: dict[str, list[int | None]] = {}
        self._started: set[ListPlace] = set()

    def label(self, place: ListPlace) -> str:
        """What stands before the next paragraph at `place`: `3.`, `b)`, a bullet, nothing."""
        levels = self._levels_of(place.number_id)
        depth = min(place.level, _LEVELS - 1)
        counts = self._counts.setdefault(self._abstract_id(place.number_id), [None] * _LEVELS)
        self._count(place, levels, counts)
        level = levels[depth]
        if level.style == "bullet":
            return _BULLET if level.text.strip() else ""
        if level.style == "none":
            return ""
        shown = list(map(_as_legal, levels)) if level.is_legal else levels
        return _PLACE.sub(lambda found: _number(shown, counts, int(found[1]) - 1), level.text)

    def _count(self, place: ListPlace, levels: list[_Level], counts: list[int | None]) -> None:
        depth = min(place.level, _LEVELS - 1)
        for above in range(depth):
            if counts[above] is None:
                counts[above] = levels[above].start
        count = counts[depth]
        is_restart = place not in self._started and self._restarts(place)
        counts[depth] = levels[depth].start if count is None or is_restart else count + 1
        for below in range(depth + 1, _LEVELS):
            if depth < levels[below].restart_level:
                counts[below] = None
        self._started.add(place)

    def _restarts(self, place: ListPlace) -> bool:
        number = self._numbers.get(place.number_id)
        return number is not None and place.level in number.restarted

    def _abstract_id(self, number_id: str) -> str:
        number = self._numbers.get(number_id)
        return (number.abstract_id if number is not None else "") or f"of {number_id}"

    def _levels_of(self, number_id: str) -> list[_Level]:
        if number_id not in self._levels:
            levels = self._abstract.get(self._abstract_id(number_id), _BULLETS)
            number = self._numbers.get(number_id)
            self._levels[number_id] = _levels_of(levels, number.element) if number else levels
        return self._levels[number_id]


def _as_legal(level: _Level) -> _Level:
    """As Word shows `Section 1.01` below `Article I`: decimal, zeros stay."""
    return level if level.style == "decimalZero" else level._replace(style="decimal")


def _number_of(element: ET.Element) -> _Number:
    restarted = (
        as_number(value_of(override, "ilvl"), -1)
        for override in element.iterfind("{*}lvlOverride")
        if first(override, "startOverride") is not None
    )
    abstract_id = value_of(first(element, "abstractNumId")) or ""
    return _Number(element, abstract_id, frozenset(restarted))


def _levels_of(given: list[_Level], element: ET.Element) -> list[_Level]:
    """The levels as `element` says, where it says nothing those that are given."""
    levels = list(given)
    for found in element.iterfind("{*}lvl"):
        _take_level(levels, value_of(found, "ilvl"), found)
    for override in element.iterfind("{*}lvlOverride"):
        _take_level(levels, value_of(override, "ilvl"), first(override, "lvl"))
        depth = as_number(value_of(override, "ilvl"), _LEVELS)
        start = as_number(value_of(first(override, "startOverride")), -1)
        if start >= 0 and depth < _LEVELS:
            levels[depth] = levels[depth]._replace(start=start)
    return levels


def _take_level(levels: list[_Level], told: str | None, element: ET.Element | None) -> None:
    depth = as_number(told, _LEVELS)
    if element is None or depth >= _LEVELS:
        return
    text = value_of(first(element, "lvlText"))
    levels[depth] = _Level(
        style=value_of(first(element, "numFmt")) or "decimal",
        text=f"%{depth + 1}." if text is None else text[:_MAX_TEXT_CHARS],
        start=as_number(value_of(first(element, "start")), 1),
        is_legal=is_on(first(element, "isLgl")),
        restart_level=as_number(value_of(first(element, "lvlRestart")), _LEVELS),
    )


def _number(levels: list[_Level], counts: list[int | None], depth: int) -> str:
    count = counts[depth]
    number = levels[depth].start if count is None else count
    return in_form(number, levels[depth].style)
