"""Where the lines of a PDF page end: whether a line is full."""

from collections import defaultdict

from jobs.documents.readers.pdf.lines.joints import is_cjk
from jobs.documents.readers.pdf.lines.page_lines import Line

LONG_LINE = 40  # characters: two of them do not end alike by chance
DEFINED_INDENT = 3.5  # of the font size: what is said of it is indented less
SAME_LEFT = 1.0  # points
_COLUMN_REACH = 30.0  # points
_NEAR_LINES = 9
_MIN_ALIKE = 4  # of them
_SAME_COLUMN = 8.0  # points
_MIN_EVEN = 3  # lines that end alike, one below the other
_EVEN = 0.3  # points
_NARROWEST = 5.0  # times the font size: narrower lines are names, one below the other
_FIT_SLACK = 1.5


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
        if self._text_right(last, line) - last.right > needed:
            return False
        if self._right_of(last) - last.right < needed:
            return True
        margin = self._near_right(last)
        if margin is not None and margin - last.right < needed:
            return True
        return line.text[0].islower() and self._is_justified(last)

    def begins_with(self, line: Line) -> bool:
        """Whether the page begins with a line, which may go on from the page before."""
        return self._places.get(id(line)) == 0

    def is_term(self, last: Line, line: Line) -> bool:
        """Whether a line to the left of `last` is a name: what is said of it is below `last`."""
        place = self._places.get(id(line))
        if place is None or place + 1 >= len(self._lines):
            return False
        following = self._lines[place + 1]
        is_named = line.right < following.right and not following.text[0].islower()
        return is_named and abs(following.left - last.left) < SAME_LEFT

    def _text_right(self, last: Line, line: Line) -> float:
        """How far the text reaches that is indented below the line of a definition.

        Of lines of definitions below each other, the first indented lines after them say it.
        """
        if line.left - last.left > DEFINED_INDENT * last.size:
            return line.right
        place = self._places.get(id(last))
        is_synopsis = last.starts_mono and abs(line.left - last.left) < SAME_LEFT
        if place is None or not is_synopsis:
            return last.right
        below = self._lines[place : place + _NEAR_LINES]
        ends = [
            other.right
            for other in below
            if DEFINED_INDENT * last.size < other.left - last.left and other.left < last.right
        ]
        return max(ends, default=last.right)

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
        if place is None or last.right - last.left < _NARROWEST * last.size:
            return None
        above = self._lines[max(0, place + 1 - _MIN_EVEN) : place + 1]
        if len(above) == _MIN_EVEN and all(_end_alike(last, other) for other in above[:-1]):
            return last.right
        below = self._lines[place : place + _NEAR_LINES]
        ends = [line.right for line in below if abs(line.left - last.left) < _SAME_COLUMN]
        if len(ends) >= _MIN_EVEN and max(ends[:_MIN_EVEN]) - min(ends[:_MIN_EVEN]) < _EVEN:
            return ends[0]  # lines that are justified
        farthest = max(ends)
        alike = sum(farthest - end < last.size for end in ends)
        return farthest if alike >= _MIN_ALIKE else None


def _end_alike(line: Line, other: Line) -> bool:
    """Whether two neighbours are justified: both are long, and end at the same place."""
    is_long = min(len(line.text), len(other.text)) >= LONG_LINE
    is_below = abs(line.left - other.left) < _SAME_COLUMN
    return other is not line and is_long and is_below and abs(line.right - other.right) < _EVEN


def _column(line: Line) -> int:
    return round(line.left / _COLUMN_REACH)
