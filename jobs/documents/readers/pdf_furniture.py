"""Removes page furniture from PDF text: running heads, page numbers, contents lines."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from jobs.documents.readers.pdf_lines import Line

_EDGE_ROWS = 2  # a head or foot of more rows is rare
_NEARBY_PAGES = 4  # chapters alternate between left and right pages
_MIN_REPEATS = 2  # on other pages nearby
_NUMERALS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_LEADERS = re.compile(r"(?:[.·…]\s?){4,}\s*(?:\d+|[ivxlcdm]+)?$")

_Key = tuple[str, str]


def drop_furniture(pages: list[list[Line]]) -> list[list[Line]]:
    """The lines of each page without running heads, page numbers and contents lines with dots."""
    seen_on: dict[_Key, set[int]] = defaultdict(set)
    for number, lines in enumerate(pages):
        for line, edge in _edge_lines(lines):
            for key in _keys(line, edge, number):
                seen_on[key].add(number)
    return [
        [line for line in lines if line not in running and not _LEADERS.search(line.text)]
        for lines, running in zip(pages, _running_heads(pages, seen_on), strict=True)
    ]


def _running_heads(pages: list[list[Line]], seen_on: dict[_Key, set[int]]) -> Iterator[set[Line]]:
    for number, lines in enumerate(pages):
        yield {
            line
            for line, edge in _edge_lines(lines)
            if any(_is_repeated(number, seen_on[key]) for key in _keys(line, edge, number))
        }


def _edge_lines(lines: list[Line]) -> Iterator[tuple[Line, str]]:
    rows = sorted({round(line.baseline) for line in lines})
    bottom, top = set(rows[:_EDGE_ROWS]), set(rows[-_EDGE_ROWS:])
    for line in lines:
        row = round(line.baseline)
        if row in top:
            yield line, "top"
        elif row in bottom:
            yield line, "bottom"


def _keys(line: Line, edge: str, page_number: int) -> Iterator[_Key]:
    """What running heads of one kind have in common: all words, or page number minus page."""
    yield edge, line.text.casefold()
    for word in line.text.casefold().split():
        if word.isdecimal() or _NUMERALS.keys() >= set(word):
            yield edge, f"page {_number(word) - page_number:+d}"


def _number(word: str) -> int:
    if word.isdecimal():
        return int(word[:9])
    values = [_NUMERALS[letter] for letter in word]
    return sum(
        -value if value < following else value for value, following in pairwise([*values, 0])
    )


def _is_repeated(number: int, page_numbers: set[int]) -> bool:
    nearby = range(number - _NEARBY_PAGES, number + _NEARBY_PAGES + 1)
    return sum(other in page_numbers for other in nearby) > _MIN_REPEATS  # itself is one of them
