"""The text of a row of code: its blanks, its signs as they are typed, marks of notes."""

from collections.abc import Iterable
from itertools import groupby, pairwise
from statistics import median

from jobs.documents.readers.clean_text import clean
from jobs.documents.readers.pdf.glyphs.page_glyphs import Glyph
from jobs.documents.readers.pdf.lines.line_text import close_dots, repair
from jobs.documents.readers.pdf.lines.runs import TYPED, Run

_CODE_SPACE = 0.4  # of the width of a character
_SPREAD_CODE = 0.08  # the same
_TIGHT_PITCH = 0.3  # of the font size; a narrower one is none
_USUAL_PITCH = 0.6
_SMALL, _RAISED = 0.85, 0.2  # of the font size
_PLAIN = str.maketrans("ˆ˜", "^~")  # as TeX's typewriter fonts name them
_ROUNDED = (("‘", "’", "`'"), ("“", "”", '""'))


def code_text(runs: list[Run], pitch: float) -> str:
    """The text of runs of code: as many spaces as there is room for."""
    pieces: list[str] = []
    last = runs[0].glyphs[0]
    spread = _spread_of(runs, pitch)
    for glyph in _with_marks([glyph for run in runs for glyph in run.glyphs]):
        room = (glyph.left - last.right - spread) / (pitch + spread)
        if room > _CODE_SPACE:
            pieces.append(" " * max(round(room), 1))
        is_typed = glyph.style.is_mono
        pieces.append(glyph.char if is_typed else TYPED.get(glyph.char, glyph.char))
        last = glyph
    text = _with_plain_quotes(repair("".join(pieces)).translate(_PLAIN))
    return clean(close_dots(text)).replace("\n", " ").strip()


def _with_marks(glyphs: list[Glyph]) -> list[Glyph]:
    """Glyphs of code with brackets around the raised numbers of notes behind its names."""
    largest = max(glyph.style.size for glyph in glyphs)
    if all([glyph.style.size > _SMALL * largest for glyph in glyphs]):
        return glyphs
    baseline = glyphs[0].style.baseline
    marked: list[Glyph] = []
    for is_small, part in groupby(glyphs, lambda glyph: glyph.style.size < _SMALL * largest):
        small = list(part)
        text = "".join([glyph.char for glyph in small])
        is_raised = small[0].style.baseline > baseline + _RAISED * largest
        is_mark = is_small and is_raised and text.isdigit() and not small[0].is_spaced
        if is_mark and marked and not marked[-1].char.isdigit():
            small[0] = small[0]._replace(char="[" + small[0].char)
            small[-1] = small[-1]._replace(char=small[-1].char + "]")
        marked += small
    return marked


def _spread_of(runs: list[Run], pitch: float) -> float:
    """How far apart the letters of code are set, in points: 0 where they touch, as they mostly do.

    TeX's listings may set letters into columns that are wider than these.
    """
    first, *rest = runs[0].glyphs
    if not rest or rest[0].left - first.right < _SPREAD_CODE * pitch:
        return 0.0
    gaps = [
        after.left - before.right
        for run in runs
        for before, after in pairwise(run.glyphs)
        if not after.is_spaced
    ]
    usual = median(gaps) if gaps else 0.0
    return usual if usual > _SPREAD_CODE * pitch else 0.0


def _with_plain_quotes(text: str) -> str:
    """Code with the quotes that are typed, which printers round; those in pairs are as printed."""
    if text.isascii():
        return text
    for opening, closing, typed in _ROUNDED:
        if (opening in text) != (closing in text):
            text = text.replace(opening, typed[0]).replace(closing, typed[1])
    return text


def pitch_of(runs: Iterable[Run]) -> float:
    """The width of one character of code, in points."""
    glyphs = [glyph for run in runs for glyph in run.glyphs if glyph.style.is_mono]
    size = glyphs[0].style.size if glyphs else 1.0
    widths = [
        width for glyph in glyphs if (width := glyph.right - glyph.left) > _TIGHT_PITCH * size
    ]
    return median(widths) if widths else _USUAL_PITCH * size
