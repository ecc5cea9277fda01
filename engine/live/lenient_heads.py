"""Mends heads of replies that HTTP does not allow: the reply below was paid for all the same."""

import asyncio
import re
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

MAX_HEAD_BYTES = 1 << 17
HEAD_ENDS = (b"\r\n\r\n", b"\n\n")

_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # a token of RFC 9110
_SOUND_HEAD = re.compile(
    rb"HTTP/1\.[01] [2-9][^\0\r\n]*+\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[^\0\r\n]*+\r\n)*+\r\n"
)
_INTERIM = re.compile(rb"HTTP/1\.[01] 1")  # another head follows (RFC 9110, 15.2)
_LENGTH, _CODING = b"content-length:", b"transfer-encoding:"


class MendingConnector(aiohttp.TCPConnector):
    """Connections whose replies come with heads that aiohttp's parser takes."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: "list[Trace]",
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own
    ) -> "Connection":
        """A connection for one request: a new head is to come."""
        connection = await super().connect(req, traces, timeout)
        transport = connection.transport
        if transport is not None:  # else it is lost already
            protocol = transport.get_protocol()
            if not isinstance(protocol, _Mended):
                protocol = _Mended(protocol)
                transport.set_protocol(protocol)
            protocol.expect_head()
        return connection


class _Mended(asyncio.Protocol):
    """What stands before the protocol of a connection: a head reaches it whole, and mended."""

    def __init__(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.Protocol)
        self._protocol = protocol
        self._head: bytes | None = None  # what has come of it; None: none is expected

    def expect_head(self) -> None:
        """What comes next is the head of a reply."""
        self._head = b""

    def data_received(self, data: bytes) -> None:
        if self._head is None:
            self._protocol.data_received(data)
        elif not self._head and _is_sound(data):
            self._head = None
            self._protocol.data_received(data)
        else:
            self._take(self._head + data)

    def eof_received(self) -> bool | None:
        self._pass_on()
        return self._protocol.eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        self._pass_on()
        self._protocol.connection_lost(error)

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()

    def _take(self, data: bytes) -> None:
        """Pass a head on once it is all there; one that is too long as it is, to be refused."""
        size = _head_size(data)
        if not size and len(data) <= MAX_HEAD_BYTES:
            self._head = data
            return
        head, rest = mend_head(data[:size]), data[size:]
        if _INTERIM.match(head) is None:
            self._head = None
            self._protocol.data_received(head + rest)
            return
        self._head = b""
        self._protocol.data_received(head)
        if rest:
            self.data_received(rest)

    def _pass_on(self) -> None:
        """What has come of a head at the end of the connection is all that comes."""
        head, self._head = self._head, None
        if head:
            self._protocol.data_received(head)


def _is_sound(data: bytes) -> bool:
    """Whether the whole head of a reply has come at once, and is one: as nearly always."""
    found = _SOUND_HEAD.match(data)
    if found is None:
        return False
    lines = found.group().lower()
    return lines.count(b"\n" + _LENGTH) + lines.count(b"\n" + _CODING) <= 1


def _head_size(data: bytes) -> int:
    """How long the head is with which a reply begins; 0: it is not all there."""
    ends = [data.find(end) + len(end) for end in HEAD_ENDS if end in data]
    return min(ends, default=0)


def mend_head(head: bytes) -> bytes:
    """A whole head without those lines that are none.

    What is said of the body's length twice, and alike, is said once; chunks go before a length
    (RFC 9112, 6.3).
    """
    text = head.replace(b"\r\n", b"\n").removesuffix(b"\n\n")
    status, *lines = text.replace(b"\n ", b" ").split(b"\n")
    sound = [line for line in lines if _is_line(line)]
    is_chunked = any(line.lower().startswith(_CODING) for line in sound)
    lengths = [line for line in sound if line.lower().startswith(_LENGTH)]
    others = [line for line in sound if line not in lengths]
    kept = [status, *others, *(() if is_chunked else dict.fromkeys(lengths))]
    return b"\r\n".join(kept) + b"\r\n\r\n"


def _is_line(line: bytes) -> bool:
    name, colon, value = line.partition(b":")
    return bool(colon) and _NAME.fullmatch(name) is not None and b"\0" not in value
