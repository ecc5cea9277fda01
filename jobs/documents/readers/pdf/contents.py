"""The lines of a table of contents, and the numbers of pages that they and running heads have."""

import re
from itertools import pairwise

from jobs.documents.readers.pdf.lines.page_lines import Line

NEARBY_PAGES = 4  # chapters alternate between left and right pages
_NUMERALS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_OF_ALL = re.compile(r"\d{1,5}/\d{1,5}")  # "3/16", as browsers print it
_LEADERS = re.compile(r"(?<![.·…])(?<![.·…]\s)(?:[.·…]\s?+){4,}+\s*+(\d++|[ivxlc]++)$")
_ONLY_LEADERS = re.compile(r"(?:[.·…]\s?){6,}")  # fewer say that something is left out
_LEADS_TO_WORD = re.compile(r"[.·…]{6}\s*[^\W\d]{3,30}$")
_ENDS_IN_NUMBER = re.compile(r"\s(\d{1,5})$")
_TAIL_CHARS = 60
_MIN_ENTRIES = 2  # that begin with a number
_MIN_CONTENTS = 4  # of others
_FRONT_PAGES = 12  # numbers may go on from those before
_GROWING = 0.9  # share of neighbours
_APART = 1.5  # of the font size


def without_contents(lines: list[Line], page_count: int) -> list[Line]:
    """The lines of a page without those of a table of contents: dots, then numbers that grow."""
    found = {
        line: int(match[1][:9]) if match[1].isdecimal() else number_of(match[1])
        for line in lines
        if (match := _LEADERS.search(line.text[-_TAIL_CHARS:]))
    }
    if not _are_contents(found, page_count) or any(
        _LEADS_TO_WORD.search(line.text) for line in lines
    ):
        return [line for line in lines if line.is_mono or not _ONLY_LEADERS.fullmatch(line.text)]
    pages = range(min(found.values()) - NEARBY_PAGES, max(found.values()) + NEARBY_PAGES + 1)
    return [line for line in lines if line not in found and not _is_entry(line, pages)]


def _are_contents(found: dict[Line, int], page_count: int) -> bool:
    numbers = list(found.values())
    growing = sum(before <= after for before, after in pairwise(numbers))
    if len(found) < _MIN_ENTRIES or growing < _GROWING * (len(numbers) - 1):
        return False
    if all(line.text[0].isdigit() for line in found):
        return True
    return len(found) >= _MIN_CONTENTS and max(numbers) <= page_count + _FRONT_PAGES


def _is_entry(line: Line, pages: range) -> bool:
    """Whether a line without dots is one of contents too: a number of the same pages ends it."""
    match = _ENDS_IN_NUMBER.search(line.text[-_TAIL_CHARS:])
    is_apart = line.widest_gap > _APART or line.cells
    return bool(is_apart and match and int(match[1]) in pages)


def is_number(word: str) -> bool:
    """Whether a word may be the number of a page: digits, a Roman one, or of how many."""
    return word.isdecimal() or _NUMERALS.keys() >= set(word) or bool(_OF_ALL.fullmatch(word))


def number_of(word: str) -> int:
    """The number that such a word is."""
    word = word.partition("/")[0]
    if word.isdecimal():
        return int(word[:9])
    values = [_NUMERALS[letter] for letter in word]
    return sum(
        -value if value < following else value for value, following in pairwise([*values, 0])
    )
