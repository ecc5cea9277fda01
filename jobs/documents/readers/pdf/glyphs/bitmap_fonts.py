"""The sizes of fonts whose letters are pictures: they tell none that is meant in points.

So are those that TeX's drivers made for printers (PDF 32000-1, 9.6.5: Type 3). Their letters are as
wide as those of others, which tells the size.
"""

from collections.abc import Iterator, Sequence
from statistics import median

from jobs.documents.readers.pdf.glyphs.page_glyphs import Glyph
from jobs.documents.readers.pdf.glyphs.styles import FontStyles, Style

_WIDTHS = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        (
            *(0.50, 0.56, 0.44, 0.56, 0.44, 0.31, 0.50, 0.56, 0.28, 0.31, 0.53, 0.28, 0.83),
            *(0.56, 0.50, 0.56, 0.53, 0.39, 0.39, 0.39, 0.56, 0.53, 0.72, 0.53, 0.53, 0.44),
        ),
        strict=True,
    )
)  # as shares of the size: those of Computer Modern Roman, to which other faces are alike
_LEAST_SPACE = 0.12  # of the size
_TOO_WIDE = 3.0  # times what a letter of such a size would be

_Sizes = dict[tuple[int, float], float]  # by the number of the font and what it says


def with_sizes(glyphs: Sequence[Glyph], fonts: Sequence[FontStyles]) -> Sequence[Glyph]:
    """The glyphs of a page, those of fonts without a size with the size that their widths tell.

    The styles of these fonts are changed to those of the glyphs.
    """
    owners = {
        id(style): number
        for number, font in enumerate(fonts)
        if font.is_nameless
        for style in font.styles
    }
    sizes = _sizes(glyphs, owners) if owners else {}
    if not sizes:
        return glyphs
    changed: dict[int, Style] = {}
    for number, font in enumerate(fonts):
        for at, style in enumerate(font.styles):
            size = sizes.get((number, style.size))
            if size is not None:
                changed[id(style)] = font.styles[at] = style._replace(size=size)
    return list(_changed(glyphs, changed))


def _changed(glyphs: Sequence[Glyph], styles: dict[int, Style]) -> Iterator[Glyph]:
    """The glyphs in these styles, without spaces that are too narrow for them: kerns of letters."""
    right = baseline = 0.0  # of the glyph before
    for glyph in glyphs:
        style = styles.get(id(glyph.style))
        if style is None:
            yield glyph
        else:
            gap = glyph.left - right
            is_kern = style.baseline == baseline and abs(gap) < _LEAST_SPACE * style.size
            yield glyph._replace(style=style, is_spaced=glyph.is_spaced and not is_kern)
        right, baseline = glyph.right, glyph.style.baseline


def _sizes(glyphs: Sequence[Glyph], owners: dict[int, int]) -> _Sizes:
    """The sizes of fonts, in whole points; of those without letters that of the other ones."""
    told: dict[tuple[int, float], list[float]] = {}
    for glyph in glyphs:
        number = owners.get(id(glyph.style))
        if number is None:
            continue
        found = told.setdefault((number, glyph.style.size), [])
        if glyph.char in _WIDTHS:
            found.append((glyph.right - glyph.left) / _WIDTHS[glyph.char])
    sizes = {
        key: max(round(median(found)), 1)
        for key, found in told.items()
        if found and median(found) > _TOO_WIDE * key[1]
    }
    usual = median(sizes.values()) if sizes else 0.0
    return {
        key: float(sizes.get(key, usual))
        for key, found in told.items()
        if key in sizes or (sizes and not found)
    }
