"""Puts accents that TeX draws over a letter, as glyphs of their own, into that letter."""

import unicodedata
from collections.abc import Iterator

from jobs.documents.readers.pdf.glyphs import Glyph

_COMBINING = {
    "´": "\u0301", "`": "\u0300", "¨": "\u0308", "ˆ": "\u0302", "^": "\u0302", "˜": "\u0303",
    "~": "\u0303", "˚": "\u030a", "¸": "\u0327", "ˇ": "\u030c", "¯": "\u0304", "˘": "\u0306",
    "˙": "\u0307", "˝": "\u030b", "\u0338": "\u0338",
}  # fmt: skip
_DOTLESS = str.maketrans("ıȷ", "ij")
_NEGATED = frozenset("=∈≡<>⊂∃")
_OVERLAP = 0.5  # of the narrower of the two


def with_accents(glyphs: list[Glyph]) -> list[Glyph]:
    """The glyphs of a page with `A` and the ring above it as `Å`, whichever comes first."""
    if not any(glyph.char in _COMBINING for glyph in glyphs):
        return glyphs
    return list(_compose(glyphs))


def _compose(glyphs: list[Glyph]) -> Iterator[Glyph]:
    last: Glyph | None = None
    for glyph in glyphs:
        both = (_composed(last, glyph) or _composed(glyph, last)) if last else None
        if last and both:
            last = both._replace(is_spaced=last.is_spaced, left=min(last.left, both.left))
            continue
        if last is not None:
            yield last
        last = glyph
    if last is not None:
        yield last


def _composed(accent: Glyph, letter: Glyph) -> Glyph | None:
    """The letter with the accent that is drawn over it, if there is such a letter."""
    mark = _COMBINING.get(accent.char)
    if mark is None or not (letter.char.isalpha() or letter.char in _NEGATED):
        return None
    narrower = min(accent.right - accent.left, letter.right - letter.left)
    overlap = min(accent.right, letter.right) - max(accent.left, letter.left)
    char = unicodedata.normalize("NFC", letter.char.translate(_DOTLESS) + mark)
    if len(char) > 1 or overlap < _OVERLAP * narrower:
        return None
    return letter._replace(char=char)
