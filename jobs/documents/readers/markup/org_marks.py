"""Takes marks that nothing ends out of Org: emphasis, notes in a line.

Pandoc tries each of them twice: with twenty in a paragraph it takes a million times as long. Other
signs stand in their places until it has made HTML.
"""

import re
from collections.abc import Iterator

_SIGNS = "*/_+["
_FIRST_PLACE = 0xF100  # Unicode: for private use
_STAND_INS = {sign: chr(_FIRST_PLACE + number) for number, sign in enumerate(_SIGNS)}
_SIGNS_OF = str.maketrans({other: sign for sign, other in _STAND_INS.items()})
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n|\n(?=[ \t]*\||\*+[ \t])")
_EDGE = re.compile(  # Org manual, "Emphasis and Monospace": what may stand before and behind
    r"(?<![^\s\-({'\"])(?P<start>[*/_+])(?=\S)|(?<=\S)(?P<end>[*/_+])(?![^\s\-.,:!?;'\")}\[\\])"
    r"|(?P<bracket>[\[\]])"
)
_RULE = re.compile(r"[ \t]*\|[-+|: \t]*\Z")
_HEADING = re.compile(r"\*+(?=[ \t])")
_NOTE = "[fn:"
_FEW = 3  # of a paragraph: they cost little


def without_open_marks(text: str) -> str:
    """The same text with other signs for marks that are open in great number."""
    pieces, start = [], 0
    for found in _PARAGRAPH_END.finditer(text):
        pieces += [_plain(text[start : found.start()]), found[0]]
        start = found.end()
    return "".join([*pieces, _plain(text[start:])])


def with_marks(html: str) -> str:
    """What has become of such a text, with the signs themselves."""
    return html.translate(_SIGNS_OF)


def _plain(paragraph: str) -> str:
    if _RULE.match(paragraph):
        return paragraph
    places = [*_open_marks(paragraph), *_open_notes(paragraph)]
    if len(places) <= _FEW:
        return paragraph
    signs = list(paragraph)
    for place in places:
        signs[place] = _STAND_INS[signs[place]]
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
