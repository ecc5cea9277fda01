"""Finds watermarks: what lies across the pages and is no part of their text."""

from collections import Counter

from jobs.documents.readers.pdf.furniture import body_size
from jobs.documents.readers.pdf.lines.page_lines import Line

_LARGE = 1.6  # of the body's size
_HUGE = 2.5
_MIN_PAGES = 2
_PAGE_SHARE = 0.5


def drop_watermarks(pages: list[list[Line]]) -> list[list[Line]]:
    """The lines of each page without watermarks.

    These are large and aslant; or aslant, pale or huge on at least half of the pages.
    """
    body = body_size(pages)
    counts = Counter(text for lines in pages for text in {line.text for line in lines})
    least = max(_MIN_PAGES, _PAGE_SHARE * len(pages))
    return [
        [
            line
            for line in lines
            if not _is_watermark(line, body, is_repeated=counts[line.text] >= least)
        ]
        for lines in pages
    ]


def _is_watermark(line: Line, body: float, *, is_repeated: bool) -> bool:
    if line.is_aslant and line.size > _LARGE * body:
        return True
    return is_repeated and (line.is_aslant or line.is_pale or line.size > _HUGE * body)
