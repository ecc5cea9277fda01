"""The glyphs of a PDF page: which character, where, and in which style it is set."""

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from jobs.documents.readers.pdf.lines.characters import Characters, Look, address_function
from jobs.documents.readers.pdf.lines.tex_fonts import CONTROLS, is_of_drawings, symbols_of

_FIXED_PITCH = 1  # PDF 32000-1, table 123: font flags
_FONT_NAME_BYTES = 128
_MONO_NAME = re.compile(
    r"mono|courier|cursor|consol|typewriter|menlo|andale|inconsolata|letter ?gothic|monaco"
    r"|nimbusmon|code ?pro|fira ?code|cascadia|(?:^|\+)hack(?:$|-)"
    r"|(?:^|\+)(?:[a-z]{1,3}\d?)[a-z]{0,3}tt[a-z]{0,2}\d{0,4}(?:-\w+)?$",  # cmtt10, t1xtt, SFTT1000
    re.IGNORECASE,
)
_NARROW_AND_WIDE = tuple(map(ord, "ilmMW"))
_EVEN = 0.08  # of their width
_CAPS_NAME = re.compile(r"csc\d|small-?caps|smallcap", re.IGNORECASE)  # as in cmcsc10
_PALE_ALPHA = 128
_PALE_CHANNEL = 170
_WHITE_CHANNEL = 250
_QUARTER_TURN = math.pi / 2
_ASLANT = 0.05  # radians from the nearest quarter turn
_BLANKS = (frozenset(map(chr, range(33))) - {"\x02"}) | {"\xa0", "\x7f", "\ufeff"}
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
_OTHERWISE = _DIGITS | _HYPHENS.keys()  # they may be set otherwise than they seem


class Style(NamedTuple):
    """How the glyphs of one text object are set. Lengths in points, `baseline` counts up.

    `turns` is the number of quarter turns, None for text that is set aslant. `is_caps`: its small
    letters are shown as small capitals.
    """

    baseline: float
    size: float
    is_mono: bool
    is_pale: bool
    turns: int | None
    is_caps: bool = False


class Glyph(NamedTuple):
    """One visible character; `is_spaced`: PDFium saw a space or a line end before it."""

    char: str
    left: float
    right: float
    style: Style
    is_spaced: bool


class FontStyles(NamedTuple):
    """The styles in which a page uses one font; each is one object for many glyphs."""

    is_nameless: bool
    styles: list[Style]


class PageGlyphs(NamedTuple):
    """What is set on one page, in the order of its content; `turns` is how the page is to be held.

    `glyphs` run from left to right as the page is to be held, `others` do not. `fonts` are those
    that nothing calls typewriter fonts.
    """

    glyphs: list[Glyph]
    others: list[list[Glyph]]
    turns: int
    fonts: list[FontStyles]


_NO_STYLE = Style(0.0, 1.0, is_mono=False, is_pale=False, turns=0)
_DRAWING = _NO_STYLE._replace(size=0.0)  # of what is no text


def page_glyphs(text_page: pdfium.PdfTextPage) -> PageGlyphs:
    """The glyphs of a page. A page whose text is mostly turned is turned back."""
    reader = _GlyphReader(text_page)
    found = list(reader.read())
    fonts = list(reader.fonts.values())
    if reader.turns <= {0}:
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


class _Font(NamedTuple):
    is_mono: bool
    is_caps: bool
    symbols: Mapping[str, str]
    is_nameless: bool
    is_drawing: bool


class _Kind(NamedTuple):
    """All of a style but its baseline. `styles`: those of its font, if nothing tells its pitch."""

    size: float
    turns: int | None
    is_mono: bool
    is_pale: bool
    is_caps: bool
    is_drawing: bool
    symbols: Mapping[str, str]
    styles: list[Style] | None


class _GlyphReader:
    """Asks PDFium as little as possible: style once a text object, box once a glyph."""

    def __init__(self, text_page: pdfium.PdfTextPage) -> None:
        self._page = text_page.raw
        self._characters = Characters(text_page)
        self._fonts: dict[int, _Font] = {}
        self._kinds: dict[tuple[int, Look], _Kind] = {}
        self._symbols: Mapping[str, str] = {}  # of the text object that is read
        self._is_changed = False  # whether its characters are not as they seem
        self.fonts: dict[int, FontStyles] = {}  # those that nothing calls typewriter fonts
        self.turns: set[int | None] = set()  # of the text objects
        self._font_of = address_function("FPDFTextObj_GetFont")

    def read(self) -> Iterator[Glyph]:
        """Each visible glyph; those of turned text lie along their baseline, as if turned back."""
        last_object, last_left, style, is_spaced = None, 0.0, _NO_STYLE, True
        placed = self._characters.placed()
        for index, (char, text_object, left, right) in enumerate(placed):
            if char in _BLANKS and (char not in CONTROLS or not text_object):
                is_spaced = True
                continue
            if text_object != last_object or text_object is None:
                last_object, style = text_object, self._style(index, text_object or 0)
            if style.turns != 0:
                left, right = self._turned_place(index, style.turns or 0)
            elif left == last_left and not is_spaced:  # the next letter of a ligature
                left = right
            else:
                last_left = left
            own = style
            if self._is_changed or char in _OTHERWISE:
                own = self._raised(index, style) if char in _DIGITS else style
                char = self._shown(char, style)
                if char in _BLANKS:
                    is_spaced = True
                    continue
            yield Glyph(char, left, right, own, is_spaced)
            is_spaced = False

    def _shown(self, char: str, style: Style) -> str:
        if style is _DRAWING:
            return " "
        char = char.upper() if style.is_caps else _HYPHENS.get(char, char)
        return self._symbols.get(char, char)

    def _raised(self, index: int, style: Style) -> Style:
        """The style of a digit that a font has as a small raised one."""
        if style.turns != 0 or style is _DRAWING:
            return style
        rise = self._characters.box_of(index).bottom - style.baseline
        if not _RAISED < rise / style.size < 1:
            return style
        return style._replace(
            baseline=round(style.baseline + rise, 2), size=round(_RAISED_SIZE * style.size, 2)
        )

    def _style(self, index: int, text_object: int) -> Style:
        kind = self._kind(index, text_object)
        self._symbols = kind.symbols
        self._is_changed = kind.is_drawing or kind.is_caps or bool(kind.symbols)
        if kind.is_drawing:
            return _DRAWING
        x, y = self._characters.origin_of(index)
        turns = kind.turns
        baseline = {1: -x, 2: -y, 3: x}.get(turns or 0, y)
        style = Style(
            round(baseline, 2), kind.size, kind.is_mono, kind.is_pale, turns, kind.is_caps
        )
        if kind.styles is not None:
            kind.styles.append(style)
        return style

    def _kind(self, index: int, text_object: int) -> _Kind:
        """What is common to a text object and others of the page, which is told once."""
        key = (self._font_of(text_object) if text_object else None) or 0
        look = self._characters.look_of(index)
        known = self._kinds.get((key, look))
        if known is not None and key:
            return known
        font = self._font(index, key)
        matrix = look.matrix
        turns = _turns(math.atan2(matrix[1], matrix[0]))
        self.turns.add(turns)
        told = font.is_mono or font.is_drawing or not text_object
        if not told and key not in self.fonts:
            self.fonts[key] = FontStyles(font.is_nameless, [])
        scale = math.hypot(matrix[2], matrix[3]) or 1.0
        kind = _Kind(
            size=round(abs(look.size) * scale, 2) or 1.0,
            turns=turns,
            is_mono=font.is_mono,
            is_pale=_is_pale(look.colour),
            is_caps=font.is_caps,
            is_drawing=font.is_drawing,
            symbols=font.symbols,
            styles=None if told else self.fonts[key].styles,
        )
        self._kinds[key, look] = kind
        return kind

    def _font(self, index: int, key: int) -> _Font:
        if key not in self._fonts or not key:
            buffer = ctypes.create_string_buffer(_FONT_NAME_BYTES)
            flags = ctypes.c_int()
            pdfium_c.FPDFText_GetFontInfo(self._page, index, buffer, _FONT_NAME_BYTES, flags)
            name = buffer.value.decode("latin-1")
            is_mono = bool(_MONO_NAME.search(name)) or (
                bool(flags.value & _FIXED_PITCH) and _may_be_even(key)
            )
            self._fonts[key] = _Font(
                is_mono,
                bool(_CAPS_NAME.search(name)),
                symbols_of(name),
                is_nameless=not name,
                is_drawing=is_of_drawings(name),
            )
        return self._fonts[key]

    def _turned_place(self, index: int, turns: int) -> tuple[float, float]:
        left, right, bottom, top = self._characters.box_of(index)
        if turns == 1:
            return bottom, top
        if turns == 2:
            return -right, -left
        return (-top, -bottom) if turns else (left, right)


def _is_pale(colour: tuple[int, ...] | None) -> bool:
    if colour is None:
        return False
    *channels, alpha = colour
    return alpha < _PALE_ALPHA or _PALE_CHANNEL < min(channels) < _WHITE_CHANNEL


def _may_be_even(font: int) -> bool:
    """Whether no width that a font tells speaks against its claim that all are equal."""
    if not font:
        return True
    handle = ctypes.cast(font, pdfium_c.FPDF_FONT)
    width = ctypes.c_float()
    widths = [
        width.value
        for code in _NARROW_AND_WIDE
        if pdfium_c.FPDFFont_GetGlyphWidth(handle, code, 1.0, width) and width.value > 0
    ]
    return not widths or max(widths) - min(widths) < _EVEN * max(widths)


def _turns(angle: float) -> int | None:
    """How many quarter turns an angle (radians) is; None if it is none of them."""
    turns = round(angle / _QUARTER_TURN)
    return None if abs(angle - turns * _QUARTER_TURN) > _ASLANT else turns % 4
