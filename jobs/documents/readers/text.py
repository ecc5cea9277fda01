"""Reads plain text: its lines and paragraphs are kept as they are, the edges of pages are not."""

import re
from collections import Counter
from itertools import pairwise

from jobs.documents.readers.clean_text import clean
from jobs.documents.readers.decode import decode_text
from jobs.documents.readers.extract import LINE, PARAGRAPH, Block, Extract, assemble
from jobs.documents.readers.limits import ReadLimits

_PAGE_END = "\f"
_MIN_PAGES = 3
_MIN_SHARE = 0.5  # of the pages that have a line at the same edge, but for its numbers
_NUMBER = re.compile(r"\d+|\b[ivxlc]+\b")
_GOES_ON = re.compile(r"[^\s.!?:;]\Z")


def read_text(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    text = decode_text(data)
    if text.count(_PAGE_END) >= _MIN_PAGES - 1:
        text = _join_pages(text)
    return assemble([Block(clean(text))], limits)


def _join_pages(text: str) -> str:
    """Printed pages without the heads and feet that most have, as RFCs are; else as it was."""
    pages = [page.strip("\r\n\t ") and page.strip("\r\n") for page in text.split(_PAGE_END)]
    pages = list(filter(None, pages))
    heads = _edges([page.lstrip().partition("\n")[0] for page in pages])
    feet = _edges([page.rstrip().rpartition("\n")[2] for page in pages])
    if not heads and not feet:
        return text
    kept = [_without_edges(page, heads, feet) for page in pages]
    glues = [LINE if _goes_on(before, after) else PARAGRAPH for before, after in pairwise(kept)]
    return "".join(part for pair in zip(kept, [*glues, ""], strict=True) for part in pair)


def _edges(lines: list[str]) -> set[str]:
    counts = Counter(map(_form, lines))
    least = max(_MIN_PAGES - 1, _MIN_SHARE * len(lines))
    return {line for line, count in counts.items() if line and count >= least}


def _form(line: str) -> str:
    return " ".join(_NUMBER.sub("0", line).split())


def _without_edges(page: str, heads: set[str], feet: set[str]) -> str:
    first, _, rest = page.lstrip("\r\n\t ").partition("\n")
    page = rest if _form(first) in heads else page
    rest, _, last = page.rstrip().rpartition("\n")
    page = rest if _form(last) in feet else page
    return page.rstrip().lstrip("\r\n") if page.strip() else ""


def _goes_on(before: str, after: str) -> bool:
    """Whether a paragraph goes on over a page end."""
    first = after.lstrip()[:1]
    return bool(_GOES_ON.search(before)) and (first.islower() or first == "(")
