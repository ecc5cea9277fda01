"""Glyphs that follow each other on one line, up to the next wide gap."""

from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from typing import NamedTuple

from jobs.documents.readers.pdf.glyphs.page_glyphs import Glyph
from jobs.documents.readers.pdf.glyphs.styles import Style

_CUT_GAP = 0.6  # of the font size, as all shares here
_CUT_CODE = 0.62  # the same between words of code, whose spaces may be 0.6 wide
_SPACE_GAP = 0.14  # narrower than any space between words that printers set
_NUMBER_GAP = 0.1  # between the number of a title and its words
_NO_GAP = 0.06
_CODE_GAP = 0.35  # the same between words of code: letters of code may be set with some room
_INDEX_GAP = 0.2  # between an index and the bracket after it
_OVERLAP = 0.005  # letters that are nearer than that have no space between them
_CLOSING = frozenset(")]}.,;:!?")
_BACK_STEP = 0.5  # kerning and accents
_SAME_LINE = 0.15
_SHIFTED = 0.35  # TeX's name has a lowered letter
_RAISED = 0.7  # of the larger of two sizes
_SMALLER = 0.93
TYPED = {"∗": "*", "−": "-", "∼": "~", "∣": "|"}  # in code, if a font of formulas has them
_MONO_SHARE = 0.9
_COMMENTS = ("/*", "//", "#", "%", ";")
_MAIN_SHARE = 0.15
_MIDDLE = 0.35  # of the font size
_DOTS = 3  # and more lead to what stands at the end of a line


class Run(NamedTuple):
    """Glyphs in reading order, with the box around them; `baseline` is that of the largest.

    `cells`: a row of a ruled table, the runs of each of its cells.
    """

    glyphs: list[Glyph]
    left: float
    right: float
    baseline: float
    size: float
    is_mono: bool
    cells: tuple[tuple["Run", ...], ...] = ()
    bottom: float = 0.0  # the last baseline of a row of cells

    @property
    def middle(self) -> float:
        """The height in the midst of its small letters."""
        return self.baseline + _MIDDLE * self.size


def page_runs(glyphs: Iterable[Glyph]) -> list[Run]:
    """The runs of a page, in the order of its content."""
    return list(map(run_of, _split(glyphs)))


def run_of(glyphs: list[Glyph]) -> Run:
    """The run of these glyphs, of which there is at least one."""
    first, last = glyphs[0], glyphs[-1]
    main = first.style
    mono_count, other_count = (len(glyphs), 0) if main.is_mono else (0, len(glyphs))
    if any([glyph.style is not main for glyph in glyphs]):
        main = _main_style(glyphs)
        mono_count = sum([glyph.style.is_mono for glyph in glyphs])
        other_count = len(glyphs) - mono_count
    if mono_count and other_count:  # symbols are often of another font
        other_count = sum(glyph.char.isalnum() for glyph in glyphs if not glyph.style.is_mono)
    return Run(
        glyphs,
        left=min(first.left, last.left),
        right=max(first.right, last.right),
        baseline=main.baseline,
        size=main.size,
        is_mono=mono_count >= _MONO_SHARE * (mono_count + other_count) and mono_count > 0,
    )


def are_code(runs: Iterable[Run]) -> bool:
    """Whether runs are in a typewriter font up to a comment, which may be in another one."""
    for number, run in enumerate(runs):
        start = "".join(glyph.char for glyph in run.glyphs[:2])
        if number and start.startswith(_COMMENTS):
            return True
        if not run.is_mono and not (number and _is_typed_sign(run)):
            return False
    return True


def _is_typed_sign(run: Run) -> bool:
    """Whether a run is a sign of a font of formulas that stands for one of code, as Doxygen's."""
    return len(run.glyphs) == 1 and run.glyphs[0].char in TYPED


def is_rtl(char: str) -> bool:
    """Whether a character is of a script that runs from right to left."""
    return (
        "\u0590" <= char <= "\u08ff" or "\ufb1d" <= char <= "\ufdff" or "\ufe70" <= char <= "\ufefc"
    )


def _main_style(glyphs: list[Glyph]) -> Style:
    """The largest style that is not that of a few glyphs only, as a bullet's is.

    Code within prose may be set larger; its size says nothing of the line.
    """
    counts: dict[Style, int] = {}
    for style, same in groupby(glyphs, key=_style_of):  # a style is hashed seldom
        counts[style] = counts.get(style, 0) + sum([glyph.char.isalnum() for glyph in same])
    least = _MAIN_SHARE * len(glyphs)
    main = [style for style, count in counts.items() if count and count >= least]
    prose = [style for style in main if not style.is_mono]
    if 2 * sum(counts[style] for style in prose) >= sum(counts.values()):
        main = prose
    return max(main or counts, key=lambda style: (style.size, counts[style]))


def _style_of(glyph: Glyph) -> Style:
    return glyph.style


def _split(glyphs: Iterable[Glyph]) -> Iterator[list[Glyph]]:
    run: list[Glyph] = []
    main = last = None
    for glyph in glyphs:
        style = glyph.style
        if last is None or main is None:
            run, main, last = [glyph], style, glyph
            continue
        gap = glyph.left - last.right
        size = main.size
        if style is main and not glyph.is_spaced and -_BACK_STEP * size < gap < _SPACE_GAP * size:
            run.append(glyph)  # a letter of the same word, as most are
            last = glyph
            continue
        if not _is_next(main, last, glyph, gap):
            yield run
            run, main, last = [glyph], style, glyph
            continue
        if gap < _INDEX_GAP * size if glyph.is_spaced else gap > _NUMBER_GAP * size:
            glyph = _with_space(glyph, last, gap / size)
        if style is not main and style.size * _SMALLER > size:
            main = style
        run.append(glyph)
        last = glyph
    if run:
        yield run


def _is_next(main: Style, last: Glyph, glyph: Glyph, gap: float) -> bool:
    """Whether a glyph goes on with the run of `main` whose last glyph is `gap` before it."""
    style, size = glyph.style, main.size
    is_code = style is main and style.is_mono and glyph.is_spaced
    is_near = -_BACK_STEP * size < gap < (_CUT_CODE if is_code else _CUT_GAP) * size
    if is_near and style is not main and style != main:
        is_near = _is_on_line(main, style, is_near=gap < _BACK_STEP * size)
    return is_near or _runs_left(last, glyph)


def _no_gap(before: Glyph, glyph: Glyph) -> float:
    """How far a glyph may be from the one before, as a share of its size, if no space is there."""
    is_after_index = glyph.char in _CLOSING and before.style.baseline != glyph.style.baseline
    return _INDEX_GAP if is_after_index or _is_option(before, glyph) else _NO_GAP


def _is_option(before: Glyph, glyph: Glyph) -> bool:
    """Whether these are the two hyphens of an option, which TeX sets apart lest they be a dash."""
    return glyph.char == before.char == "-"


def _is_called(before: Glyph, glyph: Glyph) -> bool:
    """Whether a bracket stands at the name of a function, which formulas set in another font."""
    return glyph.char == "(" and before.char.isalpha() and before.style is not glyph.style


def _with_space(glyph: Glyph, before: Glyph, gap: float) -> Glyph:
    """A glyph whose distance and space do not agree, with a space as far as the distance tells.

    `gap` is a share of the font size.
    """
    style = glyph.style
    if not glyph.is_spaced:
        if gap <= _SPACE_GAP and not (before.char.isdigit() and glyph.char.isupper()):
            return glyph
        is_code = style.is_mono and before.style.is_mono
        is_wide = not is_code or gap > _CODE_GAP
        is_exact = is_wide and style.turns == 0  # others have no exact widths
        is_apart = is_exact and not _is_option(before, glyph)
        return glyph._replace(is_spaced=True) if is_apart else glyph
    if gap >= _no_gap(before, glyph):
        return glyph
    is_near = style.baseline != before.style.baseline or glyph.char in _CLOSING
    is_near = is_near or _is_option(before, glyph) or _is_called(before, glyph)
    is_near = is_near or before.left < glyph.left < before.right - _OVERLAP * style.size
    return glyph._replace(is_spaced=False) if is_near else glyph


def _is_on_line(main: Style, style: Style, *, is_near: bool) -> bool:
    """Whether a glyph stands on the line of those before it, or raised or lowered beside them."""
    shift = abs(style.baseline - main.baseline)
    larger, smaller = max(main.size, style.size), min(main.size, style.size)
    if shift < _SAME_LINE * larger:
        return True
    return is_near and shift < (_RAISED if smaller < _SMALLER * larger else _SHIFTED) * larger


def _runs_left(last: Glyph, glyph: Glyph) -> bool:
    """Whether two glyphs of one line run from right to left, or one of them does."""
    if not (is_rtl(last.char) or is_rtl(glyph.char)):
        return False
    size = max(last.style.size, glyph.style.size)
    gap = max(last.left - glyph.right, glyph.left - last.right)
    is_same_line = abs(last.style.baseline - glyph.style.baseline) < _SAME_LINE * size
    return is_same_line and gap < 2 * size


def gaps(runs: Iterable[Run]) -> Iterator[float]:
    """The widths between runs of one row, as shares of the font size."""
    for before, after in pairwise(runs):
        yield (after.left - before.right) / max(before.size, after.size)


def have_leaders(runs: list[Run]) -> bool:
    """Whether dots lead to what stands at the end of a row; they may stand far from each other."""
    return any(map(_ends_in_dots, runs)) or sum(map(_is_dot, runs)) > _DOTS


def _is_dot(run: Run) -> bool:
    return len(run.glyphs) == 1 and run.glyphs[0].char == "."


def _ends_in_dots(run: Run) -> bool:
    return len(run.glyphs) > _DOTS and all(glyph.char in ".·…" for glyph in run.glyphs[-_DOTS:])
