"""Reads heads of replies that HTTP does not allow: the reply below was paid for all the same."""

import asyncio
import re
from functools import partial
from typing import Any, Protocol

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import BadHttpMessage

MAX_HEAD_BYTES = 1 << 17
HEAD_ENDS = (b"\r\n\r\n", b"\n\n")

_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # a token of RFC 9110
_LENGTH, _CODING = b"content-length:", b"transfer-encoding:"


Found = tuple[list[Any], bool, bytes]  # messages, whether another protocol begins, what is left


class Parser(Protocol):
    """What aiohttp's protocol of a connection needs of a parser."""

    def feed_data(self, data: bytes, /) -> Found:
        """The messages that `data` begins."""
        ...

    def feed_eof(self) -> object:
        """What is left at the end of the connection."""
        ...

    def pause_reading(self) -> None:
        """Read no further for now."""
        ...


def read_odd_heads(connector: aiohttp.TCPConnector) -> None:
    """Let its connections read replies whose heads have lines that are none.

    It takes the place of a parser that aiohttp does not let anybody choose.
    """
    connector._factory = partial(_Handler, loop=asyncio.get_running_loop())  # type: ignore[assignment]


class _Handler(ResponseHandler):
    """aiohttp's protocol of a connection, with a parser of ours around its own."""

    def set_response_params(self, **params: object) -> None:
        super().set_response_params(**params)  # type: ignore[arg-type]
        if self._parser is not None:
            self._parser = _Parser(self._parser, self, params)  # type: ignore[assignment]

    def new_parser(self, params: dict[str, object]) -> Parser:
        """Another parser of aiohttp's for the same reply."""
        ours = self._parser
        super().set_response_params(**params)  # type: ignore[arg-type]
        parser, self._parser = self._parser, ours
        assert parser is not None
        return parser


class _Parser:
    """aiohttp's parser. A head that it refuses is mended, once it is all there, and read anew."""

    __slots__ = ("_handler", "_head", "_params", "_parser", "_refused_by")

    def __init__(self, parser: Parser, handler: _Handler, params: dict[str, object]) -> None:
        self._parser = parser
        self._handler = handler
        self._params = params
        self._head: bytes | None = b""  # what has come of it; None: it was read
        self._refused_by: BadHttpMessage | None = None

    def feed_data(self, data: bytes, /) -> Found:
        """The messages that `data` begins, whether another protocol does, and what is left."""
        if self._head is None:
            return self._parser.feed_data(data)
        self._head += data
        try:
            found = self._mended() if self._refused_by else self._parser.feed_data(data)
        except BadHttpMessage as error:
            if self._refused_by is not None:
                raise
            self._refused_by = error
            found = self._mended()
        if found[0]:
            self._head = None
        elif len(self._head) > MAX_HEAD_BYTES:
            raise self._refused_by or BadHttpMessage(f"a head of more than {MAX_HEAD_BYTES} bytes")
        return found

    def feed_eof(self) -> object:
        """What is left at the end of the connection."""
        return self._parser.feed_eof()

    def pause_reading(self) -> None:
        """Read no further for now."""
        self._parser.pause_reading()

    def _mended(self) -> Found:
        """The same of a mended head; nothing yet, if it is not all there."""
        mended = mend_head(self._head or b"")
        if mended is None:
            return [], False, b""
        self._parser = self._handler.new_parser(self._params)
        return self._parser.feed_data(mended)


def mend_head(data: bytes) -> bytes | None:
    """A reply without those lines of its head that are none; None: its head is not all there.

    What is said of the body's length twice, and alike, is said once; chunks go before a length
    (RFC 9112, 6.3).
    """
    end = min((place for each in HEAD_ENDS if (place := data.find(each)) >= 0), default=-1)
    if end < 0:
        return None
    status, *lines = data[:end].replace(b"\r\n", b"\n").replace(b"\n ", b" ").split(b"\n")
    sound = [line for line in lines if _is_sound(line)]
    is_chunked = any(line.lower().startswith(_CODING) for line in sound)
    lengths = [line for line in sound if line.lower().startswith(_LENGTH)]
    others = [line for line in sound if line not in lengths]
    kept = [status, *others, *(() if is_chunked else dict.fromkeys(lengths))]
    return b"\r\n".join(kept) + data[end:]


def _is_sound(line: bytes) -> bool:
    name, colon, value = line.partition(b":")
    return bool(colon) and _NAME.fullmatch(name) is not None and b"\0" not in value
