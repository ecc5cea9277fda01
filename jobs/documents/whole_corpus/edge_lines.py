"""The lines at head and tail of a document, and which of them others share: menus and footers."""

import re
from collections.abc import Container, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple

from schemas.record import Span

MAX_EDGE_LINES = 64  # a menu is no longer; text that is shared further in is a twin's
MAX_EDGE_CHARS = 20_000
MAX_LINE_CHARS = 80  # a longer line or wrapped paragraph is text, however often it occurs
MAX_MENU_ENTRY_CHARS = 40
MIN_WRAPPED_CHARS = 50  # so much of a line is filled where a paragraph goes on in the next
LINES_AFTER_ODD_ONE = 3  # shared lines that must follow one that is the document's own

_LINE = re.compile(r"[^\n]*\S[^\n]*")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_RULE = re.compile(r"[\s\-=_*~•·|.–—]+")
_ITEM = re.compile(r"\s*(?:[-*+•‣◦▪–]|\d{1,3}[.)])\s")
_MENU_SEPARATOR = re.compile(r"(?<!\s)\s+[|·•›»>/]\s+")
_NOTICE = re.compile(r"©|\(c\)|\bcopyright\b|\ball rights reserved\b", re.IGNORECASE)
_STAMP = re.compile(  # lines that are the same but for a year, a date or a page number
    r"©|\bcopyright\b|\bpage \d|\b(?:updated|modified|changed|generated|built|rendered)\b",
    re.IGNORECASE,
)
_BY_WHOM = re.compile(  # behind its date
    r"(?<=\d)[\s,·|–-]{1,4}(?:by|von|par|por|da|door|af|av)\s[^\d|]{1,60}\Z"
)
_CURRENT = re.compile(r"[»›>▸▶►→•·*✓]+\s*(?=\w)")  # the entry of a menu that the page stands at
_VARYING = re.compile(
    r"""
    (?: (?: \d+ (?!\d) | \b (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) [a-z]{0,6} \b )
        [\s:/.,–-]* )+
    (?: utc | gmt | [ap]m )?
    """,
    re.VERBOSE,
)


class EdgeLine(NamedTuple):
    """A line, or the lines of a wrapped paragraph. `key` is None for what is never left out."""

    start_char: int
    end_char: int
    key: int | None
    is_rule: bool


class Edges(NamedTuple):
    """The lines of both ends, each from the edge inwards."""

    head: list[EdgeLine]
    tail: list[EdgeLine]

    def keys(self) -> set[int]:
        """What can be compared with other documents, each once."""
        return {line.key for edge in self for line in edge if line.key is not None}


def find_edges(text: str) -> Edges:
    """The first and the last lines of a text, at most MAX_EDGE_LINES each."""
    head_end = _cut(text, text.rfind("\n", 0, MAX_EDGE_CHARS), len(text))
    tail_start = _cut(text, text.find("\n", max(0, len(text) - MAX_EDGE_CHARS)), 0)
    head = list(islice(_lines(text, 0, head_end), MAX_EDGE_LINES))
    tail = list(_lines(text, tail_start, len(text)))[: -MAX_EDGE_LINES - 1 : -1]
    return Edges(
        [_edge_line(text, start, end, "head") for start, end in head],
        [_edge_line(text, start, end, "tail") for start, end in tail],
    )


def find_shared(text: str, edges: Edges, shared: Container[int]) -> list[EdgeLine]:
    """The lines of both ends that other documents share, in the order of the text.

    None at an end that is shared all the way, and none of a document that would be left without
    text: that is no menu but a copy.
    """
    found = {*_shared_from_edge(edges.head, shared), *_shared_from_edge(edges.tail, shared)}
    taken = sorted(found, key=lambda line: line.start_char)
    return taken if cut_out(text, spans_of(text, taken)).strip() else []


def spans_of(text: str, lines: Sequence[EdgeLine]) -> list[Span]:
    """The ranges of lines that are in the order of the text; neighbours are one range."""
    ranges: list[tuple[int, int]] = []
    for line in lines:
        start, end = line.start_char, line.end_char
        if ranges and not text[ranges[-1][1] : start].strip():
            start = ranges.pop()[0]
        ranges.append((start, end))
    return [Span(start_char=start, end_char=end) for start, end in ranges]


def cut_out(text: str, spans: Sequence[Span]) -> str:
    """The text without some ranges, which are in its order."""
    parts, position = [], 0
    for span in spans:
        parts.append(text[position : span.start_char])
        position = span.end_char
    return "".join([*parts, text[position:]])


def _cut(text: str, place: int, otherwise: int) -> int:
    return place if place >= 0 and len(text) > MAX_EDGE_CHARS else otherwise


def _shared_from_edge(lines: Sequence[EdgeLine], shared: Container[int]) -> list[EdgeLine]:
    taken: list[EdgeLine] = []
    rules: list[EdgeLine] = []  # they go with what stands before or after them
    for place, line in enumerate(lines):
        if _is_shared(line, shared):
            taken += [*rules, line]
            rules = []
        elif line.is_rule:
            (taken or rules).append(line)
        elif line.key is None or not _is_odd_one(lines, place, shared):
            return taken
        else:
            rules = []
    return taken if len(lines) < MAX_EDGE_LINES else []


def _is_odd_one(lines: Sequence[EdgeLine], place: int, shared: Container[int]) -> bool:
    """Whether a menu goes on after this line, as after a title or the way to the page."""
    following = lines[place + 1 : place + 1 + LINES_AFTER_ODD_ONE]
    return len(following) == LINES_AFTER_ODD_ONE and all(
        _is_shared(line, shared) for line in following
    )


def _is_shared(line: EdgeLine, shared: Container[int]) -> bool:
    return line.key is not None and line.key in shared


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The lines of a range; those of a wrapped paragraph are one."""
    first = last = None
    for match in _LINE.finditer(text, start, end):
        if first is not None and last is not None:
            if _goes_on(last, match):
                last = match
                continue
            yield first.start(), last.end()
        first = last = match
    if first is not None and last is not None:
        yield first.start(), last.end()


def _goes_on(line: re.Match[str], following: re.Match[str]) -> bool:
    is_next = following.start() == line.end() + 1
    is_full = line.end() - line.start() >= MIN_WRAPPED_CHARS
    return is_next and is_full and not _ITEM.match(following[0])


def _edge_line(text: str, start: int, end: int, edge: str) -> EdgeLine:
    line = text[start:end]
    if not _may_be_left_out(line):
        return EdgeLine(start, end, None, _RULE.fullmatch(line) is not None)
    plain = " ".join(line.casefold().split())
    plain = plain[_skip_mark(plain) :]
    if _STAMP.search(plain):
        plain = _BY_WHOM.sub("", plain)
        plain = _VARYING.sub(" 0 ", plain).strip()
    digest = blake2b(f"{edge} {plain}".encode("utf-8", "surrogatepass"), digest_size=8)
    return EdgeLine(start, end, int.from_bytes(digest.digest()), is_rule=False)


def _skip_mark(line: str) -> int:
    found = _CURRENT.match(line)
    return found.end() if found else 0


def _may_be_left_out(line: str) -> bool:
    if not _LETTERS.search(line) or (line[0].isspace() and not _ITEM.match(line)):
        return False  # a lone sign or number, a line of code
    if len(line) <= MAX_LINE_CHARS or _NOTICE.search(line):
        return True
    entries = _MENU_SEPARATOR.split(line)
    return len(entries) >= LINES_AFTER_ODD_ONE and max(map(len, entries)) <= MAX_MENU_ENTRY_CHARS
