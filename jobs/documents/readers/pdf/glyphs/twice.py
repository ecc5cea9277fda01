"""Letters that are drawn twice, a hair apart, so that they look bold: each is read once."""

from collections.abc import Iterable

from jobs.documents.readers.pdf.glyphs.page_glyphs import Glyph

_HAIR = 0.08  # of the font size
_LOOKED_BACK = 4  # glyphs: as many as a ligature has, and one


def drawn_once(glyphs: Iterable[Glyph]) -> list[Glyph]:
    """The glyphs in their order, without those that stand where the same one stood before.

    PDFium itself leaves out such a letter, but not the letters of a ligature.
    """
    found: list[Glyph] = []
    reached = float("-inf")
    for glyph in glyphs:
        left = glyph.left
        if left <= reached and any(_is_same(glyph, each) for each in found[-_LOOKED_BACK:]):
            continue
        reached = left
        found.append(glyph)
    return found


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
