"""The numbers before the paragraphs of a DOCX, counted as Word counts them."""

import re
from typing import NamedTuple
from xml.etree import ElementTree as ET

from jobs.documents.readers.html.lists import written
from jobs.documents.readers.office.docx_styles import ListPlace
from jobs.documents.readers.office.ooxml import is_on, local, value_of

_LEVELS = 9  # ECMA-376 part 1, 17.9.6
_PLACE = re.compile(r"%([1-9])")
_STYLES = {
    "lowerLetter": "a",
    "upperLetter": "A",
    "lowerRoman": "i",
    "upperRoman": "I",
    "decimalZero": "zero",
    **dict.fromkeys(
        (
            *("chineseCounting", "chineseCountingThousand", "japaneseCounting"),
            *("taiwaneseCounting", "taiwaneseCountingThousand", "ideographDigital"),
        ),
        "informal",
    ),
}
_BULLET = "-"


class _Level(NamedTuple):
    """How one level is numbered: `text` has `%1` for the number of the first level."""

    style: str = "decimal"
    text: str = "%1."
    start: int = 1
    is_legal: bool = False  # all its numbers are decimal: ECMA-376 part 1, 17.9.4


class Numbering:
    """Counts as it is asked: once for each numbered paragraph, in their order."""

    def __init__(self, root: ET.Element | None) -> None:
        elements = list(root) if root is not None else []
        self._abstract = {
            value_of(element, "abstractNumId") or "": element
            for element in elements
            if local(element) == "abstractNum"
        }
        self._numbers = {
            value_of(element, "numId") or "": element
            for element in elements
            if local(element) == "num"
        }
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
        shown = [each._replace(style="decimal") for each in levels] if level.is_legal else levels
        return _PLACE.sub(lambda found: _number(shown, counts, int(found[1]) - 1), level.text)

    def _count(self, place: ListPlace, levels: list[_Level], counts: list[int | None]) -> None:
        depth = min(place.level, _LEVELS - 1)
        for above in range(depth):
            if counts[above] is None:
                counts[above] = levels[above].start
        count = counts[depth]
        is_restart = place not in self._started and self._restarts(place)
        counts[depth] = levels[depth].start if count is None or is_restart else count + 1
        counts[depth + 1 :] = [None] * (_LEVELS - depth - 1)
        self._started.add(place)

    def _restarts(self, place: ListPlace) -> bool:
        number = self._numbers.get(place.number_id)
        overrides = number.findall("{*}lvlOverride") if number is not None else []
        return any(
            value_of(override, "ilvl") == str(place.level)
            and override.find("{*}startOverride") is not None
            for override in overrides
        )

    def _abstract_id(self, number_id: str) -> str:
        number = self._numbers.get(number_id)
        found = value_of(number.find("{*}abstractNumId")) if number is not None else None
        return found or f"of {number_id}"

    def _levels_of(self, number_id: str) -> list[_Level]:
        if number_id not in self._levels:
            levels = [_Level(style="bullet", text=_BULLET)] * _LEVELS
            abstract = self._abstract.get(self._abstract_id(number_id))
            for element in (self._linked(abstract), self._numbers.get(number_id)):
                _take_levels(levels, element)
            self._levels[number_id] = levels
        return self._levels[number_id]

    def _linked(self, abstract: ET.Element | None) -> ET.Element | None:
        """The numbering that `abstract` takes from a style, if it has none of its own."""
        name = value_of(abstract.find("{*}numStyleLink")) if abstract is not None else None
        if name is None:
            return abstract
        others = self._abstract.values()
        found = (other for other in others if value_of(other.find("{*}styleLink")) == name)
        return next(found, abstract)


def _take_levels(levels: list[_Level], element: ET.Element | None) -> None:
    if element is None:
        return
    for found in element.iterfind("{*}lvl"):
        _take_level(levels, value_of(found, "ilvl"), found)
    for override in element.iterfind("{*}lvlOverride"):
        depth = value_of(override, "ilvl")
        _take_level(levels, depth, override.find("{*}lvl"))
        start = value_of(override.find("{*}startOverride"))
        if start and start.isdecimal() and depth and depth.isdecimal() and int(depth) < _LEVELS:
            levels[int(depth)] = levels[int(depth)]._replace(start=int(start))


def _take_level(levels: list[_Level], depth: str | None, element: ET.Element | None) -> None:
    if element is None or not depth or not depth.isdecimal() or int(depth) >= _LEVELS:
        return
    start = value_of(element.find("{*}start"))
    text = value_of(element.find("{*}lvlText"))
    levels[int(depth)] = _Level(
        style=value_of(element.find("{*}numFmt")) or "decimal",
        text=f"%{int(depth) + 1}." if text is None else text,
        start=int(start) if start and start.isdecimal() else 1,
        is_legal=is_on(element.find("{*}isLgl")),
    )


def _number(levels: list[_Level], counts: list[int | None], depth: int) -> str:
    count = counts[depth]
    number = levels[depth].start if count is None else count
    return written(number, _STYLES.get(levels[depth].style, "1"))
