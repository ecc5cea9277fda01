"""Tells code whose letters stand in columns of equal width, though their font is proportional.

TeX's listings and the printers of some DocBook manuals set each word of code as wide as it has
letters, times the width of a column, and spread its letters evenly.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import inf, sqrt
from statistics import median
from typing import NamedTuple

from jobs.documents.readers.pdf.glyphs.page_glyphs import Glyph
from jobs.documents.readers.pdf.glyphs.styles import Style
from jobs.documents.readers.pdf.lines.runs import TYPED, Run, run_of

_SAME_LINE = 0.1  # of the font size, as the next ones
_SPREAD = 0.02  # letters that are not spread are nearer
_FIRST, _SAMPLE = 3, 12  # glyphs
_BETWEEN_LETTERS = 0.35  # farther from each other are words
_UNEVEN = 0.08  # how far gaps differ at least: letters of titles are all equally far apart
_NARROWEST, _WIDEST = 0.42, 0.72
_WORD_GAP = 0.2  # of a column: what a gap between neighbouring letters usually is
_DOTS = 0.25  # of the glyphs of a line
_ROUNDS = 3
_NEWEST = 0.2  # the share of a letter in what the place of the next is told by
_SURE_GLYPHS = 8
_SURE, _FITTING = 0.22, 0.27  # of a column: how far letters stand from the middle of theirs
_FITTING_AS_PROSE = 0.2  # the same, if most touch
_OUTLIER = 0.8  # the same, of one letter
_SAME_PITCH = 0.025
_MIN_GLYPHS, _LONG = 24, 16  # in lines that agree, and in the longest of them
_SHORT = 6  # glyphs, too few to tell their pitch
_NEXT_LINE = 1.5  # of the font size
_SAME_COLUMN = 0.3  # of a column


class _Fit(NamedTuple):
    """Columns that letters stand in: their width, the middle of the first, the number of each."""

    pitch: float
    middle: float
    columns: list[int]
    error: float
    largest: float


class _Line(NamedTuple):
    """Runs on one baseline. `fit`: only if it surely is code."""

    runs: list[Run]
    glyphs: list[Glyph]
    fit: _Fit | None

    @property
    def style(self) -> Style:
        """How its first glyph is set."""
        return self.glyphs[0].style


def with_letter_columns(runs: list[Run]) -> list[Run]:
    """The runs of a page; lines whose letters stand in columns are one of typewriter text each."""
    if not any(map(_begins_spread, runs)):
        return runs
    lines = list(_lines_of(runs))
    sizes = {line.style.size for line in lines if line.fit}
    pitches = {size: found for size in sizes if (found := _common_pitches(lines, size))}
    if not pitches:
        return runs
    fits = [_fitting(line, pitches) for line in lines]
    fits = _with_short_lines(lines, fits)
    middles = _common_middles(lines, fits)
    placed: list[Run] = []
    for line, fit in zip(lines, fits, strict=True):
        placed += [_typed(line, fit, middles[fit.pitch])] if fit else line.runs
    return placed


def _begins_spread(run: Run) -> bool:
    """Whether the first letters are not near each other, as at least one word's of a listing."""
    glyphs, least = run.glyphs, _SPREAD * run.size
    return (
        len(glyphs) > _FIRST
        and glyphs[1].left - glyphs[0].right > least
        and all(width > least for width in _gaps(glyphs[1 : _FIRST + 1]))
        and not run.is_mono
    )


def _lines_of(runs: Iterable[Run]) -> Iterator[_Line]:
    line: list[Run] = []
    for run in runs:
        if line and not _is_beside(line[-1], run):
            yield _line_of(line)
            line = []
        line.append(run)
    if line:
        yield _line_of(line)


def _is_beside(last: Run, run: Run) -> bool:
    is_level = abs(last.baseline - run.baseline) < _SAME_LINE * run.size
    return is_level and run.left > last.right - run.size and not (last.cells or run.cells)


def _line_of(runs: list[Run]) -> _Line:
    glyphs = runs[0].glyphs if len(runs) == 1 else [glyph for run in runs for glyph in run.glyphs]
    if len(glyphs) < _SURE_GLYPHS or not (_are_spread(glyphs) and _are_plain(glyphs)):
        return _Line(runs, glyphs, None)
    near = [width for width in _gaps(glyphs) if width < _BETWEEN_LETTERS * runs[0].size]
    fit = _fit(glyphs, 0.0) if _is_uneven(near, runs[0].size) else None
    return _Line(runs, glyphs, fit if fit and _is_sure(fit, glyphs[0].style.size) else None)


def _are_spread(glyphs: Sequence[Glyph]) -> bool:
    """Whether letters of a proportional font are farther apart than they are set as prose."""
    style = glyphs[0].style
    if style.is_mono or any(glyph.style.is_mono for glyph in glyphs[:_SAMPLE]):
        return False
    return median(_gaps(glyphs[:_SAMPLE])) > _SPREAD * style.size


def _are_plain(glyphs: Sequence[Glyph]) -> bool:
    """Whether glyphs are set alike, as those of formulas are not, and are not mostly leaders."""
    style = glyphs[0].style
    are_alike = all(
        glyph.style is style
        or (glyph.style.baseline == style.baseline and glyph.style.size == style.size)
        for glyph in glyphs
    )
    return are_alike and sum(glyph.char == "." for glyph in glyphs) < _DOTS * len(glyphs)


def _gaps(glyphs: Sequence[Glyph]) -> list[float]:
    return [after.left - before.right for before, after in pairwise(glyphs)]


def _is_uneven(near: list[float], size: float) -> bool:
    """Whether gaps between letters differ, as words do by how wide their letters are."""
    ordered = sorted(near)[1:-1]
    return bool(ordered) and ordered[-1] - ordered[0] > _UNEVEN * size


def _is_sure(fit: _Fit, size: float) -> bool:
    is_usual = _NARROWEST * size < fit.pitch < _WIDEST * size
    return is_usual and fit.error < _SURE and fit.largest < _OUTLIER


def _fit(glyphs: Sequence[Glyph], pitch: float) -> _Fit | None:
    """The columns in which letters stand best; their width is found if `pitch` is 0."""
    middles, gaps = list(map(_middle, glyphs)), _gaps(glyphs)
    rounds = 0 if pitch else _ROUNDS
    pitch = pitch or _first_pitch(glyphs, middles, gaps)
    if pitch <= 0:
        return None
    columns = _columns(middles, gaps, pitch)
    for _ in range(rounds):
        pitch = _slope(columns, middles)
        if pitch <= 0:
            return None
        before, columns = columns, _columns(middles, gaps, pitch)
        if columns == before:
            break  # and so would be those of all further rounds
    starts = [middle - pitch * at for middle, at in zip(middles, columns, strict=True)]
    middle = sum(starts) / len(starts)
    off = [abs(start - middle) / pitch for start in starts]
    return _Fit(pitch, middle, columns, sqrt(sum(part * part for part in off) / len(off)), max(off))


def _middle(glyph: Glyph) -> float:
    return (glyph.left + glyph.right) / 2


def _first_pitch(glyphs: Sequence[Glyph], middles: list[float], gaps: list[float]) -> float:
    """How far apart the middles of neighbouring letters are, 0 if there are none."""
    steps = [
        after - before
        for (before, after), gap, glyph in zip(pairwise(middles), gaps, glyphs[1:], strict=True)
        if gap < _BETWEEN_LETTERS * glyph.style.size
    ]
    return sum(steps) / len(steps) if steps else 0.0


def _columns(middles: list[float], gaps: list[float], pitch: float) -> list[int]:
    """The number of each letter's column.

    A gap wider than one has as many blanks; so says how far it is from where columns before began.
    """
    column, start = 0, middles[0]
    columns = [column]
    for middle, gap in zip(middles[1:], gaps, strict=True):
        beside = gap / pitch - _WORD_GAP
        behind = (middle - start) / pitch - (column + 1)
        column += 1 + max(0, round((beside + behind) / 2))
        columns.append(column)
        start += _NEWEST * (middle - pitch * column - start)
    return columns


def _slope(columns: list[int], middles: list[float]) -> float:
    """The width of a column that fits best."""
    mean_column, mean_middle = sum(columns) / len(columns), sum(middles) / len(middles)
    across = sum(
        (column - mean_column) * (middle - mean_middle)
        for column, middle in zip(columns, middles, strict=True)
    )
    return across / sum((column - mean_column) ** 2 for column in columns)


def _common_pitches(lines: list[_Line], size: float) -> list[float]:
    """The widths of columns in each of which several lines of one size agree."""
    sure = [(line.fit.pitch, len(line.glyphs)) for line in lines if line.fit and _is_of(line, size)]
    found: list[float] = []
    agreeing: list[tuple[float, int]] = []
    for pitch, count in [*sorted(sure), (inf, 0)]:
        if agreeing and pitch > (1 + _SAME_PITCH) * agreeing[-1][0]:
            total = sum(count for _, count in agreeing)
            longest = max(count for _, count in agreeing)
            if total >= _MIN_GLYPHS and longest >= _LONG:
                found.append(sum(pitch * count for pitch, count in agreeing) / total)
            agreeing = []
        agreeing.append((pitch, count))
    return found


def _is_of(line: _Line, size: float) -> bool:
    return line.style.size == size


def _fitting(line: _Line, pitches: dict[float, list[float]]) -> _Fit | None:
    """The columns of the page in which the letters of a line stand best, if they do."""
    if len(line.glyphs) < _SHORT or line.style.is_mono or line.style.size not in pitches:
        return None
    if not _are_plain(line.glyphs):
        return None
    most = _FITTING if _are_spread(line.glyphs) else _FITTING_AS_PROSE
    fits = [fit for pitch in pitches[line.style.size] if (fit := _fit(line.glyphs, pitch))]
    return min((fit for fit in fits if fit.error < most), key=_error_of, default=None)


def _error_of(fit: _Fit) -> float:
    return fit.error


def _with_short_lines(lines: list[_Line], fits: list[_Fit | None]) -> list[_Fit | None]:
    """The columns of lines, with those of a few letters below or above a line of code."""
    found = list(fits)
    order = range(len(lines))
    for at, beside in [*pairwise(order), *pairwise(reversed(order))]:
        line, other, fit = lines[beside], lines[at], found[at]
        is_short = len(line.glyphs) < _SHORT and line.style.size == other.style.size
        distance = abs(line.runs[0].baseline - other.runs[0].baseline)
        if not (fit and is_short and found[beside] is None and not line.style.is_mono):
            continue
        own = _fit(line.glyphs, fit.pitch)
        if (
            own
            and distance < _NEXT_LINE * line.style.size
            and abs(_off(own, fit.middle)) < _SAME_COLUMN
        ):
            found[beside] = own
    return found


def _off(fit: _Fit, middle: float) -> float:
    """By what share of a column the columns of a line are to the right of others."""
    shift = (fit.middle - middle) / fit.pitch
    return shift - round(shift)


def _common_middles(lines: list[_Line], fits: list[_Fit | None]) -> dict[float, float]:
    """For each width, the middle of a column, of which all others are whole columns away."""
    own: dict[float, list[tuple[int, _Fit]]] = {}
    for line, fit in zip(lines, fits, strict=True):
        if fit:
            own.setdefault(fit.pitch, []).append((len(line.glyphs), fit))
    found = {}
    for pitch, counted in own.items():
        longest = max(counted, key=lambda item: item[0])[1]
        shift = median([_off(fit, longest.middle) for _, fit in counted])
        found[pitch] = longest.middle + shift * pitch
    return found


def _typed(line: _Line, fit: _Fit, middle: float) -> Run:
    """A line as if its letters were as wide as their columns."""
    off = _off(fit, middle)
    start = fit.middle - (0.5 + off * (abs(off) < _SAME_COLUMN)) * fit.pitch
    styles = {id(glyph.style): glyph.style._replace(is_mono=True) for glyph in line.glyphs}
    glyphs = []
    last = -2
    for glyph, column in zip(line.glyphs, fit.columns, strict=True):
        left = start + column * fit.pitch
        style = styles[id(glyph.style)]
        char = TYPED.get(glyph.char, glyph.char)
        glyphs.append(Glyph(char, left, left + fit.pitch, style, column - last > 1))
        last = column
    return run_of(glyphs)
