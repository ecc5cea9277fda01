"""Letters that are drawn twice, a hair apart, so that they look bold: each is read once."""

from collections.abc import Iterable, Sequence
from itertools import compress, count
from operator import le

from jobs.documents.readers.pdf.lines.glyphs import Glyph, left_of

_HAIR = 0.08  # of the font size
_LOOKED_BACK = 4  # glyphs: as many as a ligature has, and one


def drawn_once(glyphs: Sequence[Glyph]) -> Sequence[Glyph]:
    """The glyphs in their order, without those that stand where the same one stood before.

    PDFium itself leaves out such a letter, but not the letters of a ligature.
    """
    lefts = list(map(left_of, glyphs))
    back = compress(count(1), map(le, lefts[1:], lefts))
    if not any(_is_among(glyphs[at], glyphs[max(0, at - _LOOKED_BACK) : at]) for at in back):
        return glyphs
    found: list[Glyph] = []
    reached = float("-inf")
    for glyph in glyphs:
        left = glyph.left
        if left <= reached and _is_among(glyph, found[-_LOOKED_BACK:]):
            continue
        reached = left
        found.append(glyph)
    return found


def _is_among(glyph: Glyph, others: Iterable[Glyph]) -> bool:
    return any(_is_same(glyph, each) for each in others)


def _is_same(glyph: Glyph, before: Glyph) -> bool:
    hair = _HAIR * glyph.style.size
    return (
        glyph.char == before.char
        and glyph.style.size == before.style.size
        and abs(glyph.left - before.left) < hair
        and abs(glyph.right - before.right) < hair
        and abs(glyph.style.baseline - before.style.baseline) < hair
        and glyph.left < glyph.right
    )
