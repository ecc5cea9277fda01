"""Where a text may be cut, and how much each place harms: 0 between two paragraphs."""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

BETWEEN_ITEMS = 1.5
BETWEEN_INNER_ITEMS = 3.0
WITHIN_CODE = 2.5  # at an empty line
AFTER_SENTENCE = 3.0  # at the end of a line, within a paragraph
AFTER_LINE = 4.5  # of code, of a table, of a wrapped sentence
WITHIN_LINE = 5.0  # between two sentences
WITHIN_ITEM = 7.0
WITHIN_SENTENCE = 12.0
AFTER_LEAD_IN = 8.0  # "as follows:"
AFTER_HEADING = 10.0
BEFORE_NOTE = 5.0  # between a mark and its note

_LINE = re.compile(r"[^\n]*\S[^\n]*\n?")
_ITEM = re.compile(
    r"\s*(?:[-*+•‣◦▪–●○■□◆◇]|(?:\d{1,3}|[A-Za-z]|[ivxlc]{1,5})[.)]|\(?\d{1,3}\))\s+\S"
    r"|\s*(?:[・※●○■□◆◇①-⑳]|\d{1,3}[）、．]|[一二三四五六七八九十]{1,3}、|（[^\s（）]{1,3}）)\s*\S"
)
_SENTENCE_END = re.compile(r"[.!?:;。！？；…؟۔।][\"'”’»)\]」』]*\s*\Z")
_CODE = re.compile(r"\s*(?:>>> |\.\.\. |[$%] |//|/\*|[}\])@])|.*[;{}\\(]\s*\Z|\s{2,}\S")
_LEAD_IN_END = (":", "：")
_NOTE = re.compile(r"(\[[^\]\s]{1,40}\]) \S")
_MAX_NOTE_CHARS = 4_000  # from a mark to its note: further away nothing keeps them together


class Line(NamedTuple):
    """A line with the white space before it. `cost`: of a cut before it."""

    start: int
    end: int
    cost: float
    is_in_item: bool


def measure_lines(text: str, heading_starts: Collection[int]) -> list[Line]:
    """The lines of a text; they cover it. Headings stand on lines that start at those places."""
    lines = list(_measure(text, heading_starts)) or [Line(0, 0, 0.0, is_in_item=False)]
    lines[-1] = lines[-1]._replace(end=len(text))
    return _keep_notes(text, lines)


def _measure(text: str, heading_starts: Collection[int]) -> Iterator[Line]:
    before = ""
    items: list[int] = []  # the indents of the open items, the outermost first
    position, is_after_heading = 0, False
    for match in _LINE.finditer(text):
        line = match[0]
        is_apart = "\n" in text[position : match.start()]
        indent, is_item = len(line) - len(line.lstrip()), _ITEM.match(line) is not None
        while items and (indent < items[-1] or (indent == items[-1] and (is_item or is_apart))):
            items.pop()
        is_heading = match.start() in heading_starts
        cost = _cost(before, line, is_apart=is_apart, is_item=is_item, depth=len(items))
        if is_after_heading:
            cost = AFTER_HEADING
        elif is_heading:
            cost = 0.0
        yield Line(position, match.end(), cost if before else 0.0, bool(items) or is_item)
        if is_item:
            items.append(indent)
        before, position, is_after_heading = line, match.end(), is_heading


def _cost(before: str, line: str, *, is_apart: bool, is_item: bool, depth: int) -> float:
    if before.rstrip().endswith(_LEAD_IN_END):
        return AFTER_LEAD_IN
    if is_item:
        return BETWEEN_INNER_ITEMS if depth else BETWEEN_ITEMS * (not is_apart or depth > 0)
    if depth:
        return WITHIN_ITEM
    if is_apart:
        return WITHIN_CODE if _CODE.match(before) and _CODE.match(line) else 0.0
    return AFTER_SENTENCE if _SENTENCE_END.search(before) else AFTER_LINE


def _keep_notes(text: str, lines: list[Line]) -> list[Line]:
    """A cut between a mark and its note, further down, costs more."""
    kept = list(lines)
    for place, line in enumerate(lines):
        note = _NOTE.match(text[line.start : line.end].lstrip())
        if note is None:
            continue
        mark = text.rfind(note[1], max(0, line.start - _MAX_NOTE_CHARS), line.start)
        first = place
        while first > 0 and mark >= 0 and kept[first].start > mark:
            kept[first] = kept[first]._replace(cost=max(kept[first].cost, BEFORE_NOTE))
            first -= 1
    return kept
