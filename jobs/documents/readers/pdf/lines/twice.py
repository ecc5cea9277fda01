"""Letters that are drawn twice, a hair apart, so that they look bold: each is read once."""

from collections.abc import Iterable, Iterator

from jobs.documents.readers.pdf.lines.glyphs import Glyph

_HAIR = 0.08  # of the font size
_LOOKED_BACK = 4  # glyphs: as many as a ligature has, and one


def drawn_once(glyphs: Iterable[Glyph]) -> Iterator[Glyph]:
    """The glyphs in their order, without those that stand where the same one stood before.

    PDFium itself leaves out such a letter, but not the letters of a ligature.
    """
    last: list[Glyph] = []
    reached = float("-inf")
    for glyph in glyphs:
        if glyph.left <= reached and any(_is_same(glyph, before) for before in last):
            continue
        reached = glyph.left
        last = [*last[1 - _LOOKED_BACK :], glyph]
        yield glyph


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
