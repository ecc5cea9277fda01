"""The glyphs of a PDF page: which character, where, and in which style it is set."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, count, repeat
from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]

from jobs.documents.readers.pdf.lines.characters import BLANKS, Characters, Piece
from jobs.documents.readers.pdf.lines.styles import (
    NO_STYLE,
    FontStyles,
    Setting,
    Style,
    StyleReader,
)
from jobs.documents.readers.pdf.lines.tex_fonts import CONTROLS

_DIGITS = frozenset("0123456789")
_RAISED = 0.2  # of the font size: how far above the baseline such a digit begins
_RAISED_SIZE = 0.7  # of the font size
_HYPHENS = {
    "\x02": "-",
    "\ufffe": "-",
    "\xad": "-",
    "\u2010": "-",
    "\u2011": "-",
}  # PDFium's own, soft, others
_OTHERWISE = re.compile(  # they may be set otherwise than they seem
    f"[{''.join(sorted(_DIGITS | _HYPHENS.keys() | CONTROLS))}]"
)


class Glyph(NamedTuple):
    """One visible character; `is_spaced`: PDFium saw a space or a line end before it."""

    char: str
    left: float
    right: float
    style: Style
    is_spaced: bool


_glyph_of: Callable[[tuple[object, ...]], Glyph] = partial(tuple.__new__, Glyph)  # quick


class PageGlyphs(NamedTuple):
    """What is set on one page, in the order of its content; `turns` is how the page is to be held.

    `glyphs` run from left to right as the page is to be held, `others` do not. `fonts` are those
    that nothing calls typewriter fonts.
    """

    glyphs: list[Glyph]
    others: list[list[Glyph]]
    turns: int
    fonts: list[FontStyles]


def page_glyphs(text_page: pdfium.PdfTextPage) -> PageGlyphs:
    """The glyphs of a page. A page whose text is mostly turned is turned back."""
    reader = _GlyphReader(text_page)
    found = reader.read()
    fonts = list(reader.styles.fonts.values())
    if reader.styles.turns <= {0}:
        return PageGlyphs(found, [], 0, fonts)
    turns = _main_turns(found)
    others: dict[Style, list[Glyph]] = {}
    for glyph in found:
        if glyph.style.turns != turns:
            others.setdefault(glyph.style, []).append(glyph)
    upright = [glyph for glyph in found if glyph.style.turns == turns]
    return PageGlyphs(upright, list(others.values()), turns, fonts)


def _main_turns(found: list[Glyph]) -> int:
    counts = Counter(glyph.style.turns for glyph in found)
    del counts[None]
    return (counts.most_common(1)[0][0] or 0) if counts else 0


class _GlyphReader:
    """Asks PDFium as little as possible: style once a text object, box once a glyph."""

    def __init__(self, text_page: pdfium.PdfTextPage) -> None:
        self._characters = Characters(text_page)
        self.styles = StyleReader(text_page, self._characters)
        self._last_left = 0.0

    def read(self) -> list[Glyph]:
        """The visible glyphs; those of turned text lie along their baseline, as if turned back."""
        found: list[Glyph] = []
        last_object, setting, style = None, None, NO_STYLE
        is_spaced, end = True, 0
        for piece in self._characters.pieces():
            first, chars, text_object, lefts, rights = piece
            is_spaced = is_spaced or first != end
            end = first + len(chars)
            if setting is None or text_object != last_object or text_object is None:
                last_object = text_object
                setting = self.styles.setting_of(first, text_object or 0)
                style = self.styles.style_of(first, setting)
            if setting.is_plain and self._is_plain(piece, style, is_spaced=is_spaced):
                spaced = chain((is_spaced,), repeat(False))
                found += map(_glyph_of, zip(chars, lefts, rights, repeat(style), spaced))
                self._last_left = lefts[-1]
                is_spaced = False
            else:
                glyphs = list(self._changed(piece, setting, style, is_spaced=is_spaced))
                found += glyphs
                is_spaced = not glyphs
        return found

    def _is_plain(self, piece: Piece, style: Style, *, is_spaced: bool) -> bool:
        """Whether characters are what they seem, and none is a letter of a ligature."""
        lefts = piece.lefts
        if style.turns != 0 or _OTHERWISE.search(piece.chars):
            return False
        goes_on = lefts[0] == self._last_left and not is_spaced
        return not goes_on and len(set(lefts)) == len(lefts)

    def _changed(
        self, piece: Piece, setting: Setting, style: Style, *, is_spaced: bool
    ) -> Iterator[Glyph]:
        """The glyphs of a piece, one by one: as they are shown, where they are shown."""
        if setting.is_drawing:
            return
        first, chars, _, lefts, rights = piece
        for index, char, left, right in zip(count(first), chars, lefts, rights, strict=False):
            if style.turns != 0:
                left, right = self._turned_place(index, style.turns or 0)
            elif left == self._last_left and not is_spaced:  # the next letter of a ligature
                left = right
            else:
                self._last_left = left
            own = style
            if char in _DIGITS and style.turns == 0:
                rise = self._rise(index, (char, round(right - left, 2)), setting, style)
                own = _raised(style, rise) if _RAISED < rise / style.size < 1 else style
            shown = char.upper() if setting.is_caps else _HYPHENS.get(char, char)
            shown = setting.symbols.get(shown, shown)
            if shown not in BLANKS:
                yield Glyph(shown, left, right, own, is_spaced)
                is_spaced = False

    def _rise(self, index: int, digit: tuple[str, float], setting: Setting, style: Style) -> float:
        """How far above its baseline a digit begins, which is told by its width, too.

        Small raised ones of a typewriter font are as wide as the others.
        """
        rise = setting.rises.get(digit)
        if rise is None:
            rise = self._characters.box_of(index).bottom - style.baseline
            if not style.is_mono:
                setting.rises[digit] = rise
        return rise

    def _turned_place(self, index: int, turns: int) -> tuple[float, float]:
        left, right, bottom, top = self._characters.box_of(index)
        if turns == 1:
            return bottom, top
        if turns == 2:
            return -right, -left
        return (-top, -bottom) if turns else (left, right)


def _raised(style: Style, rise: float) -> Style:
    """The style of a digit that a font has as a small raised one."""
    return style._replace(
        baseline=round(style.baseline + rise, 2), size=round(_RAISED_SIZE * style.size, 2)
    )
