"""The glyphs of a PDF page: which character, where, and in which style it is set."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import repeat
from operator import eq
from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]

from jobs.documents.readers.pdf.glyphs.characters import BLANKS, Characters, Piece
from jobs.documents.readers.pdf.glyphs.styles import (
    NO_STYLE,
    FontStyles,
    Setting,
    Style,
    StyleReader,
)
from jobs.documents.readers.pdf.glyphs.tex_fonts import CONTROLS

_DIGITS = frozenset("0123456789")
_RAISED = 0.2  # of the font size: how far above the baseline such a digit begins
_RAISED_SIZE = 0.7  # of the font size
_HALF_TURN = 2  # that is what a letter in a mirror looks like
_MIRRORED = re.compile("E+|(?:Xe)+")
_HYPHENS = {
    "\x02": "-",
    "\ufffe": "-",
    "\xad": "-",
    "\u2010": "-",
    "\u2011": "-",
}  # PDFium's own, soft, others
_PLAIN_HYPHENS = str.maketrans(_HYPHENS)
_DIGIT = re.compile("[0-9]")
_CONTROL = re.compile(f"[{''.join(sorted(CONTROLS))}]")
_HALF = re.compile("[\ud800-\udfff]")  # of a character: PDFium counts in UTF-16
_OTHERWISE = re.compile(  # they may be set otherwise than they seem
    f"[{''.join(sorted(_DIGITS | _HYPHENS.keys()))}\ud800-\udfff]"
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
    shown = [part for part in others.values() if not _is_mirrored_letter(part)]
    return PageGlyphs(upright, shown, turns, fonts)


def _is_mirrored_letter(glyphs: list[Glyph]) -> bool:
    """Whether this is the second letter of XeTeX's name, which `line_text` writes."""
    text = "".join([glyph.char for glyph in glyphs])
    return glyphs[0].style.turns == _HALF_TURN and _MIRRORED.fullmatch(text) is not None


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
        self._is_spaced = True  # after what has been read

    def read(self) -> list[Glyph]:
        """The visible glyphs; those of turned text lie along their baseline, as if turned back."""
        found: list[Glyph] = []
        last_object, setting, style = None, None, NO_STYLE
        end = 0
        for piece in self._characters.pieces():
            text_object = piece.text_object
            first = piece.numbers[0]
            piece.spaced[0] = self._is_spaced or first != end
            end = piece.numbers[-1] + 1
            if setting is None or text_object != last_object or text_object is None:
                last_object = text_object
                setting = self.styles.setting_of(first, text_object or 0)
                style = self.styles.style_of(first, setting)
            if setting.is_plain and style.turns == 0 and not _CONTROL.search(piece.chars):
                found += self._plain(piece, setting, style)
                self._is_spaced = False
            else:
                found += self._changed(piece, setting, style)
        return found

    def _plain(self, piece: Piece, setting: Setting, style: Style) -> Iterator[Glyph]:
        """The glyphs of a piece whose characters are what they seem, but for signs of hyphens."""
        is_otherwise = _OTHERWISE.search(piece.chars) is not None
        if is_otherwise:
            piece = _with_whole_characters(piece)
        numbers, chars, _, lefts, rights, spaced = piece
        before = [self._last_left, *lefts[:-1]]
        self._last_left = lefts[-1]
        if any(map(eq, before, lefts)):
            lefts = [
                right if left == last and not is_spaced else left  # the next letter of a ligature
                for last, left, right, is_spaced in zip(before, lefts, rights, spaced, strict=True)
            ]
        styles: Iterable[Style] = repeat(style)
        if is_otherwise:
            chars = chars.translate(_PLAIN_HYPHENS)
            raised = self._raised_digits(piece._replace(lefts=lefts), setting, style)
            if raised:
                styles = [raised.get(at, style) for at in range(len(numbers))]
        return map(_glyph_of, zip(chars, lefts, rights, styles, spaced, strict=False))

    def _raised_digits(self, piece: Piece, setting: Setting, style: Style) -> dict[int, Style]:
        """The styles of the digits of a piece that a font has as small raised ones, by place."""
        found: dict[int, Style] = {}
        for match in _DIGIT.finditer(piece.chars):
            at = match.start()
            width = round(piece.rights[at] - piece.lefts[at], 2)
            rise = self._rise(piece.numbers[at], (match[0], width), setting, style)
            if _RAISED < rise / style.size < 1:
                found[at] = _raised(style, rise)
        return found

    def _changed(self, piece: Piece, setting: Setting, style: Style) -> Iterator[Glyph]:
        """The glyphs of a piece, one by one: as they are shown, where they are shown."""
        self._is_spaced = setting.is_drawing
        if setting.is_drawing:
            return
        numbers, chars, _, lefts, rights, spaced = _with_whole_characters(piece)
        for index, char, left, right, is_first in zip(
            numbers, chars, lefts, rights, spaced, strict=True
        ):
            is_spaced = self._is_spaced or is_first
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
            self._is_spaced = shown in BLANKS
            if not self._is_spaced:
                yield Glyph(shown, left, right, own, is_spaced)

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


def _with_whole_characters(piece: Piece) -> Piece:
    """A piece with the two halves of a character, as of a letter of formulas, as one."""
    if not _HALF.search(piece.chars):
        return piece
    chars = piece.chars.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    firsts = [at for at, char in enumerate(piece.chars) if not "\udc00" <= char <= "\udfff"]
    if len(firsts) != len(chars):
        return piece  # a half stands alone
    return Piece(
        [piece.numbers[at] for at in firsts],
        chars,
        piece.text_object,
        [piece.lefts[at] for at in firsts],
        [piece.rights[at] for at in firsts],
        [piece.spaced[at] for at in firsts],
    )


def _raised(style: Style, rise: float) -> Style:
    """The style of a digit that a font has as a small raised one."""
    return style._replace(
        baseline=round(style.baseline + rise, 2), size=round(_RAISED_SIZE * style.size, 2)
    )
