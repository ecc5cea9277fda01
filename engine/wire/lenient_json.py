"""Parses JSON as providers really send it: with orjson, else with a lenient parser."""

import codecs
import json
import re
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]  # not in the type stubs
from math import isfinite

import orjson

from engine.errors import EngineError
from schemas.requests import Json

MAX_DEPTH = 10_000
MAX_VALUES = 1_000_000  # in one text: they take about 5 s, in which nothing else is done
INTEGERS = range(-(1 << 63), 1 << 64)  # others become floats, as with the fast parser
MAX_DIGITS = 20  # that those integers have, a sign included
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_TOKEN = re.compile(
    r"""[\s\0\ufeff]*+(?:
        (?P<string>"(?:[^"\\]++|\\.)*+")
      | (?P<mark>[][{}:,])
      | (?P<number>-?\d++(?:\.\d++)?(?:[eE][+-]?\d++)?)
      | (?P<word>true|false|null|NaN|nan|[+-]?Infinity|[+-]?inf)
    )""",
    re.VERBOSE | re.DOTALL,
)
_REST = re.compile(r"[\s\0\ufeff]*+\Z")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS: dict[str, bool] = {"true": True, "false": False}  # all others mean null


class NotJsonError(EngineError, ValueError):
    """Bytes of which no JSON value can be made."""


def parse_json(data: bytes) -> Json:
    """The value of a JSON text.

    What the fast parser refuses is read again by a lenient one: it may be in UTF-16, bytes that
    are not UTF-8 and halves of surrogate pairs become U+FFFD, NaN, infinities and numbers beyond
    a double become null, byte order marks and NULs between tokens and raw control characters in
    strings are fine, and values may be nested MAX_DEPTH deep. It takes about 30 times as long, so
    no more than MAX_VALUES are read.

    Raises:
        NotJsonError: the lenient parser cannot read it either, or it is nested deeper, or longer.
    """
    try:
        value: Json = orjson.loads(data)
    except orjson.JSONDecodeError:
        return _LenientReader(_decoded(data)).read()
    return value


def dump_json(value: Json) -> bytes:
    """The JSON text of a value that `parse_json` returned, on one line, in UTF-8.

    Unlike the fast writer it takes values of any depth.
    """
    try:
        return orjson.dumps(value)
    except TypeError:  # nested too deeply for it
        return b"".join(_pieces(value))


def _decoded(data: bytes) -> str:
    """The text of some JSON, which begins with two letters that are ASCII (RFC 4627, section 3)."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    match [byte != 0 for byte in data[:4]]:
        case [True, False, True, False]:
            return data.decode("utf-16-le", errors="replace")
        case [False, True, False, True]:
            return data.decode("utf-16-be", errors="replace")
    return data.decode("utf-8-sig", errors="replace")


class _LenientReader:
    """Reads one text with a stack of its own: depth costs no recursion."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._seen: re.Match[str] | None = None  # the token there, where it was only looked at
        self._open: list[list[Json] | dict[str, Json]] = []
        self._keys: list[str] = []  # of the objects that are open
        self._left = MAX_VALUES

    def read(self) -> Json:
        """The value.

        Raises:
            NotJsonError: the text is no JSON, or nested too deeply.
        """
        value = self._next_value()
        while self._open:
            self._put(value)
            value = self._after_value()
        if not _REST.match(self._text, self._position):
            raise self._refusal("something after the value")
        return value

    def _next_value(self) -> Json:
        """A scalar or an empty container; containers that hold something are opened."""
        while True:
            kind, found = self._take()
            self._left -= 1
            if self._left < 0:
                raise self._refusal(f"more than {MAX_VALUES:,} values")
            if kind != "mark":
                return self._scalar(kind, found)
            if found not in "[{":
                raise self._refusal(f"{found!r} where a value was expected")
            container: list[Json] | dict[str, Json] = [] if found == "[" else {}
            if self._takes("]" if found == "[" else "}"):
                return container
            if len(self._open) >= MAX_DEPTH:
                raise self._refusal(f"more than {MAX_DEPTH:,} values inside each other")
            self._open.append(container)
            if isinstance(container, dict):
                self._keys.append(self._key())

    def _after_value(self) -> Json:
        """The next value of the innermost container, or this container if it ends here."""
        container = self._open[-1]
        if self._takes(","):
            if isinstance(container, dict):
                self._keys.append(self._key())
            return self._next_value()
        if not self._takes("]" if isinstance(container, list) else "}"):
            raise self._refusal("neither a comma nor the end of what was begun")
        return self._open.pop()

    def _put(self, value: Json) -> None:
        container = self._open[-1]
        if isinstance(container, list):
            container.append(value)
        else:
            container[self._keys.pop()] = value

    def _key(self) -> str:
        kind, found = self._take()
        if kind != "string" or not self._takes(":"):
            raise self._refusal("no name where one was expected")
        return self._string(found)

    def _scalar(self, kind: str, text: str) -> Json:
        if kind == "string":
            return self._string(text)
        return _number(text) if kind == "number" else _WORDS.get(text)

    def _string(self, text: str) -> str:
        try:
            value, _ = scanstring(text, 1, False)  # not strict: raw control characters are fine
        except json.JSONDecodeError as error:
            raise self._refusal(error.msg) from None
        return _LONE_SURROGATE.sub(REPLACEMENT, value)

    def _take(self) -> tuple[str, str]:
        match = self._seen or _TOKEN.match(self._text, self._position)
        if match is None or match.lastgroup is None:
            raise self._refusal("nothing that JSON knows")
        self._position, self._seen = match.end(), None
        return match.lastgroup, match[match.lastgroup]

    def _takes(self, mark: str) -> bool:
        match = self._seen = self._seen or _TOKEN.match(self._text, self._position)
        if match is None or match["mark"] != mark:
            return False
        self._position, self._seen = match.end(), None
        return True

    def _refusal(self, why: str) -> NotJsonError:
        return NotJsonError(f"no JSON: {why} at character {self._position:,}")


def _number(text: str) -> Json:
    if len(text) <= MAX_DIGITS and not set(text) & set(".eE") and int(text) in INTEGERS:
        return int(text)
    value = float(text)
    return value if isfinite(value) else None


def _pieces(value: Json) -> Iterator[bytes]:
    """The text of a value, piece by piece; `todo` holds what is still to be written."""
    todo: list[Json | bytes] = [value]
    while todo:
        piece = todo.pop()
        if isinstance(piece, bytes):
            yield piece
        elif isinstance(piece, list) and piece:
            todo.append(b"]")
            for number in reversed(range(len(piece))):
                todo += [piece[number], b"," if number else b"["]
        elif isinstance(piece, dict) and piece:
            todo.append(b"}")
            for number, (name, item) in reversed(list(enumerate(piece.items()))):
                todo += [item, (b"," if number else b"{") + orjson.dumps(name) + b":"]
        else:
            yield orjson.dumps(piece)
