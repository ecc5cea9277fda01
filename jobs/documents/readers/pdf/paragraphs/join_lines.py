"""Joins the lines of PDF pages to paragraphs, by where the lines stand."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from statistics import median_low
from typing import NamedTuple

from jobs.documents.readers.clean_text import clean_line
from jobs.documents.readers.extract import LINE, PARAGRAPH
from jobs.documents.readers.pdf.lines.joints import join_pieces, joint
from jobs.documents.readers.pdf.lines.line_text import WRAPPED
from jobs.documents.readers.pdf.lines.page_lines import ASIDE, Line
from jobs.documents.readers.pdf.paragraphs.breaks import break_before, is_divided, reads_on
from jobs.documents.readers.pdf.paragraphs.code import (
    code_left,
    is_code,
    join_code,
    left_of_columns,
    with_remarks,
    without_arrows,
    without_buttons,
    without_numbers,
)
from jobs.documents.readers.pdf.paragraphs.margins import Margins
from jobs.documents.readers.pdf.paragraphs.notes import NOTE_SIZE, label_notes

_NOTE = re.compile(r"(?:\d{1,3}|\[\d{1,3}\]|[*†‡])\s")
_CONTINUES = re.compile(r"(?:.{0,40}\W)?\(?continue[sd] (?:on next|from previous) page\)?$", re.I)
_LEADERS = re.compile(r"(?:[.·…] ?){6,}")
_CODE_LEADERS = re.compile(  # to a page number
    r"(?<![.·…])(?<![.·…] )(?:[.·…] ?){6,}+(?=\s*[\divxlc]{1,6}\s*$)"
)
_DOTS = "..."
_SHORT_LEADER = " ... "
_ARROW = re.compile(r"(?<=\w)←[-֓] ?(?=[^\W\d])")  # where Doxygen divides a name
_SAME_ROW = 0.4  # of the font size; all shares below too unless they say otherwise
_DEFAULT_SPACING = 1.2
_MAX_SPACING = 2.5
_FIT_SLACK = 1.5
_OUTDENT = 0.8
_TITLE_SPACING = 1.15  # of the body's, as a share of the size
_FEW = 0.1  # of the lines of the body


_Spacing = dict[tuple[int, bool], float]  # by rounded font size, and whether it is code


class Paragraph(NamedTuple):
    """Lines that belong together, on one page (1-based); `is_note`: at its foot."""

    text: str
    glue: str
    page: int
    is_note: bool = False


class _Group(NamedTuple):
    """`left`: where the block of code begins that goes on here, or None; `margin`: its page's.

    `room`: how far its last line ends before others of its page do.
    """

    lines: list[Line]
    glue: str
    left: float | None = None
    margin: float = 0.0
    room: float = 0.0
    is_note: bool = False


def join_lines(pages: list[list[Line]]) -> Iterator[Paragraph]:
    """The paragraphs of all pages, in order. HYPHEN stands where a word may have been divided.

    A paragraph that goes on from the page before is one of its own with a space (or, in the
    middle of a word, nothing) as its glue. The notes at the foot of a page stand before a
    paragraph that goes on on the next page.
    """
    pages = [
        [
            _shorten(line)
            for line in label_notes(
                with_remarks(without_numbers(without_buttons(without_arrows(lines))))
            )
            if not _CONTINUES.match(line.text)
        ]
        for lines in pages
    ]
    spacing = _usual_spacing(pages)
    open_group: _Group | None = None  # the last one of the text, on a page before
    margins = _usual_margins(pages)
    head = ""  # the first row of the table that ended the page before
    for number, lines in enumerate(pages, start=1):
        body = lines[1:] if lines and lines[0].cells and lines[0].text == head else lines
        groups = list(_group(body, spacing))
        if groups:
            is_code_alone = all(map(is_code, lines))
            margin = margins[number % 2] if is_code_alone else _left_of(lines)
            groups[0] = _go_on(open_group, groups[0], margin)
            following = next(filter(None, pages[number:]), None)
            body_end = _body_end(groups)
            open_group = groups[body_end - 1]
            room = _room_behind(open_group.lines[-1], lines)
            open_group = open_group._replace(margin=margin, room=room)
            head = _table_head(groups[:body_end], head)
            groups[body_end:] = [group._replace(is_note=True) for group in groups[body_end:]]
            groups = _put_notes_first(groups, body_end, following)
        for group in groups:
            usual = _spacing_of(group.lines[0], spacing)
            yield Paragraph(_join(group, usual), group.glue, number, group.is_note)


def _shorten(line: Line) -> Line:
    """The line with three dots for those that lead to what stands at its end."""
    if ". ." not in line.text and _DOTS not in line.text:
        return line
    leaders = _CODE_LEADERS if line.is_mono else _LEADERS
    text = leaders.sub(_SHORT_LEADER, line.text)
    return line if text == line.text else line._replace(text=clean_line(text))


def _usual_spacing(pages: list[list[Line]]) -> _Spacing:
    """The most frequent distance of baselines for each font size, of code and of other text."""
    distances: dict[tuple[int, bool], Counter[float]] = defaultdict(Counter)
    for lines in pages:
        for upper, lower in pairwise(lines):
            distance = upper.baseline - lower.baseline
            is_usual = _SAME_ROW * lower.size < distance < _MAX_SPACING * lower.size
            if is_usual and not upper.cells and not lower.cells:
                distances[_kind(lower)][round(distance, 1)] += 1
    found = {kind: _usual(counter) for kind, counter in distances.items()}
    counts = {kind: counter.total() for kind, counter in distances.items() if not kind[1]}
    if counts:
        body = max(counts, key=lambda kind: counts[kind])
        widest = _TITLE_SPACING * found[body] / max(body[0], 1)
        for kind in (kind for kind in counts if counts[kind] < _FEW * counts[body]):
            found[kind] = min(found[kind], widest * kind[0])  # that before titles says nothing
    return found


def _kind(line: Line) -> tuple[int, bool]:
    return round(line.size), line.pitch > 0


def _usual(counts: Counter[float]) -> float:
    """The smallest distance that is about as frequent as any, a tenth of a point aside."""
    near = {at: sum(counts[round(at + step, 1)] for step in (-0.1, 0, 0.1)) for at in counts}
    return min(at for at, count in near.items() if 2 * count >= max(near.values()))


def _table_head(groups: list[_Group], before: str) -> str:
    """The first row of the table that ends a page; `before`: of the one that it may go on."""
    for group in reversed(groups):
        if not group.lines[0].cells:
            return ""
        if group.glue == PARAGRAPH:
            return group.lines[0].text
    return before


def _go_on(before: _Group | None, first: _Group, margin: float) -> _Group:
    """The first group of a page, with what stands between it and the last one before."""
    if before is None:
        return first
    last, line = before.lines[-1], first.lines[0]
    if _is_same_code(last, line):
        left = code_left(before.lines) if before.left is None else before.left
        shifted = margin + left - before.margin  # pages of a book may lie to the left or the right
        own = min(code_left(first.lines), left_of_columns(first.lines, shifted, left))
        return first._replace(glue=LINE, left=own)
    if last.cells and last.cells == line.cells:
        return first._replace(glue=LINE)
    if is_code(last) or is_code(line) or not _reads_on(last, line):
        return first
    if _is_outdented(before, line, margin):
        return first
    return first._replace(glue=joint(last.printed, line.printed))


def _usual_margins(pages: list[list[Line]]) -> tuple[float, float]:
    """Where pages with even and with odd numbers begin at the left: code alone may be indented."""
    lefts: tuple[list[float], list[float]] = ([], [])
    for number, lines in enumerate(pages, start=1):
        if lines and not all(map(is_code, lines)):
            lefts[number % 2].append(_left_of(lines))
    either = [*lefts[0], *lefts[1]] or [min(map(_left_of, filter(None, pages)), default=0.0)]
    return median_low(lefts[0] or either), median_low(lefts[1] or either)


def _left_of(lines: list[Line]) -> float:
    return min(line.left for line in lines)


def _room_behind(last: Line, lines: list[Line]) -> float:
    return max(line.right for line in lines if line.region == last.region) - last.right


def _is_outdented(before: _Group, line: Line, margin: float) -> bool:
    """Whether the first word of a page had room on the page before, and stands farther left."""
    last = before.lines[-1]
    word = line.text.split(maxsplit=1)[0]
    width = (line.right - line.left) * len(word) / len(line.text)
    has_room = before.room > width + _FIT_SLACK * last.size
    return has_room and line.left - margin < last.left - before.margin - _OUTDENT * line.size


def _body_end(groups: list[_Group]) -> int:
    """Where the notes at the foot of a page begin."""
    end = len(groups)
    while end > 1 and groups[end - 1].lines[0].turned:
        end -= 1
    start = end
    usual = median_low(line.size for group in groups for line in group.lines)
    while start > 1 and groups[start - 1].lines[0].size < NOTE_SIZE * usual:
        start -= 1
    first = next((at for at in range(start, end) if _is_aside(groups[at].lines[0])), None)
    if first is not None:
        return first
    return start if start < end and _NOTE.match(groups[start].lines[0].text) else end


def _is_aside(line: Line) -> bool:
    """Whether a line is of a note in the margin, not a name of code there."""
    return line.region == ASIDE and not line.is_mono


def _is_same_code(last: Line, line: Line) -> bool:
    """Whether code at the end of a page may go on at the top of the next."""
    return is_code(last) and is_code(line) and last.size == line.size


def _reads_on(last: Line, line: Line) -> bool:
    """Whether the first line of a page goes on with the sentence or address of the page before."""
    if reads_on(last, line):
        return True
    is_alike = last.size == line.size and not (line.cells or last.cells)
    return is_alike and last.text.endswith("/") and is_divided(last, line)


def _put_notes_first(
    groups: list[_Group], body_end: int, following: list[Line] | None
) -> list[_Group]:
    if body_end == len(groups) or following is None:
        return groups
    open_group = groups[body_end - 1]
    last, line = open_group.lines[-1], following[0]
    goes_on = _reads_on(last, line) or _is_same_code(last, line)
    if not goes_on or open_group.glue != PARAGRAPH:
        return groups
    return [*groups[: body_end - 1], *groups[body_end:], open_group]


def _group(lines: list[Line], spacing: _Spacing) -> Iterator[_Group]:
    if not lines:
        return
    margins = Margins(lines)
    group = _Group([lines[0]], PARAGRAPH)
    for line in lines[1:]:
        usual, before = _spacing_of(line, spacing), _spacing_of(group.lines[-1], spacing)
        if not is_code(group.lines[-1]):  # prose whose last word is code is set as prose is
            usual = max(usual, before)
        elif is_code(line):  # a block is equally dense throughout
            usual = min(usual, before)
        glue = break_before(line, group.lines, usual, margins)
        if glue is None:
            group.lines.append(line)
        else:
            yield group
            group = _Group([line], glue)
    yield group


def _spacing_of(line: Line, spacing: _Spacing) -> float:
    return spacing.get(_kind(line), _DEFAULT_SPACING * line.size)


def _join(group: _Group, usual: float) -> str:
    lines = group.lines
    if is_code(lines[0]) and (
        len(lines) > 1 or group.left is not None or lines[0].text.endswith(WRAPPED)
    ):
        return join_code(lines, code_left(lines) if group.left is None else group.left, usual)
    text = join_pieces([line.printed for line in lines])
    return _ARROW.sub("", text) if "←" in text else text
