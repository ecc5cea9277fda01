"""Tells typewriter fonts that nothing calls so: all their letters are equally wide."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from statistics import median

from jobs.documents.readers.pdf.glyphs.page_glyphs import Glyph
from jobs.documents.readers.pdf.glyphs.styles import FontStyles

_MIN_CHARS = 5  # different ones, for their widths to tell a typewriter font
_EVEN = 0.08  # of their width
_EVEN_SHARE = 0.9
_SAME = 0.02  # the same for a font that has a name, which says that it is another one
_MAX_WIDE = 8  # signs that are drawn wider than they are set, as an m may be
_NARROW = frozenset("fijlrtI")


def with_pitch(glyphs: Sequence[Glyph], fonts: Iterable[FontStyles]) -> Sequence[Glyph]:
    """The glyphs, those as code whose font has one width for all."""
    fonts = list(fonts)
    even = _even_fonts(glyphs, fonts)
    told = {
        id(style): style._replace(is_mono=True)
        for number, font in enumerate(fonts)
        if number in even or (font.is_nameless and _is_even(glyphs, font))
        for style in font.styles
    }
    if not told:
        return glyphs
    return [glyph._replace(style=told.get(id(glyph.style), glyph.style)) for glyph in glyphs]


def _even_fonts(glyphs: Iterable[Glyph], fonts: Sequence[FontStyles]) -> set[int]:
    """Numbers of the fonts of which all signs have one width, narrow letters among them."""
    owners = {id(style): number for number, font in enumerate(fonts) for style in font.styles}
    usual: dict[int, float] = {}
    wide_counts: Counter[int] = Counter()
    letters: defaultdict[int, set[str]] = defaultdict(set)
    for glyph in glyphs:
        number = owners.get(id(glyph.style))
        if number is None or glyph.right <= glyph.left or not glyph.char.isascii():
            continue
        width = (glyph.right - glyph.left) / glyph.style.size
        difference = width - usual.setdefault(number, width)
        is_wide = difference > _SAME * width
        wide_counts[number] += is_wide
        if difference < -_SAME * width or wide_counts[number] > _MAX_WIDE:
            for style in fonts[number].styles:
                owners.pop(id(style), None)
            letters[number] = set()
            if not owners:
                break
        elif glyph.char.isalpha() and not is_wide:
            letters[number].add(glyph.char)
    return {number for number, found in letters.items() if _are_told(found)}


def _are_told(letters: set[str]) -> bool:
    """Whether letters would have several widths if their font were not a typewriter's."""
    return len(letters) >= _MIN_CHARS and bool(letters & _NARROW) and bool(letters - _NARROW)


def _is_even(glyphs: Iterable[Glyph], font: FontStyles) -> bool:
    """Whether nearly all are equally wide. A glyph that is drawn wider than it is set is wider."""
    ids = set(map(id, font.styles))
    own = [glyph for glyph in glyphs if id(glyph.style) in ids]
    if len({glyph.char for glyph in own}) < _MIN_CHARS:
        return False
    widths = [(glyph.right - glyph.left) / glyph.style.size for glyph in own]
    usual = median(widths)
    return sum(abs(width - usual) < _EVEN * usual for width in widths) >= _EVEN_SHARE * len(widths)
