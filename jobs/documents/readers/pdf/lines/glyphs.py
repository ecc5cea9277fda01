"""The glyphs of a PDF page: which character, where, and in which style it is set."""

import ctypes
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

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


def address_function(name: str, *arguments: Any) -> Callable[..., int | None]:  # noqa: ANN401
    """PDFium's function of this name, which takes and gives addresses as numbers; None for 0.

    `arguments` are the types of those after the first, which is an address.
    """
    address = ctypes.cast(getattr(pdfium_c, name), ctypes.c_void_p).value
    assert address is not None
    return ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, *arguments)(address)


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
    styles = {id(glyph.style): glyph.style for glyph in found}  # one object for many glyphs
    if all(style.turns == 0 for style in styles.values()):
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


class _GlyphReader:
    """Asks PDFium as little as possible: style once a text object, box once a glyph."""

    def __init__(self, text_page: pdfium.PdfTextPage) -> None:
        self._page = text_page.raw
        self._fonts: dict[int, _Font] = {}
        self._symbols: Mapping[str, str] = {}  # of the text object that is read
        self.fonts: dict[int, FontStyles] = {}  # those that nothing calls typewriter fonts
        self._object_of = address_function("FPDFText_GetTextObject", ctypes.c_int)
        self._font_of = address_function("FPDFTextObj_GetFont")
        self._codes = _codes(text_page)
        self._matrix = pdfium_c.FS_MATRIX()
        self._box = [ctypes.c_double() for _ in range(4)]
        self._colour = [ctypes.c_uint() for _ in range(4)]

    def read(self) -> Iterator[Glyph]:
        """Each visible glyph; those of turned text lie along their baseline, as if turned back."""
        raw, page = self._page, ctypes.cast(self._page, ctypes.c_void_p).value
        object_of, get_box = self._object_of, pdfium_c.FPDFText_GetLooseCharBox
        rect = pdfium_c.FS_RECTF()
        rect_pointer = ctypes.byref(rect)
        last_object, last_left, style, is_spaced = None, 0.0, _NO_STYLE, True
        for index, char in enumerate(self._codes):
            if char in _BLANKS and (char not in CONTROLS or not object_of(page, index)):
                is_spaced = True
                continue
            text_object = object_of(page, index)
            if text_object != last_object or text_object is None:
                last_object, style = text_object, self._style(index, text_object or 0)
            if style is _DRAWING:
                is_spaced = True
                continue
            if style.turns == 0:
                get_box(raw, index, rect_pointer)
                left, right = rect.left, rect.right
                if left == last_left and not is_spaced:  # the next letter of a ligature
                    left = right
                else:
                    last_left = left
            else:
                left, right = self._turned_place(index, style.turns or 0)
            own = self._raised(index, style) if char in _DIGITS else style
            char = char.upper() if style.is_caps else _HYPHENS.get(char, char)
            char = self._symbols.get(char, char) if self._symbols else char
            if char in _BLANKS:
                is_spaced = True
                continue
            yield Glyph(char, left, right, own, is_spaced)
            is_spaced = False

    def _raised(self, index: int, style: Style) -> Style:
        """The style of a digit that a font has as a small raised one."""
        if style.turns != 0:
            return style
        _, _, bottom, _ = self._box
        pdfium_c.FPDFText_GetCharBox(self._page, index, *self._box)
        rise = bottom.value - style.baseline
        if not _RAISED < rise / style.size < 1:
            return style
        return style._replace(
            baseline=round(style.baseline + rise, 2), size=round(_RAISED_SIZE * style.size, 2)
        )

    def _style(self, index: int, text_object: int) -> Style:
        matrix, (x, y, _, _) = self._matrix, self._box
        pdfium_c.FPDFText_GetMatrix(self._page, index, matrix)
        pdfium_c.FPDFText_GetCharOrigin(self._page, index, x, y)
        size = pdfium_c.FPDFText_GetFontSize(self._page, index)
        turns = _turns(math.atan2(matrix.b, matrix.a))
        font = self._font(index, text_object)
        if font.is_drawing:
            return _DRAWING
        self._symbols = font.symbols
        baseline = {0: y.value, 1: -x.value, 2: -y.value, 3: x.value}.get(turns or 0, 0.0)
        style = Style(
            baseline=round(baseline, 2),
            size=round(abs(size) * (math.hypot(matrix.c, matrix.d) or 1.0), 2) or 1.0,
            is_mono=font.is_mono,
            is_pale=self._is_pale(index),
            turns=turns,
            is_caps=font.is_caps,
        )
        if not font.is_mono and text_object:
            key = self._font_of(text_object) or 0
            self.fonts.setdefault(key, FontStyles(font.is_nameless, [])).styles.append(style)
        return style

    def _font(self, index: int, text_object: int) -> _Font:
        key = (self._font_of(text_object) if text_object else None) or 0
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

    def _is_pale(self, index: int) -> bool:
        red, green, blue, alpha = self._colour
        if not pdfium_c.FPDFText_GetFillColor(self._page, index, *self._colour):
            return False
        darkest = min(red.value, green.value, blue.value)
        return alpha.value < _PALE_ALPHA or _PALE_CHANNEL < darkest < _WHITE_CHANNEL

    def _turned_place(self, index: int, turns: int) -> tuple[float, float]:
        left, right, bottom, top = self._box
        pdfium_c.FPDFText_GetCharBox(self._page, index, *self._box)
        if turns == 1:
            return bottom.value, top.value
        if turns == 2:
            return -right.value, -left.value
        return (-top.value, -bottom.value) if turns else (left.value, right.value)


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


def _codes(text_page: pdfium.PdfTextPage) -> list[str]:
    """The characters of a page, one for each of PDFium's, which counts in UTF-16."""
    count: int = text_page.count_chars()
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium_c.FPDFText_GetText(text_page.raw, 0, count, buffer)
    if written == count + 1:
        return [chr(code) for code in buffer[:count]]
    return [chr(pdfium_c.FPDFText_GetUnicode(text_page.raw, index)) for index in range(count)]
