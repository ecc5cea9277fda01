"""Where a paragraph of a PDF page ends: by the places, sizes and last words of its lines."""

import re
from collections import defaultdict

from jobs.documents.readers.extract import LINE, PARAGRAPH
from jobs.documents.readers.pdf.lines.joints import HYPHEN, OPEN, is_cjk, joint
from jobs.documents.readers.pdf.lines.line_text import DEFINED
from jobs.documents.readers.pdf.lines.page_lines import Line
from jobs.documents.readers.pdf.paragraphs.code import goes_on, is_code
from jobs.documents.readers.pdf.paragraphs.notes import LABEL

_ITEM = re.compile(r"[•‣◦▪●○–*·-]\s|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)]\s")
_BULLET = re.compile(r"[•‣◦▪●○]")
_ENTRY = re.compile(r"#?\d{4,8}[:.]?\s")  # of a list of bugs, of years
_OPENING = "([{\"'“‘"
_FINISHED = re.compile(r"[.!?:;。！？：；؟][\"'”’)\]]*(?:\s?\d{1,2})?$")  # maybe with a note's mark
_SENTENCE_END = re.compile(r"[^\W\d_][.,]$")
_TAIL_CHARS = 12
_LEADER = re.compile(r"[\w)\]] \.\.\. \w[^.]{0,20}$")  # to what stands at the end of a line
_DEFINED_INDENT = 3.5  # of the font size: what is said of it is indented less
_SAME_ROW = 0.4  # of the font size; all shares below too unless they say otherwise
_INDENT = 0.8
_COLUMN_REACH = 30.0  # points
_NEAR_LINES = 9
_MIN_ALIKE = 4  # of them
_SAME_COLUMN = 8.0  # points
_MIN_EVEN = 3  # lines that end alike, one below the other
_EVEN = 0.3  # points
_LONG_LINE = 40  # characters: two of them do not end alike by chance
_FIT_SLACK = 1.5
_WIDE_GAP = 1.25  # of the usual distance between lines
_HANGING = 3.0
_NEXT_LINE = 1.1
_INTERRUPTED = 3.0
_PARTED = 3.0  # the width of a gap in lines that are no running text
_TABLE_GAP = 3.5
_SIZE_STEP = 0.6  # points
_CODE_STEP = 0.13
_SMALL_CODE_STEP = 0.2  # browsers set code as small as 13/16
_OPENING_QUOTES = "“‘"
_SAME_LEFT = 1.0  # points


def break_before(line: Line, group: list[Line], usual: float, margins: "Margins") -> str | None:
    """What separates `line` from the group before it; None: it belongs to the group."""
    last = group[-1]
    distance = last.bottom - line.baseline
    if line.turned or last.turned:
        return PARAGRAPH
    if line.cells or last.cells:
        return _break_in_table(last, line, distance)
    if line.is_mono and is_code(group[0]) and (is_code(line) or is_code(last)):
        return None if goes_on(group, line, usual) else PARAGRAPH
    if abs(distance) < _SAME_ROW * max(line.size, last.size) and line.region == last.region:
        return None
    if is_code(line) != is_code(last) and not _is_in_prose(group, line, usual, margins):
        return PARAGRAPH
    is_next_note = LABEL.match(line.text) and LABEL.match(group[0].text)
    if is_next_note or abs(line.size - last.size) > _size_step(last, line):
        return PARAGRAPH
    return _break_in_prose(line, group, usual, margins)


def _size_step(last: Line, line: Line) -> float:
    """How far sizes may differ within a paragraph: code in it is often set larger or smaller."""
    if line.is_mono or last.is_mono:
        return _SMALL_CODE_STEP * max(line.size, last.size)
    has_code = last.starts_mono or last.ends_mono or line.starts_mono or line.ends_mono
    is_quoted = line.text[0] in _OPENING_QUOTES  # before what is code
    return _CODE_STEP * line.size if has_code or is_quoted else _SIZE_STEP


def _break_in_table(last: Line, line: Line, distance: float) -> str:
    is_near = 0 < distance < _TABLE_GAP * line.size
    return LINE if is_near and line.cells == last.cells else PARAGRAPH


def _is_in_prose(group: list[Line], line: Line, usual: float, margins: "Margins") -> bool:
    """Whether a line of typewriter text is part of a paragraph, or one of prose after it is."""
    last = group[-1]
    distance = last.baseline - line.baseline
    if is_code(group[0]) or not 0 < distance < _NEXT_LINE * usual:
        return False
    if last.ends_mono and line.starts_mono and not joint(last.printed, line.printed):
        return True  # a path, name or address that is divided
    if group[0].is_mono:
        return False
    if not margins.is_filled(last, line):
        return False
    if DEFINED.match(group[0].text):
        return _goes_on_in_definition(group, line)
    is_tail = _ITEM.match(group[0].text) and _SENTENCE_END.search(line.text)
    is_open = is_tail or not _is_finished(last)
    is_below = is_open and line.left - last.left < _HANGING * line.size
    return is_below or abs(line.left - last.left) < _SAME_LEFT


def _break_in_prose(line: Line, group: list[Line], usual: float, margins: "Margins") -> str | None:
    last = group[-1]
    is_filled = margins.is_filled(last, line)
    if not 0 < last.baseline - line.baseline < _WIDE_GAP * usual:
        is_elsewhere = _is_elsewhere(last, line, usual)
        return None if is_elsewhere and is_filled and reads_on(last, line) else PARAGRAPH
    if is_divided(last, line):
        return None
    if DEFINED.match(group[0].text) and not _goes_on_in_definition(group, line):
        return LINE if DEFINED.match(line.text) else PARAGRAPH
    if _LEADER.search(line.text) or _LEADER.search(last.text):
        return LINE
    if min(line.widest_gap, last.widest_gap) > _PARTED:
        return LINE
    if _BULLET.match(line.text) or _is_item(line, group, is_filled=is_filled):
        return LINE
    if not is_filled:
        return PARAGRAPH if _is_finished(last) else LINE
    return PARAGRAPH if _is_indented(line, group) else None


def _goes_on_in_definition(group: list[Line], line: Line) -> bool:
    """Whether a line is the rest of what Texinfo defines in the line before."""
    return line.left - group[0].left > _DEFINED_INDENT * line.size


def _is_elsewhere(last: Line, line: Line, usual: float) -> bool:
    """Whether a line is in the next column, or below what interrupts a paragraph."""
    distance = last.baseline - line.baseline
    is_below = distance > _INTERRUPTED * usual and abs(line.left - last.left) < _SAME_LEFT
    return distance <= 0 or line.region != last.region or is_below


def _is_item(line: Line, group: list[Line], *, is_filled: bool) -> bool:
    """Whether a line begins a list item: it is not full before it, or the item before is above."""
    is_below = abs(line.left - group[0].left) < _SAME_LEFT
    if is_below and _ENTRY.match(line.text) and _ENTRY.match(group[0].text):
        return True
    if not _ITEM.match(line.text):
        return False
    return not is_filled or bool(is_below and _ITEM.match(group[0].text))


def is_divided(last: Line, line: Line) -> bool:
    """Whether a word, an address or a name begins in one line and ends in the other."""
    between = joint(last.printed, line.printed)
    return (between == HYPHEN and line.text[0].islower()) or (
        between in {"", OPEN} and not is_cjk(line.text[0])
    )


def _is_finished(line: Line) -> bool:
    return bool(_FINISHED.search(line.text[-_TAIL_CHARS:]))


def reads_on(last: Line, line: Line) -> bool:
    """Whether `line` may go on with the sentence of `last`: of its size, and neither is a cell."""
    is_alike = abs(line.size - last.size) <= _SIZE_STEP and not (line.cells or last.cells)
    first = line.text.lstrip(_OPENING)[:1]
    is_small = first.islower() or is_cjk(line.text[0]) or line.is_rtl
    return is_alike and is_small and not _is_finished(last)


def _is_indented(line: Line, group: list[Line]) -> bool:
    """A first line is indented against the paragraph before; a list item hangs the other way."""
    shift = (line.left - group[-1].left) / line.size
    if shift > _INDENT:
        hangs = len(group) == 1 and _ITEM.match(group[0].text)
        return _is_finished(group[-1]) and not hangs
    return shift < -_INDENT and len(group) > 1 and _is_finished(group[-1])


class Margins:
    """Where the lines of a page end: in each column, and near each line."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = [line for line in lines if not line.cells and not line.turned]
        self._places = {id(line): place for place, line in enumerate(self._lines)}
        self._ends: dict[int, list[float]] = defaultdict(list)
        for line in self._lines:
            self._ends[_column(line)].append(line.right)
        self._known: dict[int, float] = {}

    def is_filled(self, last: Line, line: Line) -> bool:
        """Whether the first word of `line` had no more room at the end of `last`."""
        width = (line.right - line.left) / len(line.text)
        word_length = 1 if is_cjk(line.text[0]) else len(line.text.split(maxsplit=1)[0])
        needed = word_length * width + _FIT_SLACK * last.size
        if self._right_of(last) - last.right < needed:
            return True
        margin = self._near_right(last)
        if margin is not None and margin - last.right < needed:
            return True
        return line.text[0].islower() and self._is_justified(last)

    def _right_of(self, last: Line) -> float:
        column = _column(last)
        if column not in self._known:
            ends = sorted(
                end for near in (column - 1, column, column + 1) for end in self._ends.get(near, ())
            )
            self._known[column] = ends[(len(ends) - 1) * 9 // 10] if ends else last.right
        return self._known[column]

    def _is_justified(self, line: Line) -> bool:
        """Whether a long line ends exactly where a neighbour does, as in a narrow box."""
        place = self._places.get(id(line), 0)
        return any(_end_alike(line, other) for other in self._lines[max(0, place - 1) : place + 2])

    def _near_right(self, last: Line) -> float | None:
        """Where several of the next lines end that begin below `last`, if they do."""
        place = self._places.get(id(last))
        if place is None:
            return None
        below = self._lines[place : place + _NEAR_LINES]
        ends = [line.right for line in below if abs(line.left - last.left) < _SAME_COLUMN]
        if len(ends) >= _MIN_EVEN and max(ends[:_MIN_EVEN]) - min(ends[:_MIN_EVEN]) < _EVEN:
            return ends[0]  # lines that are justified
        farthest = max(ends)
        alike = sum(farthest - end < last.size for end in ends)
        return farthest if alike >= _MIN_ALIKE else None


def _end_alike(line: Line, other: Line) -> bool:
    """Whether two neighbours are justified: both are long, and end at the same place."""
    is_long = min(len(line.text), len(other.text)) >= _LONG_LINE
    is_below = abs(line.left - other.left) < _SAME_COLUMN
    return other is not line and is_long and is_below and abs(line.right - other.right) < _EVEN


def _column(line: Line) -> int:
    return round(line.left / _COLUMN_REACH)
