"""The characters of TeX's fonts that a PDF does not name: by the name and the code alone."""

import re
from collections.abc import Mapping

_MATH_NAME = re.compile(
    r"(?:^|\+)(?:cm(sy|ex|mi)b?\d+$|lmmath(symbols|extension|italic)\d)", re.IGNORECASE
)
_CODES = {"symbols": "sy", "extension": "ex", "italic": "mi"}  # as Latin Modern calls them
CIRCLE = "◯"  # around a letter: that of a copyright
_SYMBOLS: Mapping[str, Mapping[str, str]] = {
    "sy": {"h": "⟨", "i": "⟩", "<": "ℜ", "=": "ℑ", "0": "′", "6": "\u0338", "p": "√",
           "\r": CIRCLE},
    "ex": {"P": "∑", "X": "∑", "Q": "∏", "Y": "∏", "R": "∫", "Z": "∫", "S": "⋃", "[": "⋃",
           "T": "⋂", "\\": "⋂", "p": "√", "q": "√", "r": "√", "s": "√"},
    "mi": dict(zip(map(chr, range(0x0B, 0x20)), "αβγδεζηθικλμνξπρστυφχ", strict=True)),
}  # fmt: skip
_DRAWING_NAME = re.compile(  # TeX's for the corners of frames, those of notes of music
    r"(?:^|\+)(?:l(?:ine|circle)w?\d+$|emmentaler|feta|parmesan|bravura)", re.IGNORECASE
)
_LIGATURE_LETTERS = ("ﬀ", "ﬁ", "ﬂ", "ﬃ", "ﬄ")
LIGATURES = {  # in the encodings OT1 and T1
    chr(first + place): letters
    for first in (0x0B, 0x1B)
    for place, letters in enumerate(_LIGATURE_LETTERS)
}
CONTROLS = frozenset(map(chr, range(0x0B, 0x20)))


def is_of_drawings(font_name: str) -> bool:
    """Whether a font has parts of drawings instead of characters."""
    return _DRAWING_NAME.search(font_name) is not None


def symbols_of(font_name: str) -> Mapping[str, str]:
    """What the codes of a font stand for that PDFium gives as they are."""
    math = _MATH_NAME.search(font_name)
    if math is None:
        return LIGATURES
    kind = (math[1] or math[2]).lower()
    return _SYMBOLS[_CODES.get(kind, kind)]
