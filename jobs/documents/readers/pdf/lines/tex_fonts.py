"""The characters of TeX's fonts that a PDF does not name: by the name and the code alone."""

import re
from collections.abc import Mapping

_MATH_NAME = re.compile(r"(?:^|\+)cm(sy|ex|mi)b?\d+$", re.IGNORECASE)
_SYMBOLS: Mapping[str, Mapping[str, str]] = {
    "sy": {"h": "⟨", "i": "⟩", "<": "ℜ", "=": "ℑ", "0": "′", "6": "\u0338", "p": "√"},
    "ex": {"P": "∑", "X": "∑", "Q": "∏", "Y": "∏", "R": "∫", "Z": "∫", "S": "⋃", "[": "⋃",
           "T": "⋂", "\\": "⋂", "p": "√", "q": "√", "r": "√", "s": "√"},
    "mi": dict(zip(map(chr, range(0x0B, 0x20)), "αβγδεζηθικλμνξπρστυφχ", strict=True)),
}  # fmt: skip
_CORNERS_NAME = re.compile(r"(?:^|\+)lcircle\w*\d+$", re.IGNORECASE)
_CORNERS = dict.fromkeys(map(chr, (0x261B, 0x261E, 0x2605, *range(0x2701, 0x27BF))), " ")
_LIGATURES = ("ﬀ", "ﬁ", "ﬂ", "ﬃ", "ﬄ")
_TEXT = {  # in the encodings OT1 and T1
    chr(first + place): letters
    for first in (0x0B, 0x1B)
    for place, letters in enumerate(_LIGATURES)
}
CONTROLS = frozenset(map(chr, range(0x0B, 0x20)))


def symbols_of(font_name: str) -> Mapping[str, str]:
    """What the codes of a font stand for that PDFium gives as they are.

    The corners of frames, which are glyphs of a font that has nothing else, are spaces.
    """
    if _CORNERS_NAME.search(font_name):
        return _CORNERS
    math = _MATH_NAME.search(font_name)
    return _SYMBOLS[math[1].lower()] if math else _TEXT
