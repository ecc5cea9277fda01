"""Puts accents that TeX draws over a letter, as glyphs of their own, into that letter."""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

from jobs.documents.readers.pdf.glyphs.page_glyphs import Glyph
from jobs.documents.readers.pdf.glyphs.tex_fonts import CIRCLE

_COMBINING = {
    "´": "\u0301", "`": "\u0300", "¨": "\u0308", "ˆ": "\u0302", "^": "\u0302", "˜": "\u0303",
    "~": "\u0303", "˚": "\u030a", "¸": "\u0327", "ˇ": "\u030c", "¯": "\u0304", "˘": "\u0306",
    "˙": "\u0307", "˝": "\u030b", "\u0338": "\u0338",
}  # fmt: skip
_ENCLOSED = {"c": "©", "C": "©", "r": "®", "R": "®", "P": "℗", "p": "℗"}
_STRAYS = frozenset("¨ˆ˜˚ˇ˘˙˝")  # those that are no signs by themselves
_TYPED = frozenset("^~")  # they are signs of their own where they stand over no letter
_DRAWN_OVER = {*_COMBINING, CIRCLE}
_FAR = 150  # glyphs: a line and a half
_RISE = 0.6  # of the font size: over a capital
_SINK = 0.1  # the same: over a small letter of some fonts
_DOTLESS = str.maketrans("ıȷ", "ij")
_FORMULA_LETTERS = "\U0001d400"  # and what follows
_NEGATED = frozenset("=∈≡<>⊂∃")
_ROOT = "√"
_SUMS = frozenset("∑∏∫⋃⋂")
_HANGING = 2.5  # of the font size: that of a large root
_NEAR_SUM = 0.3  # of the font size
_OVERLAP = 0.5  # of the narrower of the two


def with_accents(glyphs: Sequence[Glyph]) -> Sequence[Glyph]:
    """The glyphs of a page with `A` and the ring above it as `Å`, whichever comes first.

    The sign of a root, which hangs from its baseline, stands on that of what follows, that of a
    sum on that of what is before it.
    """
    chars = {glyph.char for glyph in glyphs}
    if _ROOT in chars:
        glyphs = list(_lower_roots(glyphs))
    if not chars.isdisjoint(_SUMS):
        glyphs = list(_lower_sums(glyphs))
    if chars.isdisjoint(_COMBINING) and CIRCLE not in chars:
        return glyphs
    return _join_strays(list(_compose(glyphs)))


def _join_strays(glyphs: list[Glyph]) -> list[Glyph]:
    """The glyphs, accents that PDFium puts elsewhere in the line in the letters below them."""
    strays = [
        place
        for place, glyph in enumerate(glyphs)
        if glyph.char in _STRAYS or (glyph.char in _TYPED and not glyph.style.is_mono)
    ]
    joined: set[int] = set()
    for place in strays:
        near = range(max(0, place - _FAR), min(len(glyphs), place + _FAR))
        below = (at for at in near if _is_over(glyphs[place], glyphs[at]))
        for at, both in ((at, _composed(glyphs[place], glyphs[at])) for at in below):
            if both is not None:
                glyphs[at] = both._replace(is_spaced=glyphs[at].is_spaced)
                joined.add(place)
                break
    return (
        [glyph for place, glyph in enumerate(glyphs) if place not in joined] if joined else glyphs
    )


def _is_over(accent: Glyph, letter: Glyph) -> bool:
    rise = accent.style.baseline - letter.style.baseline
    return (
        letter.left <= accent.right
        and accent.left <= letter.right
        and -_SINK * letter.style.size < rise < _RISE * letter.style.size
    )


def _lower_roots(glyphs: Sequence[Glyph]) -> Iterator[Glyph]:
    for glyph, following in pairwise(glyphs):
        drop = glyph.style.baseline - following.style.baseline
        is_beside = following.left >= glyph.left and 0 < drop < _HANGING * glyph.style.size
        hangs = glyph.char == _ROOT and is_beside
        yield glyph._replace(style=following.style) if hangs else glyph
    yield glyphs[-1]


def _lower_sums(glyphs: Sequence[Glyph]) -> Iterator[Glyph]:
    last: Glyph | None = None
    for glyph in glyphs:
        if last is not None and glyph.char in _SUMS and _hangs_beside(last, glyph):
            glyph = glyph._replace(style=last.style)
        yield glyph
        last = glyph


def _hangs_beside(before: Glyph, sign: Glyph) -> bool:
    """Whether the sign of a sum hangs from a baseline above that of the glyph before it."""
    size = before.style.size
    drop = sign.style.baseline - before.style.baseline
    gap = sign.left - before.right
    return 0 < drop < _HANGING * size and -_NEAR_SUM * size < gap < _HANGING * size


def _compose(glyphs: Sequence[Glyph]) -> Iterator[Glyph]:
    last: Glyph | None = None
    for glyph in glyphs:
        may_join = last and (glyph.char in _DRAWN_OVER or last.char in _DRAWN_OVER)
        both = (_composed(last, glyph) or _composed(glyph, last)) if last and may_join else None
        if last and both:
            last = both._replace(is_spaced=last.is_spaced, left=min(last.left, both.left))
            continue
        if last is not None:
            yield last
        last = glyph
    if last is not None:
        yield last


def _composed(accent: Glyph, letter: Glyph) -> Glyph | None:
    """The letter with the accent over it, if there is such a letter or it is one of formulas."""
    if accent.char == CIRCLE and accent.left < letter.left < letter.right < accent.right:
        sign = _ENCLOSED.get(letter.char)
        return letter._replace(char=sign, left=accent.left, right=accent.right) if sign else None
    mark = _COMBINING.get(accent.char)
    if mark is None or not (letter.char.isalpha() or letter.char in _NEGATED):
        return None
    narrower = min(accent.right - accent.left, letter.right - letter.left)
    overlap = min(accent.right, letter.right) - max(accent.left, letter.left)
    char = unicodedata.normalize("NFC", letter.char.translate(_DOTLESS) + mark)
    if (len(char) > 1 and letter.char < _FORMULA_LETTERS) or overlap < _OVERLAP * narrower:
        return None
    return letter._replace(char=char)
