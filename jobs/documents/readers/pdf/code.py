"""Joins lines of code as they are printed: line ends, blank lines and indents stay."""

import re
from statistics import median

from jobs.documents.readers.extract import LINE, SPACE
from jobs.documents.readers.pdf.lines import Line

_WRAP_MARKS = (",→", "↪", "˓→", "↳", "⤷", "→֒")  # they begin the rest of a line that was too long
_WRAP_MARK = re.compile("(?:" + "|".join(_WRAP_MARKS) + r")\s*")
_WRAPPED_SPACE = "␣"  # Sphinx shows the space at which it broke a line
_SAME_ROW = 0.4  # of the font size
_WIDE_GAP = 1.35  # of the usual distance between lines
_MAX_BLANK_LINES = 3
_NEAR = 0.14  # of a line: how exact the height of blank lines is


def is_code(line: Line) -> bool:
    """Whether a line is set as code is, or is the rest of a line of code."""
    return line.is_mono or line.text.startswith(_WRAP_MARKS)


def rows_apart(upper: Line, lower: Line, usual: float) -> int:
    """How many lines of code `lower` is below `upper`: more than one after blank lines.

    0 if it is elsewhere: above, too far away or by no whole number of lines.
    """
    distance = upper.baseline - lower.baseline
    if distance <= _SAME_ROW * lower.size:
        return 1 if distance > -_SAME_ROW * lower.size else 0
    rows = distance / usual
    if rows < _WIDE_GAP:
        return 1
    whole = round(rows)
    is_whole = abs(rows - whole) < _NEAR and whole <= 1 + _MAX_BLANK_LINES
    return whole if is_whole and upper.size == lower.size else 0


def join_code(lines: list[Line]) -> str:
    """Lines as they are, indented by as many characters as they stand to the right."""
    left = min(line.left for line in lines if not _WRAP_MARK.match(line.text))
    pitch = median(line.pitch for line in lines if line.pitch)
    spacing = _spacing(lines)
    pieces: list[str] = []
    last: Line | None = None
    for line in lines:
        mark = _WRAP_MARK.match(line.text)
        if last is not None and mark:
            _unwrap(pieces)
            pieces.append(line.text[mark.end() :])
        elif last is not None and abs(last.baseline - line.baseline) < _SAME_ROW * line.size:
            pieces.append(SPACE + line.text)
        else:
            if last is not None:
                pieces.append(LINE * (rows_apart(last, line, spacing) or 1))
            pieces.append(SPACE * round((line.left - left) / pitch) + line.text)
        last = line
    return "".join(pieces)


def _spacing(lines: list[Line]) -> float:
    """The distance of neighbouring lines."""
    distances = [
        upper.baseline - lower.baseline for upper, lower in zip(lines, lines[1:], strict=False)
    ]
    positive = [distance for distance in distances if distance > _SAME_ROW * lines[0].size]
    return min(positive, default=lines[0].size)


def _unwrap(pieces: list[str]) -> None:
    if pieces[-1].endswith(_WRAPPED_SPACE):
        pieces[-1] = pieces[-1][: -len(_WRAPPED_SPACE)] + SPACE
