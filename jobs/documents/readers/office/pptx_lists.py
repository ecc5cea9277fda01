"""Bullets and numbers before the paragraphs of a slide: its own, or those of layout and master."""

from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree as ET

from jobs.documents.readers.html.lists import written
from jobs.documents.readers.office.ooxml import Package, as_number, first, local, value_of

_MARKS = frozenset({"buNone", "buChar", "buAutoNum", "buBlip"})  # ECMA-376 part 1, 21.1.2.4
_STYLES = {"alphaLc": "a", "alphaUc": "A", "romanLc": "i", "romanUc": "I"}
_FORMS = {"Period": "{}.", "ParenR": "{})", "ParenBoth": "({})"}
_BULLETED = ("body", "obj", "")  # placeholders that master slides give the style of a body
_MAX_LEVEL = 8
_BULLET = "-"


class ListItem(NamedTuple):
    """What stands before a paragraph that is an item, and how deep it is (0: not nested)."""

    label: str
    level: int


class SlideLists:
    """The lists of one slide; counts the numbers of a shape, whose paragraphs come in order."""

    def __init__(self, package: Package, slide: str) -> None:
        layout = package.related(slide, "slideLayout")
        master = package.related(layout, "slideMaster") if layout else None
        parts = [package.kept_part(name) for name in (layout, master) if name]
        self._places = [_Places(first(part, "cSld", "spTree")) for part in parts]
        self._body = first(parts[1], "txStyles", "bodyStyle") if len(parts) > 1 else None
        self._styles: list[ET.Element] = []
        self._style_marks: dict[tuple[int, int], ET.Element | None] = {}  # by style and level
        self._counts: dict[int, tuple[str, int]] = {}  # by level: how it counts, how far it is

    def begin(self, shape: ET.Element) -> None:
        """The paragraphs that follow are those of `shape`."""
        self._styles = list(self._styles_of(shape))
        self._counts.clear()

    def item(self, paragraph: ET.Element) -> ListItem | None:
        """What is before a paragraph; None if it is no item of a list."""
        level = _level_of(paragraph)
        mark = self._mark(paragraph, level)
        self._counts = {depth: count for depth, count in self._counts.items() if depth <= level}
        if mark is None or local(mark) != "buAutoNum":
            self._counts.pop(level, None)
            is_item = mark is not None and local(mark) != "buNone"
            return ListItem(_BULLET, level) if is_item else None
        return ListItem(self._numbered(mark, level), level)

    def forms_of(self, shape: ET.Element) -> list[ET.Element | None]:
        """A shape, and those of layout and master that it takes its form from."""
        place = _place_of(shape)
        return [shape, *(places.holder(place) for places in self._places)]

    def _numbered(self, mark: ET.Element, level: int) -> str:
        kind, start = mark.get("type", ""), as_number(mark.get("startAt"), 1)
        before, last = self._counts.get(level, ("", 0))
        number = last + 1 if before == kind else start
        self._counts[level] = (kind, number)
        style = next((each for name, each in _STYLES.items() if kind.startswith(name)), "1")
        form = next((each for name, each in _FORMS.items() if kind.endswith(name)), "{}")
        return form.format(written(number, style))

    def _mark(self, paragraph: ET.Element, level: int) -> ET.Element | None:
        """The nearest that says how paragraphs of a level begin."""
        own = _mark_in(first(paragraph, "pPr"))
        if own is not None:
            return own
        found = (self._mark_of_style(style, level) for style in self._styles)
        return next((mark for mark in found if mark is not None), None)

    def _mark_of_style(self, style: ET.Element, level: int) -> ET.Element | None:
        """Looked for once: many paragraphs have the same style."""
        key = id(style), level
        if key not in self._style_marks:
            self._style_marks[key] = _mark_in(first(style, f"lvl{level + 1}pPr"))
        return self._style_marks[key]

    def _styles_of(self, shape: ET.Element) -> Iterator[ET.Element]:
        place = _place_of(shape)
        kind = value_of(place, "type") or ""
        for each in self.forms_of(shape):
            style = first(each, "txBody", "lstStyle") if each is not None else None
            if style is not None:
                yield style
        if place is not None and kind in _BULLETED and self._body is not None:
            yield self._body


class _Places:
    """The placeholders of a layout or master, by their number and by their kind."""

    def __init__(self, tree: ET.Element | None) -> None:
        self._by_index: dict[str | None, ET.Element] = {}
        self._by_kind: dict[str | None, ET.Element] = {}
        for shape in tree.iterfind("{*}sp") if tree is not None else ():
            place = _place_of(shape)
            if place is not None:
                self._by_index.setdefault(place.get("idx"), shape)
                self._by_kind.setdefault(place.get("type"), shape)

    def holder(self, place: ET.Element | None) -> ET.Element | None:
        """The shape that a placeholder takes its form from."""
        if place is None:
            return None
        index = place.get("idx")
        return self._by_index.get(index) if index else self._by_kind.get(place.get("type"))


def _mark_in(properties: ET.Element | None) -> ET.Element | None:
    """What properties say of how a paragraph begins; None if nothing."""
    if properties is None:
        return None
    return next((element for element in properties if local(element) in _MARKS), None)


def _place_of(shape: ET.Element) -> ET.Element | None:
    return first(shape, "nvSpPr", "nvPr", "ph")


def _level_of(paragraph: ET.Element) -> int:
    return min(as_number(value_of(first(paragraph, "pPr"), "lvl"), 0), _MAX_LEVEL)
