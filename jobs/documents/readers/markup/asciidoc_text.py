"""AsciiDoc as pandoc understands it: what its preprocessor does, titles of two lines, addresses.

Pandoc takes comments within paragraphs, lines under titles, and a link whose address an attribute
has, for text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

_LINE = re.compile(  # of the preprocessor: pandoc would open a file, or take them for text
    r"(?:include|ifdef|ifndef|ifeval|endif)::[^\[]*\[.*\][ \t]*"
)
_EDGE = re.compile(r"(?:/{4,}|-{4,}|\.{4,}|\+{4,})[ \t]*|(`{3,})[^`]*")
_COMMENT = "//"
_TITLE = re.compile(r"(?=\S)(?![|.\[*/:+=])(?=.{0,200}\w).{1,200}")
_BEFORE_TITLE = re.compile(r"\s*|\[.*\][ \t]*|//.*")
_UNDERLINES = "=-~^+"  # of titles, by their level
_MAX_DIFFERENCE = 1  # AsciiDoc: how much longer or shorter a line under a title may be
_ATTRIBUTE = re.compile(r":([\w-]{1,80}):[ \t]+(\S.{0,500}?)[ \t]*")
_USED = re.compile(r"(?<!\\)\{([\w-]{1,80})\}")
_SCHEMES = ("http://", "https://", "ftp://", "mailto:", "link:", "xref:")
_MAX_ATTRIBUTES = 500
_MAX_ADDRESS_CHARS = 1_000


def prepared(text: str) -> str:
    """`text` without comments and lines of the preprocessor, with addresses written out."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(_shown(lines, _addresses(lines)))


def _addresses(lines: Sequence[str]) -> Mapping[str, str]:
    """The attributes that are addresses; one may be made of those before it."""
    found: dict[str, str] = {}
    told = filter(None, (_ATTRIBUTE.fullmatch(line) for line in lines if line.startswith(":")))
    for attribute, _ in zip(told, range(_MAX_ATTRIBUTES), strict=False):
        value = _with_addresses(attribute[2], found)
        if value.startswith(_SCHEMES) and len(value) <= _MAX_ADDRESS_CHARS:
            found[attribute[1]] = value
    return found


def _with_addresses(line: str, addresses: Mapping[str, str]) -> str:
    return _USED.sub(lambda used: addresses.get(used[1], used[0]), line)


def _shown(lines: Sequence[str], addresses: Mapping[str, str]) -> Iterator[str]:
    """The lines that count; in code none is changed."""
    last_places = {line.rstrip(): number for number, line in enumerate(lines)}
    opened, is_done = "", False
    for number, line in enumerate(lines):
        above = lines[number - 1] if number else ""
        if is_done or _LINE.fullmatch(line):
            is_done = False  # a line under a title
        elif opened:
            if not opened.startswith("/"):
                yield line
            opened = "" if line.rstrip() == opened else opened
        elif title := _title(lines, number):
            yield title
            is_done = True
        elif (edge := _edge(line)) and last_places.get(edge, 0) > number:
            opened = edge
            yield "" if edge.startswith("/") else line
        elif not (line.startswith(_COMMENT) and above.strip()):  # one by itself ends a list
            yield _with_addresses(line, addresses)


def _edge(line: str) -> str:
    """What ends the code or comment that a line begins, if it does."""
    found = _EDGE.fullmatch(line)
    return (found[1] or line.rstrip()) if found else ""


def _title(lines: Sequence[str], number: int) -> str:
    """The title that a line and the one under it are, on one line; empty if they are none."""
    line = lines[number].rstrip()
    under = lines[number + 1].rstrip() if number + 1 < len(lines) else ""
    if not under or under.strip(under[0]) or under[0] not in _UNDERLINES:
        return ""
    if abs(len(line) - len(under)) > _MAX_DIFFERENCE or not _TITLE.fullmatch(line):
        return ""
    if number and not _BEFORE_TITLE.fullmatch(lines[number - 1]):
        return ""
    return f"{'=' * (1 + _UNDERLINES.index(under[0]))} {line}"
