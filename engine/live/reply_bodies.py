"""The body of a response, read up to a limit, unpacked up to the same limit."""

import zlib

import aiohttp
import orjson

from engine.errors import REPLY_TOO_LARGE, RequestError
from engine.wire.unpacking import GZIP_START, Unpacker


def fits_as_it_is(response: aiohttp.ClientResponse, max_bytes: int) -> bool:
    """Whether a body is neither packed nor, as is announced, too large, so that it can be read."""
    announced = response.content_length
    return (
        announced is not None
        and announced <= max_bytes
        and "Content-Encoding" not in response.headers
    )


async def read_plain_body(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """A body that fits as it is, and is unpacked to `max_bytes` at most if it is gzip unlabelled.

    Raises:
        RequestError: unpacked it is larger.
        ClientError: it broke off before it was whole.
    """
    pieces, content = list[bytes](), response.content
    try:
        while piece := await content.readany():
            pieces.append(piece)
    except aiohttp.ClientError:
        body = b"".join([*pieces, *content._buffer])  # what had come cannot be read any more
        if not _is_object(body):
            raise
        return body
    body = b"".join(pieces)
    return _unpack(body, Unpacker("gzip"), max_bytes) if body.startswith(GZIP_START) else body


async def read_body(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """The whole body, unpacked if the server packed it, which it was not asked to.

    One that cannot be unpacked, or not to its end, is returned as it came: the server has
    answered, and may have billed it.

    Raises:
        RequestError: it is larger than `max_bytes`, as it comes or unpacked; no more than that is
            ever held.
        ClientError: it broke off before it was whole.
    """
    announced = response.content_length
    if announced is not None and announced > max_bytes:
        raise _too_large(max_bytes)
    pieces = bytearray()
    content = response.content
    try:
        while piece := await content.readany():
            pieces += piece
            if len(pieces) > max_bytes:
                raise _too_large(max_bytes)
    except aiohttp.ClientError:
        body = b"".join([pieces, *content._buffer])
        if not _is_object(body):
            raise
        return body
    packed = bytes(pieces)
    encoding = response.headers.get("Content-Encoding")
    if packed.startswith(GZIP_START):
        encoding = "gzip"
    return packed if encoding is None else _unpack(packed, Unpacker(encoding), max_bytes)


def _is_object(body: bytes) -> bool:
    """Whether a body that broke off is whole all the same: a part of a JSON object is none."""
    try:
        return isinstance(orjson.loads(body), dict)
    except orjson.JSONDecodeError:
        return False


def _unpack(packed: bytes, unpacker: Unpacker, max_bytes: int) -> bytes:
    body = bytearray()
    try:
        for piece in unpacker.unpack(packed):
            body += piece
            if len(body) > max_bytes:
                raise _too_large(max_bytes)
    except zlib.error:
        return packed
    return bytes(body) if unpacker.is_whole else packed


def _too_large(max_bytes: int) -> RequestError:
    return RequestError(
        f"the reply is larger than {max_bytes / (1 << 20):,g} MB; raise limits.max_reply_mb if it "
        "is meant to be",
        code=REPLY_TOO_LARGE,
    )
