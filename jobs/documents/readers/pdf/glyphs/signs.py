"""Signs that a font has without saying which characters they are: bullets, and icons."""

import re
from collections.abc import Iterator, Sequence

from jobs.documents.readers.pdf.glyphs.page_glyphs import Glyph

_UNNAMED = re.compile("[\x80-\x9f\ue000-\uf8ff]")  # control signs, and what fonts use as they like
_SAME_LINE = 0.3  # of the font size
_FAR = 6.0  # the same
_ICON_SIZE = 1.25  # of the size of the text beside it
_BULLET = "•"


def with_bullets(glyphs: Sequence[Glyph]) -> Sequence[Glyph]:
    """The glyphs; unnamed ones are bullets before a text, and icons, which go, if they are large.

    Those within a text stay as they are.
    """
    if not _UNNAMED.search("".join([glyph.char for glyph in glyphs])):
        return glyphs
    return list(_told(glyphs))


def _told(glyphs: Sequence[Glyph]) -> Iterator[Glyph]:
    for before, glyph, after in zip([None, *glyphs], glyphs, [*glyphs[1:], None], strict=False):
        if not _UNNAMED.match(glyph.char) or _is_beside(before, glyph):
            yield glyph
        elif after is not None and _is_beside(glyph, after):
            if _UNNAMED.match(after.char):
                yield glyph
            elif glyph.style.size < _ICON_SIZE * after.style.size:
                yield glyph._replace(char=_BULLET)


def _is_beside(before: Glyph | None, glyph: Glyph) -> bool:
    """Whether a glyph stands to the right of another one, on its line."""
    if before is None:
        return False
    size = max(before.style.size, glyph.style.size)
    is_level = abs(before.style.baseline - glyph.style.baseline) < _SAME_LINE * size
    return is_level and before.left < glyph.left < before.right + _FAR * size
