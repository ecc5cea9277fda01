"""How the text objects of a PDF page are set: size, font, colour, and which way they run."""

import ctypes
import math
import re
from collections.abc import Mapping
from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from jobs.documents.readers.pdf.glyphs.characters import Characters, Look, address_function
from jobs.documents.readers.pdf.glyphs.tex_fonts import LIGATURES, is_of_drawings, symbols_of

_FIXED_PITCH = 1  # PDF 32000-1, table 123: font flags
_FONT_NAME_BYTES = 128
_MONO_NAME = re.compile(
    r"mono|courier|cursor|consol|typewriter|menlo|andale|inconsolata|letter ?gothic|monaco"
    r"|nimbusmon|code ?pro|fira ?code|cascadia|(?:^|\+)hack(?:$|-)"
    r"|(?:^|\+)(?:[a-z]{1,3}\d?)[a-z]{0,3}tt[a-z]{0,2}\d{0,4}(?:-\w+)?$"  # cmtt10, t1xtt, SFTT1000
    r"|(?:^|\+)sf(?:st|it|tc)\d{4}$",  # TeX's slanted and italic ones, and their small capitals
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


class FontStyles(NamedTuple):
    """The styles in which a page uses one font; each is one object for many glyphs."""

    is_nameless: bool
    styles: list[Style]


class Setting(NamedTuple):
    """All of a style but its baseline, and what its characters stand for.

    `is_plain`: they are what they seem. `styles`: those of its font, if nothing tells its pitch.
    `rises`: how far above the baseline digits begin, by their widths.
    """

    size: float
    turns: int | None
    is_mono: bool
    is_pale: bool
    is_caps: bool
    is_drawing: bool
    is_plain: bool
    symbols: Mapping[str, str]
    styles: list[Style] | None
    rises: dict[tuple[str, float], float]


class _Font(NamedTuple):
    is_mono: bool
    is_caps: bool
    symbols: Mapping[str, str]
    is_nameless: bool
    is_drawing: bool


NO_STYLE = Style(0.0, 1.0, is_mono=False, is_pale=False, turns=0)
DRAWING = NO_STYLE._replace(size=0.0)  # of what is no text


class StyleReader:
    """Those of one page. What text objects have in common is told once."""

    def __init__(self, text_page: pdfium.PdfTextPage, characters: Characters) -> None:
        self._page = text_page.raw
        self._characters = characters
        self._fonts: dict[int, _Font] = {}
        self._settings: dict[tuple[int, Look], Setting] = {}
        self.fonts: dict[int, FontStyles] = {}  # those that nothing calls typewriter fonts
        self.turns: set[int | None] = set()  # of the text objects
        self._font_of = address_function("FPDFTextObj_GetFont")

    def style_of(self, index: int, setting: Setting) -> Style:
        """The style of the text object in which a character is."""
        if setting.is_drawing:
            return DRAWING
        x, y = self._characters.origin_of(index)
        turns = setting.turns
        baseline = {1: -x, 2: -y, 3: x}.get(turns, y) if turns else y
        style = Style(
            round(baseline, 2),
            setting.size,
            setting.is_mono,
            setting.is_pale,
            turns,
            setting.is_caps,
        )
        if setting.styles is not None:
            setting.styles.append(style)
        return style

    def setting_of(self, index: int, text_object: int) -> Setting:
        """What is common to the text object (its address) of a character and others of the page."""
        key = (self._font_of(text_object) if text_object else None) or 0
        look = self._characters.look_of(index)
        known = self._settings.get((key, look))
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
        setting = Setting(
            size=round(abs(look.size) * scale, 2) or 1.0,
            turns=turns,
            is_mono=font.is_mono,
            is_pale=_is_pale(look.colour),
            is_caps=font.is_caps,
            is_drawing=font.is_drawing,
            is_plain=not (font.is_caps or font.is_drawing) and font.symbols is LIGATURES,
            symbols=font.symbols,
            styles=None if told else self.fonts[key].styles,
            rises={},
        )
        self._settings[key, look] = setting
        return setting

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
