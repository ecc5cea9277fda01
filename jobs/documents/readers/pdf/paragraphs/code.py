"""Joins lines of code as they are printed: line ends, blank lines and indents stay."""

import re
from itertools import pairwise
from statistics import median, median_low

from jobs.documents.readers.extract import LINE, PARAGRAPH, SPACE
from jobs.documents.readers.pdf.lines.code_marks import ARROWS, BUTTONS
from jobs.documents.readers.pdf.lines.line_text import WRAPPED
from jobs.documents.readers.pdf.lines.page_lines import Line

_WRAP_MARKS = (",→", "↪", "˓→", "↳", "⤷", "→֒")  # they begin the rest of a line that was too long
_WRAP_MARK = re.compile("(?:" + "|".join(_WRAP_MARKS) + r")\s*")
_ADDRESS = re.compile(r"[(<]?\w{2,9}://\S+$")  # alone on a line it is no code
_WRAPPED_SPACE = "␣"  # Sphinx shows the space at which it broke a line
_NUMBER = re.compile(r"0\d{4}(?!\S)")
_FAR_RIGHT = 20.0  # times the font size
_LOWERED = 0.7  # of the font size: the next line is farther below
_MIN_NUMBERED = 3
_STEADY = 0.6  # the share of numbers that are one more than the one before
_SAME_ROW = 0.4  # of the font size
_WIDE_GAP = 1.35  # of the usual distance between lines
_MAX_BLANK_LINES = 3
_LOOK_BACK = 50  # lines
_OUTDENT = 1.5  # characters
_LONG_WORD = 200  # characters
_EVEN = 0.3  # points
_NEXT_LINE = 1.5  # of the font size
_REMARKS = frozenset("[#<(.…⋮%;/")  # what a remark begins with
_WHOLE, _UNEVEN = 0.08, 0.2  # of a character
_NEAR = 0.14  # of a line: how exact the height of blank lines is


def is_code(line: Line) -> bool:
    """Whether a line is set as code is, or is the rest of a line of code."""
    if line.is_mono:
        return not _ADDRESS.match(line.text)
    return line.text.startswith(_WRAP_MARKS)


def without_numbers(lines: list[Line]) -> list[Line]:
    """The lines of a page without the numbers before lines of code: 00001, 00002 and so on."""
    found = {
        line: match[0] for line in lines if line.is_mono and (match := _NUMBER.match(line.text))
    }
    numbers = [int(text) for text in found.values()]
    steady = sum(following == number + 1 for number, following in pairwise(numbers))
    if len(found) < _MIN_NUMBERED or steady < _STEADY * (len(numbers) - 1):
        return lines
    bare = [_without_start(line, found.get(line, "")) for line in lines]
    return [line for line in bare if line.text]


def without_buttons(lines: list[Line]) -> list[Line]:
    """The lines of a page without the buttons in the corner of code that a browser prints."""
    buttons = {
        line
        for before, line, after in zip([None, *lines], lines, [*lines[1:], None], strict=False)
        if line.text in BUTTONS
        and any(other is not None and _is_in_corner(line, other) for other in (before, after))
    }
    return [line for line in lines if line not in buttons] if buttons else lines


def without_arrows(lines: list[Line]) -> list[Line]:
    """The lines of a page without the arrows a little below the end of code that goes on."""
    if not any(line.text in ARROWS for line in lines):
        return lines
    kept: list[Line] = []
    for line in lines:
        if kept and line.text in ARROWS and _is_at_end(kept[-1], line):
            kept[-1] = kept[-1]._replace(text=kept[-1].text + WRAPPED)
        else:
            kept.append(line)
    return kept


def _is_at_end(line: Line, arrow: Line) -> bool:
    is_lower = 0 < line.baseline - arrow.baseline < _LOWERED * line.size
    return line.is_mono and is_lower and arrow.left > line.right - line.size


def _is_in_corner(button: Line, line: Line) -> bool:
    is_near = abs(button.baseline - line.baseline) < line.size
    return line.is_mono and is_near and button.left > line.left + _FAR_RIGHT * line.size


def _without_start(line: Line, start: str) -> Line:
    text = line.text[len(start) :].lstrip() if start else line.text
    removed = len(line.text) - len(text)
    return line._replace(text=text, left=line.left + removed * line.pitch) if start else line


def with_remarks(lines: list[Line]) -> list[Line]:
    """The lines of a page; those in another font that stand within code, as its lines do, are code.

    So authors say what they have left out: `[other lines]`.
    """
    if not any(line.is_mono for line in lines):
        return lines
    marked = list(lines)
    for at, (before, line, after) in enumerate(zip(lines, lines[1:], lines[2:], strict=False)):
        if not line.is_mono and _is_remark(marked[at], line, after):
            marked[at + 1] = line._replace(pitch=before.pitch or marked[at].pitch)
    return marked


def _is_remark(before: Line, line: Line, after: Line) -> bool:
    if not (before.is_mono and after.is_mono) or line.cells or line.turned:
        return False
    above, below = before.baseline - line.baseline, line.baseline - after.baseline
    is_even = abs(above - below) < _EVEN and 0 < above < _NEXT_LINE * before.size
    left = min(before.left, after.left)
    return is_even and line.left > left + before.pitch and line.text[0] in _REMARKS


def goes_on(group: list[Line], line: Line, usual: float) -> bool:
    """Whether a line of code belongs to the block before it, maybe after blank lines.

    Blank lines are whole lines, or what follows them is indented.
    """
    last = group[-1]
    rows = (last.baseline - line.baseline) / usual
    if line.region != last.region or rows < -_SAME_ROW:
        return False
    if rows < _WIDE_GAP:
        return True
    if rows > 1 + _MAX_BLANK_LINES or last.size != line.size:
        return False
    left = min(before.left for before in group[-_LOOK_BACK:])
    return abs(rows - round(rows)) < _NEAR or line.left > left + line.pitch / 2


def is_outdented(group: list[Line], line: Line, usual: float) -> bool:
    """Whether a line stands farther left than all of a block of code, below a blank line."""
    if group[-1].baseline - line.baseline < _WIDE_GAP * usual or len(group) > _LOOK_BACK:
        return False
    return line.left < code_left(group) - _OUTDENT * line.pitch


def code_left(lines: list[Line]) -> float:
    """Where the outermost of these lines begins, but for the rest of a line that was too long."""
    own = [line.left for line in lines if not _WRAP_MARK.match(line.text)]
    return min(own, default=lines[0].left)


def left_of_columns(lines: list[Line], usual: float, other: float) -> float:
    """Where lines of code count their indents from: `other`, if that alone is whole characters."""
    usual_off, other_off = _off_columns(lines, usual), _off_columns(lines, other)
    return other if other_off < _WHOLE < _UNEVEN < usual_off else usual


def _off_columns(lines: list[Line], left: float) -> float:
    """By what share of a character most lines miss the columns that begin at `left`."""
    places = [(line.left - left) / line.pitch for line in lines if line.pitch]
    return median([abs(place - round(place)) for place in places] or [0.0])


def join_code(lines: list[Line], left: float, usual: float) -> str:
    """Lines as they are, indented by as many characters as they stand to the right of `left`.

    `usual` is the distance of lines of this size in the document.
    """
    pitch = median([line.pitch for line in lines if line.pitch] or [lines[0].size / 2])
    spacing = min(_spacing(lines), _WIDE_GAP * usual)
    pieces: list[str] = []
    last: Line | None = None
    for line in lines:
        mark = _WRAP_MARK.match(line.text)
        if last is not None and mark:
            _unwrap(pieces)
            pieces.append(line.text[mark.end() :])
        elif pieces and pieces[-1].endswith(WRAPPED):
            _close_wrapped(pieces)
            pieces.append(line.text)
        elif last is not None and abs(last.baseline - line.baseline) < _SAME_ROW * line.size:
            pieces.append(SPACE + line.text)
        else:
            if last is not None:
                is_apart = last.baseline - line.baseline > _WIDE_GAP * spacing
                pieces.append(PARAGRAPH if is_apart else LINE)
            pieces.append(SPACE * round((line.left - left) / pitch) + line.text)
        last = line
    return "".join(pieces).removesuffix(WRAPPED)


def _close_wrapped(pieces: list[str]) -> None:
    """A line is broken between words, or after a sign within one."""
    before = pieces[-1].removesuffix(WRAPPED)
    word = before[-_LONG_WORD:].rsplit(maxsplit=1)[-1] if before.strip() else ""
    is_list = word[-1:] in {",", ";"} and word[-1] in word[:-1]  # "rw,hard,nodev,"
    is_apart = before[-1:].isalnum() or before[-1:] in ",;"
    pieces[-1] = before + SPACE * (is_apart and not is_list)


def _spacing(lines: list[Line]) -> float:
    """The usual distance of neighbouring lines: signs of other fonts stand a little apart."""
    distances = [upper.baseline - lower.baseline for upper, lower in pairwise(lines)]
    positive = [distance for distance in distances if distance > _SAME_ROW * lines[0].size]
    least = min(positive, default=lines[0].size)
    return median_low(
        [distance for distance in positive if distance <= _WIDE_GAP * least] or [least]
    )


def _unwrap(pieces: list[str]) -> None:
    """A line is broken at a space, which is shown or, after a comma, is not."""
    last = pieces[-1]
    if last.endswith(_WRAPPED_SPACE):
        pieces[-1] = last[: -len(_WRAPPED_SPACE)] + SPACE
    elif last.endswith(","):
        pieces[-1] = last + SPACE
