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
_PRINTED = re.compile(  # a head or foot: its parts stand apart, or it is a page's number
    r"\S[^\S\n]{3,}\S|\A\W*[Pp]age\s+\d+(?:\s+of\s+\d+)?\W*\Z|\A\s*-\s*\d+\s*-\s*\Z"
)
_LAST_NUMBER = re.compile(r"(\d+)\D*\Z")
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
    first_lines = [page.lstrip().partition("\n")[0] for page in pages]
    last_lines = [page.rstrip().rpartition("\n")[2] for page in pages]
    heads, feet = _edges(first_lines), _edges(last_lines)
    if not (_are_numbered(first_lines, heads) or _are_numbered(last_lines, feet)):
        return text
    kept = [_without_edges(page, heads, feet) for page in pages]
    glues = [LINE if _goes_on(before, after) else PARAGRAPH for before, after in pairwise(kept)]
    return "".join(part for pair in zip(kept, [*glues, ""], strict=True) for part in pair)


def _edges(lines: list[str]) -> set[str]:
    """The printed lines that most pages have, but for their numbers."""
    counts = Counter(_form(line) for line in lines if _PRINTED.search(line))
    least = max(_MIN_PAGES - 1, _MIN_SHARE * len(lines))
    return {line for line, count in counts.items() if line and count >= least}


def _are_numbered(lines: list[str], edges: set[str]) -> bool:
    """Whether most of the lines that stand at an edge tell the number of their page."""
    found = [_LAST_NUMBER.search(line) for line in lines if _form(line) in edges]
    numbers = [int(each[1]) for each in found if each]
    rising_count = sum(after == before + 1 for before, after in pairwise(numbers))
    return bool(rising_count) and rising_count + 1 >= _MIN_SHARE * len(lines)


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
