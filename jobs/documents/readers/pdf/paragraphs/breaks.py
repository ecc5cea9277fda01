"""Where a paragraph of a PDF page ends: by the places, sizes and last words of its lines."""

import re

from jobs.documents.readers.extract import LINE, PARAGRAPH
from jobs.documents.readers.pdf.lines.joints import HYPHEN, OPEN, is_cjk, joint
from jobs.documents.readers.pdf.lines.line_text import DEFINED, SIGNATURE
from jobs.documents.readers.pdf.lines.page_lines import Line
from jobs.documents.readers.pdf.paragraphs.code import goes_on, is_code, is_outdented
from jobs.documents.readers.pdf.paragraphs.margins import (
    DEFINED_INDENT,
    LONG_LINE,
    SAME_LEFT,
    Margins,
)
from jobs.documents.readers.pdf.paragraphs.notes import LABEL

_ITEM = re.compile(r"[•‣◦▪●○■▶►▸–*·-]\s|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)]\s")
_SOURCE = re.compile(r"\[[^\]\s]{1,12}\]\s")  # the label of one in a list of sources
_BULLET = re.compile(r"[•‣◦▪●○]")
_POINTER = re.compile(r"[■▶►▸]\s")  # a bullet of slides; also between the names of a menu
_ENTRY = re.compile(r"#?\d{4,8}[:.]?\s")  # of a list of bugs, of years
_OPENING = "([{\"'“‘"
_FINISHED = re.compile(r"[.!?:;。！？：；؟][\"'”’)\]]*(?:\s?\d{1,2})?$")  # maybe with a note's mark
_SENTENCE_END = re.compile(r"[^\W\d_][.,]$")
_ABBREVIATED = re.compile(r"(?:^|[\s(])[a-z]\.$")  # "(i." before "e."
_ABBREVIATION_END = re.compile(r"[a-z]\.(?:\s|$)")
_STEP = re.compile(r"\(?(\d{1,3})[.)]\s")
_OPEN_WORD = re.compile(  # no item ends with it
    r"(?:→|\b(?:a|an|and|as|at|by|for|from|in|is|of|on|or|the|to|with))$"
)
_TAIL_CHARS = 12
_LEADER = re.compile(r"[\w)\]] \.\.\. \w[^.]{0,20}$")  # to what stands at the end of a line
_COUNTED = re.compile(r"\d+,? [a-z]{2}")  # "9 and 10", in the midst of a sentence
_LEFT_OUT = re.compile(r"\.{3,5}|[…⋮]")  # alone on a line
_SAME_ROW = 0.4  # of the font size; all shares below too unless they say otherwise
_INDENT = 0.8
_WIDE_GAP = 1.25  # of the usual distance between lines
_SPACED = 1.1  # the same
_SHORTER = 0.8
_CENTRED = 5.0
_HANGING = 3.0
_NEXT_LINE = 1.1
_INTERRUPTED = 3.0
_PARTED = 3.0  # the width of a gap in lines that are no running text
_TABLE_GAP = 3.5
_SIZE_STEP = 0.6  # points
_CODE_STEP = 0.13
_SMALL_CODE_STEP = 0.2  # browsers set code as small as 13/16
_OPENING_QUOTES = "“‘"
_CODE_ENDS = frozenset(";{}")


def break_before(line: Line, group: list[Line], usual: float, margins: Margins) -> str | None:
    """What separates `line` from the group before it; None: it belongs to the group."""
    last = group[-1]
    distance = last.bottom - line.baseline
    if line.turned or last.turned:
        return PARAGRAPH
    if line.cells or last.cells:
        return _break_in_table(last, line, distance)
    if line.is_mono and is_code(group[0]) and (is_code(line) or is_code(last)):
        is_outside = is_outdented(group, line, usual) and not margins.begins_with(group[0])
        return None if goes_on(group, line, usual) and not is_outside else PARAGRAPH
    if abs(distance) < _SAME_ROW * max(line.size, last.size) and line.region == last.region:
        return None
    if is_code(line) != is_code(last) and not _is_in_prose(group, line, usual, margins):
        return PARAGRAPH
    is_next_note = LABEL.match(line.text) and LABEL.match(group[0].text)
    is_other_size = abs(line.size - last.size) > _size_step(last, line)
    if is_next_note or (is_other_size and not _is_divided_code(last, line)):
        return PARAGRAPH
    return _break_in_prose(line, group, usual, margins)


def _size_step(last: Line, line: Line) -> float:
    """How far sizes may differ within a paragraph: code in it is often set larger or smaller."""
    if line.is_mono or last.is_mono:
        return _SMALL_CODE_STEP * max(line.size, last.size)
    has_code = last.starts_mono or last.ends_mono or line.starts_mono or line.ends_mono
    is_quoted = line.text[0] in _OPENING_QUOTES  # before what is code
    return _CODE_STEP * line.size if has_code or is_quoted else _SIZE_STEP


def _is_divided_code(last: Line, line: Line) -> bool:
    """Whether an address or name goes on in a line that has no code to be of another size for."""
    is_alike = abs(line.size - last.size) < _SMALL_CODE_STEP * max(line.size, last.size)
    is_code = last.starts_mono or last.ends_mono or line.starts_mono
    return is_alike and is_code and not joint(last.printed, line.printed)


def _break_in_table(last: Line, line: Line, distance: float) -> str:
    is_near = 0 < distance < _TABLE_GAP * line.size
    return LINE if is_near and line.cells == last.cells else PARAGRAPH


def _is_in_prose(group: list[Line], line: Line, usual: float, margins: Margins) -> bool:
    """Whether a line of typewriter text is part of a paragraph, or one of prose after it is."""
    last = group[-1]
    distance = last.baseline - line.baseline
    if is_code(group[0]) or not 0 < distance < _NEXT_LINE * usual:
        return False
    if last.ends_mono and line.starts_mono and not joint(last.printed, line.printed):
        return True  # a path, name or address that is divided
    if group[0].is_mono or line.widest_gap > _PARTED or not margins.is_filled(last, line):
        return False
    if DEFINED.match(group[0].text):
        return _goes_on_in_definition(group, line)
    is_tail = _ITEM.match(group[0].text) and _SENTENCE_END.search(line.text)
    is_open = is_tail or not _is_finished(last)
    is_below = is_open and line.left - last.left < _HANGING * line.size
    return is_below or abs(line.left - last.left) < SAME_LEFT


def _break_in_prose(line: Line, group: list[Line], usual: float, margins: Margins) -> str | None:
    last = group[-1]
    is_filled = margins.is_filled(last, line)
    if not 0 < last.baseline - line.baseline < _WIDE_GAP * usual:
        is_elsewhere = _is_elsewhere(last, line, usual)
        return None if is_elsewhere and is_filled and reads_on(last, line) else PARAGRAPH
    if is_divided(last, line):
        return None
    if len(group) == 1 and _is_below_centred(last, line):
        return PARAGRAPH
    if DEFINED.match(group[0].text) and not _goes_on_in_definition(group, line):
        return LINE if DEFINED.match(line.text) else PARAGRAPH
    if _are_parted(last, line) or _is_signature(last) or _is_item(line, group, is_filled=is_filled):
        return LINE
    if is_filled:
        is_apart = _is_spaced(last, line, usual) or _is_next_term(last, line, margins)
        return PARAGRAPH if is_apart or _is_indented(line, group) else None
    if _is_finished(last):
        return PARAGRAPH
    return None if _is_open(last, line) else LINE


def _is_below_centred(title: Line, line: Line) -> bool:
    """Whether a line begins far to the left of a title in the middle, and is none of it itself."""
    is_left = line.left < title.left - _CENTRED * line.size
    is_centred = abs(line.left + line.right - title.left - title.right) < 2 * line.size
    return is_left and not is_centred and not line.text[0].islower() and not _is_finished(title)


def _are_parted(last: Line, line: Line) -> bool:
    """Whether two lines are no running text.

    Both have a wide gap, both are code that is set as prose is, or dots do for a part.
    """
    if min(line.widest_gap, last.widest_gap) > _PARTED:
        return True
    if last.text[-1] in _CODE_ENDS and line.text[-1] in _CODE_ENDS:
        return True
    texts = (line.text, last.text)
    return any(_LEADER.search(text) or _LEFT_OUT.fullmatch(text) for text in texts)


def _is_signature(line: Line) -> bool:
    """Whether a line is a call, and says far from it what is called."""
    is_parted = line.starts_mono and line.widest_gap > _PARTED
    return is_parted and SIGNATURE.fullmatch(line.text) is not None


def _goes_on_in_definition(group: list[Line], line: Line) -> bool:
    """Whether a line is the rest of what Texinfo defines in the line before."""
    return line.left - group[0].left > DEFINED_INDENT * line.size


def _is_open(last: Line, line: Line) -> bool:
    """Whether a long line ends in the middle of a sentence, though the next word had room."""
    is_below = abs(line.left - last.left) < SAME_LEFT and len(last.text) >= LONG_LINE
    is_inner = line.text[0].islower() or line.text[0] == "→"
    return is_below and is_inner and (line.text[0] == "→" or bool(_OPEN_WORD.search(last.text)))


def _is_elsewhere(last: Line, line: Line, usual: float) -> bool:
    """Whether a line is in the next column, or below what interrupts a paragraph."""
    distance = last.baseline - line.baseline
    is_below = distance > _INTERRUPTED * usual and abs(line.left - last.left) < SAME_LEFT
    return distance <= 0 or line.region != last.region or is_below


def _is_item(line: Line, group: list[Line], *, is_filled: bool) -> bool:
    """Whether a line begins a list item: it is not full before it, or the item before is above."""
    is_below = abs(line.left - group[0].left) < SAME_LEFT
    if is_below and _ENTRY.match(line.text) and _ENTRY.match(group[0].text):
        return True
    if _BULLET.match(line.text) or (_POINTER.match(line.text) and _POINTER.match(group[0].text)):
        return True
    if not _ITEM.match(line.text):
        return False
    if not is_filled or (is_below and _ITEM.match(group[0].text)):
        return True
    return _STEP.match(line.text) is not None and _is_next_step(group[-1], line)


def _is_next_step(last: Line, line: Line) -> bool:
    """Whether a numbered line is indented behind a colon, or has the number after `last`."""
    is_below = abs(line.left - last.left) < SAME_LEFT
    before, step = _STEP.match(last.text), _STEP.match(line.text)
    if before and step and is_below:
        return int(step[1]) == int(before[1]) + 1
    return not is_below and last.text.endswith(":")


def is_divided(last: Line, line: Line) -> bool:
    """Whether a word, an address, a name or `i. e.` begins in one line and ends in the other."""
    if _ABBREVIATED.search(last.text[-_TAIL_CHARS:]) and _ABBREVIATION_END.match(line.text):
        return True
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
    is_counted = len(last.text) >= LONG_LINE and _COUNTED.match(line.text) is not None
    return is_alike and (is_small or is_counted) and not (_is_finished(last) or _is_signature(last))


def _is_spaced(last: Line, line: Line, usual: float) -> bool:
    """Whether a sentence ends in a shorter line, with a little more room than usual below it."""
    is_shorter = last.right < line.right - _SHORTER * line.size
    distance = last.baseline - line.baseline
    return is_shorter and distance > _SPACED * usual and _is_finished(last)


def _is_next_term(last: Line, line: Line, margins: Margins) -> bool:
    """Whether a name stands to the left of what is said of it and of the name before."""
    is_left = line.left < last.left - _INDENT * line.size
    is_name = is_left and _is_finished(last) and not _is_finished(line)
    return is_name and margins.is_term(last, line)


def _is_indented(line: Line, group: list[Line]) -> bool:
    """A first line is indented against the paragraph before; a list item hangs the other way."""
    shift = (line.left - group[-1].left) / line.size
    if shift > _INDENT:
        first = group[0].text
        hangs = len(group) == 1 and (_ITEM.match(first) or _SOURCE.match(first))
        return _is_finished(group[-1]) and not hangs
    return shift < -_INDENT and len(group) > 1 and _is_finished(group[-1])
