"""Finds what is printed across pages and is no part of their text."""

from collections import Counter

from jobs.documents.readers.pdf.furniture import body_size
from jobs.documents.readers.pdf.lines import Line

_LARGE = 1.6  # of the body's size
_MIN_PAGES = 2
_PAGE_SHARE = 0.5


def drop_watermarks(pages: list[list[Line]]) -> list[list[Line]]:
    """The lines of each page without watermarks.

    These are aslant or pale, and large or on at least half of the pages.
    """
    body = body_size(pages)
    counts = Counter(
        text for lines in pages for text in {line.text for line in lines if _is_odd(line)}
    )
    least = max(_MIN_PAGES, _PAGE_SHARE * len(pages))
    return [
        [
            line
            for line in lines
            if not _is_odd(line) or (line.size < _LARGE * body and counts[line.text] < least)
        ]
        for lines in pages
    ]


def _is_odd(line: Line) -> bool:
    return line.is_aslant or (line.is_pale and line.size > 0)
