r"""Writes the letters of RTF in one way: `\u8220 ?`, whatever code page or form they are in.

Pandoc takes every byte for Windows-1252, what stands for a letter where it cannot be shown for
the letter and the next one, and a sign that touches a control word for its end. Rows of tables
that do not say again what they are it takes for one, and the cells of a table within a cell for
one word. A table of many rows takes it the square of their number: it is given several, with a
mark between them.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_PIECE = re.compile(
    rb"\\'(?P<byte>[0-9a-fA-F]{2})"
    rb"|\\u(?P<unicode>-?\d{1,6})[ ]?"
    rb"|\\(?P<word>uc|f|deff|ansicpg|fcharset|mac|pc|pca|v|deleted|plain)"
    rb"(?P<number>\d{0,6})(?![a-zA-Z\d])[ ]?"
    rb"|\\bin(?P<size>\d{1,9})[ ]?"
    rb"|\\(?:[a-zA-Z]{1,32}(?:-?\d{1,9})?[ ]?|[^a-zA-Z])"
    rb"|(?P<brace>[{}])"
    rb"|[^\\{}]+",
    re.DOTALL,
)
_WORD_END = re.compile(rb"\\[a-zA-Z]{1,32}(?:-?\d{1,9})?\Z")
_SIGN = re.compile(rb"[^\\{}\s\w]")
_CHARSETS = {  # RTF 1.9.1, \fcharset
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 134: "cp936", 136: "cp950",
    161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257",
    204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip
_SETS = {b"mac": "mac_roman", b"pc": "cp437", b"pca": "cp850"}
_ENDINGS = {
    rb"\row": rb"\trowd ",
    rb"\nestcell": rb"\tab ",
    rb"\sect": rb"\par ",
    rb"\page": rb"\par ",
}
_HIDING = frozenset({b"v", b"deleted", b"plain"})
_WESTERN = "cp1252"
_CODE_PAGES = frozenset(
    (
        "437",
        "850",
        "852",
        "855",
        "866",
        "874",
        "932",
        "936",
        "949",
        "950",
        *map(str, range(1250, 1259)),
    )
)
_WIDE = 0x10000
_LAST_SIGNED = 0x8000
_FIRST_HALVES, _SECOND_HALVES = range(0xD800, 0xDC00), range(0xDC00, 0xE000)  # of UTF-16
_HALF = 0x3FF
_FIRST_PLACE, _LAST_PLACE = 0xE000, 0xEFFE  # Unicode: for private use
_ROWS_GO_ON = 0xEFFF
_ROW, _MAX_ROWS = rb"\row", 30
_BETWEEN_TABLES = re.compile(
    rf"</tbody>\s*</table>\s*<p>{chr(_ROWS_GO_ON)}</p>\s*<table>\s*<tbody>"
)


class _State(NamedTuple):
    """What holds in a group: how many characters stand for one, the font, whether it is seen."""

    fallback_count: int
    font: int
    is_hidden: bool = False


class RtfText(NamedTuple):
    """RTF, and what stands for letters in it that pandoc takes for none: emoji, rare signs."""

    data: bytes
    places: dict[int, str]

    def shown(self, html: str) -> str:
        """What pandoc has made of it, with these letters and with its tables whole."""
        return _BETWEEN_TABLES.sub("", html).translate({**self.places, _ROWS_GO_ON: None})


def one_way(data: bytes) -> RtfText:
    """The same text; bytes that are no letters of their code page stay."""
    letters = _Letters()
    return RtfText(b"".join(letters.rewrite(data)), letters.places)


class _Letters:
    def __init__(self) -> None:
        self._charsets: dict[int, str] = {}
        self._default = _WESTERN
        self._states = [_State(1, -1)]
        self._skipped = 0
        self._waiting = bytearray()  # bytes of letters, until it is known whether more follow
        self._row_count = 0
        self._first_half = 0  # of a letter that UTF-16 has two units for
        self.places: dict[int, str] = {}
        self._places_of: dict[str, int] = {}

    def rewrite(self, data: bytes) -> Iterator[bytes]:
        """The pieces of the text anew."""
        place = 0
        while found := _PIECE.match(data, place):
            place = found.end()
            if found["byte"] is not None:
                self._take_byte(bytes.fromhex(found["byte"].decode()))
                continue
            yield self._letters()
            if found["unicode"] is not None:
                yield self._unit(int(found["unicode"]) % _WIDE) * self._is_seen
                self._skipped = self._states[-1].fallback_count
            elif found["size"] is not None:
                place += int(found["size"])
            else:
                written = self._other(found)
                is_touched = _WORD_END.search(written) and _SIGN.match(data, place)
                yield written + b" " if is_touched else written
        yield self._letters() + data[place:]

    def _take_byte(self, byte: bytes) -> None:
        if self._skipped:
            self._skipped -= 1
        else:
            self._waiting += byte

    def _other(self, found: re.Match[bytes]) -> bytes:
        piece = found[0]
        if found["brace"] == b"{":
            self._states.append(self._states[-1])
        elif found["brace"] and len(self._states) > 1:
            self._states.pop()
        elif (ending := _ENDINGS.get(piece.rstrip())) is not None:
            piece += self._break_between_rows(piece) + ending
        elif found["word"]:
            self._set(found["word"], found["number"])
            piece = b"" if found["word"] == b"uc" else piece  # it is 1 in what is written
        elif self._skipped and not piece.startswith(b"\\"):
            kept = piece[self._skipped :]
            self._skipped = max(0, self._skipped - len(piece))
            return kept
        self._skipped = 0
        is_text = not (found["brace"] or piece.startswith(b"\\"))
        return piece if self._is_seen or not is_text else b""

    def _break_between_rows(self, piece: bytes) -> bytes:
        self._row_count += piece.rstrip() == _ROW
        is_due = piece.rstrip() == _ROW and self._row_count % _MAX_ROWS == 0
        return rb"\pard \u%d ?\par " % _signed(_ROWS_GO_ON) if is_due else b""

    @property
    def _is_seen(self) -> bool:
        return not self._states[-1].is_hidden

    def _unit(self, unit: int) -> bytes:
        if unit in _FIRST_HALVES:
            self._first_half = unit
            return b""
        first, self._first_half = self._first_half, 0
        if unit in _SECOND_HALVES and first:
            letter = _WIDE + ((first & _HALF) << 10 | unit & _HALF)
            return self._letter(chr(letter))
        return self._letter(chr(unit))

    def _letter(self, letter: str) -> bytes:
        """A letter; one beyond 16 bits, or for private use, in a place that is given to it here."""
        code = ord(letter)
        if code >= _WIDE or _FIRST_PLACE <= code <= _ROWS_GO_ON:
            code = self._places_of.setdefault(letter, _FIRST_PLACE + len(self._places_of))
            if code > _LAST_PLACE:
                return b"?"
            self.places[code] = letter
        return rb"\u%d ?" % _signed(code)

    def _set(self, word: bytes, digits: bytes) -> None:
        state, number = self._states[-1], int(digits or 0)
        if word in _HIDING:
            is_hidden = word != b"plain" and digits != b"0"
            self._states[-1] = state._replace(is_hidden=is_hidden)
        elif word == b"uc":
            self._states[-1] = state._replace(fallback_count=number)
        elif word == b"f":
            self._states[-1] = state._replace(font=number)
        elif word == b"fcharset":
            if number in _CHARSETS:
                self._charsets[state.font] = _CHARSETS[number]
        elif word == b"ansicpg":
            self._default = f"cp{number}" if str(number) in _CODE_PAGES else self._default
        elif word == b"deff":
            self._states[0] = self._states[-1] = state._replace(font=number)
        else:
            self._default = _SETS[word]

    def _letters(self) -> bytes:
        data, self._waiting = self._waiting, bytearray()
        if not data or not self._is_seen:
            return b""
        charset = self._charsets.get(self._states[-1].font, self._default)
        codec = self._default if charset == _WESTERN else charset
        text = data.decode(codec, "replace")
        if "\ufffd" in text:
            return b"".join(rb"\'%02x" % byte for byte in data)
        return b"".join(map(self._letter, text))


def _signed(unit: int) -> int:
    """As RTF has numbers: of 16 bits, with a sign."""
    return unit - _WIDE if unit >= _LAST_SIGNED else unit
