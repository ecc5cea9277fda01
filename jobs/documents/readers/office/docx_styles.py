"""What the styles of a DOCX say of a paragraph: heading, code, contents, numbering."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree as ET

from jobs.documents.readers.office.ooxml import is_on, local, value_of

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
_BODY_TEXT = 9  # an outline level that is none: ECMA-376 part 1, 17.3.1.20
_MAX_STYLES_UP = 20


class ListPlace(NamedTuple):
    """Which numbering a paragraph is in, and how deep (0: not nested)."""

    number_id: str
    level: int


class Styles:
    """The styles of a document, each with those that it is based on."""

    def __init__(self, root: ET.Element | None) -> None:
        found = root if root is not None else ()
        self._styles = {
            style_id: style
            for style in found
            if local(style) == "style" and (style_id := value_of(style, "styleId"))
        }

    def heading_level(self, paragraph: ET.Element) -> int:
        """1 for the topmost, 0 for what is no heading."""
        outline = value_of(paragraph.find("{*}pPr/{*}outlineLvl"))
        if outline is not None:
            return _level(outline)
        for style in self._chain(paragraph):
            name = value_of(style.find("{*}name")) or ""
            if match := _HEADING.match(name):
                return min(int(match[1]), _MAX_LEVEL)
            if name.lower() == "title":
                return 1
            outline = value_of(style.find("{*}pPr/{*}outlineLvl"))
            if outline is not None:
                return _level(outline)
        return 0

    def is_code(self, paragraph: ET.Element) -> bool:
        """Whether the style is for code, or sets a font in which all letters are equally wide."""
        return any(
            CODE_NAME.search(value_of(style.find("{*}name")) or "") or is_mono(style.find("{*}rPr"))
            for style in self._chain(paragraph)
        )

    def is_mono_run(self, run: ET.Element) -> bool:
        """Whether a run is set in a font in which all letters are equally wide."""
        properties = run.find("{*}rPr")
        if is_mono(properties):
            return True
        style_id = value_of(properties.find("{*}rStyle")) if properties is not None else None
        return any(is_mono(style.find("{*}rPr")) for style in self._based_on(style_id))

    def hides(self, paragraph: ET.Element) -> bool:
        """Whether the style of a paragraph hides its text."""
        return self._is_hidden(self._chain(paragraph), otherwise=False)

    def hides_run(self, run: ET.Element, *, otherwise: bool) -> bool:
        """Whether a run is hidden by itself or its style; `otherwise` if neither says so."""
        properties = run.find("{*}rPr")
        if properties is None:
            return otherwise
        if (vanish := properties.find("{*}vanish")) is not None:
            return is_on(vanish)
        styles = self._based_on(value_of(properties.find("{*}rStyle")))
        return self._is_hidden(styles, otherwise=otherwise)

    def is_contents(self, paragraph: ET.Element) -> bool:
        """Whether it is a line of a table of contents."""
        names = (value_of(style.find("{*}name")) or "" for style in self._chain(paragraph))
        return any(_CONTENTS.match(name) for name in names)

    def list_place(self, paragraph: ET.Element) -> ListPlace | None:
        """Where a paragraph is numbered, by itself or by its style; None if it is in no list."""
        number_id, level = None, None
        sources = [paragraph, *self._chain(paragraph)]
        for source in sources:
            properties = source.find("{*}pPr/{*}numPr")
            if properties is None:
                continue
            level = level or value_of(properties.find("{*}ilvl"))
            number_id = value_of(properties.find("{*}numId"))
            if number_id is not None:
                break
        if number_id in (None, "0"):
            return None
        assert number_id is not None
        return ListPlace(number_id, int(level) if level and level.isdecimal() else 0)

    def is_bulleted(self, paragraph: ET.Element) -> bool:
        """Whether the style is one of Word's for lists, though it has no numbering."""
        names = (value_of(style.find("{*}name")) or "" for style in self._chain(paragraph))
        return any(name.startswith(("List Bullet", "List Number")) for name in names)

    @staticmethod
    def _is_hidden(styles: Iterator[ET.Element], *, otherwise: bool) -> bool:
        found = (style.find("{*}rPr/{*}vanish") for style in styles)
        first = next((vanish for vanish in found if vanish is not None), None)
        return otherwise if first is None else is_on(first)

    def _chain(self, paragraph: ET.Element) -> Iterator[ET.Element]:
        return self._based_on(value_of(paragraph.find("{*}pPr/{*}pStyle")))

    def _based_on(self, style_id: str | None) -> Iterator[ET.Element]:
        for _ in range(_MAX_STYLES_UP):
            style = self._styles.get(style_id or "")
            if style is None:
                return
            yield style
            style_id = value_of(style.find("{*}basedOn"))


def is_mono(properties: ET.Element | None) -> bool:
    """Whether run properties name a font in which all letters are equally wide."""
    fonts = properties.find("{*}rFonts") if properties is not None else None
    return MONO_FONT.search(value_of(fonts, "ascii") or "") is not None


def _level(outline: str) -> int:
    level = int(outline) if outline.isdecimal() else _BODY_TEXT
    return 0 if level >= _BODY_TEXT else min(level + 1, _MAX_LEVEL)
