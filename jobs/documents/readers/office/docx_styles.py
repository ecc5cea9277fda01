"""What the styles of a DOCX say of a paragraph: heading, code, contents, numbering."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree as ET

from jobs.documents.readers.office.ooxml import as_number, first, is_on, local, value_of

_HEADING = re.compile(r"heading ([1-9])\Z", re.IGNORECASE)
CODE_NAME = re.compile(
    r"(?<![a-z])(code|source|preformatted|verbatim|listing|macro text)(?![a-z])", re.IGNORECASE
)
_CONTENTS = re.compile(r"(toc \d|toc heading|table of figures)\Z", re.IGNORECASE)
MONO_FONT = re.compile(
    r"courier|consolas|mono|menlo|monaco|lucida console|typewriter|fixedsys|terminal|"
    r"(?<![a-z])code(?![a-z])",
    re.IGNORECASE,
)
_MAX_LEVEL = 6
_MAX_LIST_LEVEL = 8  # ECMA-376 part 1, 17.9.6: there are nine
_BODY_TEXT = 9  # an outline level that is none: ECMA-376 part 1, 17.3.1.20
_MAX_STYLES_UP = 20


class ListPlace(NamedTuple):
    """Which numbering a paragraph is in, and how deep (0: not nested)."""

    number_id: str
    level: int


class _Style(NamedTuple):
    """What one style says by itself; None where it says nothing."""

    based_on: str
    heading_level: int | None
    hides: bool | None
    number_id: str | None
    list_level: str | None
    is_code: bool
    is_mono: bool  # all letters of its font are equally wide
    is_contents: bool
    is_bulleted: bool


class Styles:
    """The styles of a document, each with those that it is based on."""

    def __init__(self, root: ET.Element | None) -> None:
        found = root if root is not None else ()
        self._styles = {
            style_id: _style_of(style)
            for style in found
            if local(style) == "style" and (style_id := value_of(style, "styleId"))
        }

    def heading_level(self, paragraph: ET.Element) -> int:
        """1 for the topmost, 0 for what is no heading."""
        outline = value_of(first(paragraph, "pPr", "outlineLvl"))
        if outline is not None:
            return _level(outline)
        levels = (style.heading_level for style in self._chain(paragraph))
        return next((level for level in levels if level is not None), 0)

    def is_code(self, paragraph: ET.Element) -> bool:
        """Whether the style is for code, or sets a font in which all letters are equally wide."""
        return any(style.is_code or style.is_mono for style in self._chain(paragraph))

    def is_mono_run(self, run: ET.Element) -> bool:
        """Whether a run is set in a font in which all letters are equally wide."""
        properties = first(run, "rPr")
        if is_mono(properties):
            return True
        style_id = value_of(first(properties, "rStyle")) if properties is not None else None
        return any(style.is_mono for style in self._based_on(style_id))

    def hides(self, paragraph: ET.Element) -> bool:
        """Whether the style of a paragraph hides its text."""
        return self._is_hidden(self._chain(paragraph), otherwise=False)

    def hides_run(self, run: ET.Element, *, otherwise: bool) -> bool:
        """Whether a run is hidden by itself or its style; `otherwise` if neither says so."""
        properties = first(run, "rPr")
        if properties is None:
            return otherwise
        if (vanish := first(properties, "vanish")) is not None:
            return is_on(vanish)
        styles = self._based_on(value_of(first(properties, "rStyle")))
        return self._is_hidden(styles, otherwise=otherwise)

    def is_contents(self, paragraph: ET.Element) -> bool:
        """Whether it is a line of a table of contents."""
        return any(style.is_contents for style in self._chain(paragraph))

    def list_place(self, paragraph: ET.Element) -> ListPlace | None:
        """Where a paragraph is numbered, by itself or by its style; None if it is in no list."""
        number_id, level = _numbered(paragraph)
        for style in self._chain(paragraph):
            if number_id is not None:
                break
            number_id, level = style.number_id, level or style.list_level
        if number_id in (None, "0"):
            return None
        assert number_id is not None
        return ListPlace(number_id, min(as_number(level, 0), _MAX_LIST_LEVEL))

    def is_bulleted(self, paragraph: ET.Element) -> bool:
        """Whether the style is one of Word's for lists, though it has no numbering."""
        return any(style.is_bulleted for style in self._chain(paragraph))

    @staticmethod
    def _is_hidden(styles: Iterator[_Style], *, otherwise: bool) -> bool:
        return next((style.hides for style in styles if style.hides is not None), otherwise)

    def _chain(self, paragraph: ET.Element) -> Iterator[_Style]:
        return self._based_on(value_of(first(paragraph, "pPr", "pStyle")))

    def _based_on(self, style_id: str | None) -> Iterator[_Style]:
        for _ in range(_MAX_STYLES_UP):
            style = self._styles.get(style_id or "")
            if style is None:
                return
            yield style
            style_id = style.based_on


def _style_of(style: ET.Element) -> _Style:
    name = value_of(first(style, "name")) or ""
    vanish = first(style, "rPr", "vanish")
    number_id, list_level = _numbered(style)
    return _Style(
        based_on=value_of(first(style, "basedOn")) or "",
        heading_level=_heading_level(style, name),
        hides=None if vanish is None else is_on(vanish),
        number_id=number_id,
        list_level=list_level,
        is_code=CODE_NAME.search(name) is not None,
        is_mono=is_mono(first(style, "rPr")),
        is_contents=_CONTENTS.match(name) is not None,
        is_bulleted=name.startswith(("List Bullet", "List Number")),
    )


def _heading_level(style: ET.Element, name: str) -> int | None:
    if match := _HEADING.match(name):
        return min(int(match[1]), _MAX_LEVEL)
    if name.lower() == "title":
        return 1
    outline = value_of(first(style, "pPr", "outlineLvl"))
    return None if outline is None else _level(outline)


def _numbered(element: ET.Element) -> tuple[str | None, str | None]:
    """The numbering that a paragraph or a style names itself, and the level."""
    properties = first(element, "pPr", "numPr")
    if properties is None:
        return None, None
    return value_of(first(properties, "numId")), value_of(first(properties, "ilvl"))


def is_mono(properties: ET.Element | None) -> bool:
    """Whether run properties name a font in which all letters are equally wide."""
    fonts = first(properties, "rFonts") if properties is not None else None
    return MONO_FONT.search(value_of(fonts, "ascii") or "") is not None


def _level(outline: str) -> int:
    level = as_number(outline, _BODY_TEXT)
    return 0 if level >= _BODY_TEXT else min(level + 1, _MAX_LEVEL)
