"""Takes marks that nothing ends out of Org: emphasis, notes in a line.

Pandoc tries each of them twice: with twenty in a paragraph it takes a million times as long. Other
signs stand in their places until it has made HTML.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_SIGNS = "*/_+["
_PRIVATE = range(0xE000, 0xF900)  # Unicode: for private use
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n|\n(?=[ \t]*\||\*+[ \t])")
_EDGE = re.compile(  # Org manual, "Emphasis and Monospace": what may stand before and behind
    r"(?<![^\s\-({'\"])(?P<start>[*/_+])(?=\S)|(?<=\S)(?P<end>[*/_+])(?![^\s\-.,:!?;'\")}\[\\])"
    r"|(?P<bracket>[\[\]])"
)
_RULE = re.compile(r"[ \t]*\|[-+|: \t]*\Z")
_HEADING = re.compile(r"\*+(?=[ \t])")
_NOTE = "[fn:"
_FEW = 3  # of a paragraph: they cost little


class PlainMarks(NamedTuple):
    """Org, and for which marks other signs stand in it; none of these was there before."""

    text: str
    marks: dict[int, str]

    def shown(self, html: str) -> str:
        """What has become of it, with the marks themselves."""
        return html.translate(self.marks)


def without_open_marks(text: str) -> PlainMarks:
    """The same text with other signs for marks that are open in great number."""
    used = set(text)
    free = (sign for sign in map(chr, _PRIVATE) if sign not in used)
    stand_ins = dict(zip(_SIGNS, free, strict=False))
    if len(stand_ins) < len(_SIGNS):
        return PlainMarks(text, {})
    pieces, start = [], 0
    for found in _PARAGRAPH_END.finditer(text):
        pieces += [_plain(text[start : found.start()], stand_ins), found[0]]
        start = found.end()
    plain = "".join([*pieces, _plain(text[start:], stand_ins)])
    return PlainMarks(plain, {ord(other): mark for mark, other in stand_ins.items()})


def _plain(paragraph: str, stand_ins: Mapping[str, str]) -> str:
    if _RULE.match(paragraph):
        return paragraph
    places = [*_open_marks(paragraph), *_open_notes(paragraph)]
    if len(places) <= _FEW:
        return paragraph
    signs = list(paragraph)
    for place in places:
        signs[place] = stand_ins[signs[place]]
    return "".join(signs)


def _open_marks(paragraph: str) -> Iterator[int]:
    """Where marks stand that nothing ends before the next of their kind begins."""
    heading = _HEADING.match(paragraph)
    begun: dict[str, int] = {}
    for found in _EDGE.finditer(paragraph, heading.end() if heading else 0):
        if found["start"]:
            if (place := begun.get(found[0])) is not None:
                yield place
            begun[found[0]] = found.start()
        elif found["end"]:
            begun.pop(found[0], None)
    yield from begun.values()


def _open_notes(paragraph: str) -> list[int]:
    """Where notes begin whose bracket nothing closes."""
    opened: list[int] = []
    for found in _EDGE.finditer(paragraph):
        if found["bracket"] == "[":
            opened.append(found.start())
        elif found["bracket"] and opened:
            opened.pop()
    return [place for place in opened if paragraph.startswith(_NOTE, place)]
