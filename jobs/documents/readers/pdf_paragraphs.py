"""Joins the lines of PDF pages to paragraphs, by where the lines stand."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from jobs.documents.readers.extract import LINE, PARAGRAPH, SPACE
from jobs.documents.readers.pdf_lines import HYPHEN, Line

_ITEM = re.compile(r"[•‣◦▪●○–*·-]\s|\(?(?:\d{1,3}|[a-zA-Z])[.)]\s")
_BULLET = re.compile(r"[•‣◦▪●○]")
_FINISHED = re.compile(r"[.!?:;][\"'”’)\]]*\d{0,2}$")  # maybe with a footnote mark
_WRAP_MARKS = (",→", "↪")  # Sphinx begins the rest of a code line that was too long with these
_SAME_ROW = 0.4  # of the font size; all shares below too unless they say otherwise
_INDENT = 0.8
_COLUMN_REACH = 3.0
_FIT_SLACK = 1.5
_WIDE_GAP = 1.25  # of the usual distance between lines
_WIDE_CODE_GAP = 1.8
_DEFAULT_SPACING = 1.2
_MAX_SPACING = 2.5
_SIZE_STEP = 0.6  # points


class Paragraph(NamedTuple):
    """Lines that belong together, on one page (1-based)."""

    text: str
    glue: str
    page: int


class _Group(NamedTuple):
    lines: list[Line]
    glue: str


def join_lines(pages: list[list[Line]]) -> Iterator[Paragraph]:
    """The paragraphs of all pages, in order. HYPHEN stands where a word was divided.

    A paragraph that goes on from the page before is one of its own with a space (or, in the
    middle of a word, nothing) as its glue.
    """
    spacing = _usual_spacing(pages)
    last: Line | None = None
    for number, lines in enumerate(pages, start=1):
        for group in _group(lines, spacing, last):
            yield Paragraph(_join(group.lines), group.glue, number)
        last = lines[-1] if lines else last


def _usual_spacing(pages: list[list[Line]]) -> dict[int, float]:
    """The most frequent distance of baselines for each font size."""
    gaps: dict[int, Counter[float]] = defaultdict(Counter)
    for lines in pages:
        for upper, lower in pairwise(lines):
            gap = upper.baseline - lower.baseline
            if _SAME_ROW * lower.size < gap < _MAX_SPACING * lower.size:
                gaps[round(lower.size)][round(gap, 1)] += 1
    return {size: counter.most_common(1)[0][0] for size, counter in gaps.items()}


def _group(lines: list[Line], spacing: dict[int, float], last: Line | None) -> Iterator[_Group]:
    if not lines:
        return
    margins = _Margins(lines)
    group = _Group([lines[0]], _glue_to(last, lines[0]))
    for line in lines[1:]:
        usual = spacing.get(round(line.size), _DEFAULT_SPACING * line.size)
        glue = _break_before(line, group.lines, usual, margins)
        if glue is None:
            group.lines.append(line)
        else:
            yield group
            group = _Group([line], glue)
    yield group


def _glue_to(last: Line | None, line: Line) -> str:
    """What stands between the last line of a page and the first one of the next."""
    if last is None or _is_code(last) or _is_code(line):
        return PARAGRAPH
    if last.is_hyphenated:
        return ""
    return SPACE if _goes_on(last, line) else PARAGRAPH


def _is_code(line: Line) -> bool:
    return line.is_mono or line.text.startswith(_WRAP_MARKS)


def _break_before(line: Line, group: list[Line], usual: float, margins: "_Margins") -> str | None:
    """What separates `line` from the group before it; None: it belongs to the group."""
    last = group[-1]
    gap = last.baseline - line.baseline
    if abs(gap) < _SAME_ROW * max(line.size, last.size) or last.is_hyphenated:
        return None
    if _is_code(line) and _is_code(last):
        return None if 0 < gap < _WIDE_CODE_GAP * usual else PARAGRAPH
    if _is_code(line) != _is_code(last) or abs(line.size - last.size) > _SIZE_STEP:
        return PARAGRAPH
    is_filled = margins.is_filled(last, line)
    if not 0 < gap < _WIDE_GAP * usual:
        return None if is_filled and _goes_on(last, line) else PARAGRAPH
    if _BULLET.match(line.text) or (_ITEM.match(line.text) and not is_filled):
        return LINE
    if not is_filled:
        return PARAGRAPH if _FINISHED.search(last.text) else LINE
    return PARAGRAPH if _is_indented(line, group) else None


def _goes_on(last: Line, line: Line) -> bool:
    is_same_size = abs(line.size - last.size) <= _SIZE_STEP
    return is_same_size and line.text[:1].islower() and not _FINISHED.search(last.text)


def _is_indented(line: Line, group: list[Line]) -> bool:
    """A first line is indented against the paragraph before; a list item hangs the other way."""
    shift = (line.left - group[-1].left) / line.size
    if shift > _INDENT:
        return bool(_FINISHED.search(group[-1].text))
    return shift < -_INDENT and len(group) > 1 and bool(_FINISHED.search(group[-1].text))


class _Margins:
    """Where the lines of a page end, for each column."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines
        self._known: dict[int, float] = {}

    def is_filled(self, last: Line, line: Line) -> bool:
        """Whether the first word of `line` had no more room at the end of `last`."""
        width = (line.right - line.left) / len(line.text)
        word_length = len(line.text.split(maxsplit=1)[0])
        needed = word_length * width + _FIT_SLACK * last.size
        return self._right_of(last) - last.right < needed

    def _right_of(self, last: Line) -> float:
        column = round(last.left)
        if column not in self._known:
            reach = _COLUMN_REACH * last.size
            ends = sorted(x.right for x in self._lines if abs(x.left - last.left) <= reach)
            self._known[column] = ends[(len(ends) - 1) * 9 // 10]
        return self._known[column]


def _join(lines: list[Line]) -> str:
    if any(line.is_mono for line in lines) and not _is_one_row(lines):
        return _join_code(lines)
    pieces = [line.text + (HYPHEN if line.is_hyphenated else SPACE) for line in lines]
    return "".join(pieces).rstrip(SPACE)


def _is_one_row(lines: list[Line]) -> bool:
    return abs(lines[0].baseline - lines[-1].baseline) < _SAME_ROW * lines[0].size


def _join_code(lines: list[Line]) -> str:
    """Lines as they are, indented by as many characters as they stand to the right."""
    left = min(line.left for line in lines)
    text = ""
    last: Line | None = None
    for line in lines:
        piece = line.text + "-" * line.is_hyphenated
        if last is not None and line.text.startswith(_WRAP_MARKS):
            text += line.text.lstrip("".join(_WRAP_MARKS))
        elif last is not None and _is_one_row([last, line]):
            text += SPACE + piece
        else:
            width = max((line.right - line.left) / len(line.text), 1.0)
            text += LINE * (last is not None) + SPACE * round((line.left - left) / width) + piece
        last = line
    return text
