"""The body of a response, read up to a limit, unpacked up to the same limit."""

import zlib
from typing import TYPE_CHECKING

from engine.errors import REPLY_TOO_LARGE, RequestError
from engine.wire.unpacking import Unpacker

if TYPE_CHECKING:
    import aiohttp


def fits_as_it_is(response: "aiohttp.ClientResponse", max_bytes: int) -> bool:
    """Whether a body is neither packed nor, as is announced, too large, so that it can be read."""
    announced = response.content_length
    return (
        announced is not None
        and announced <= max_bytes
        and "Content-Encoding" not in response.headers
    )


async def read_body(response: "aiohttp.ClientResponse", max_bytes: int) -> bytes:
    """The whole body, unpacked if the server packed it, which it was not asked to.

    One that cannot be unpacked, or not to its end, is returned as it came: the server has
    answered, and may have billed it.

    Raises:
        RequestError: it is larger than `max_bytes`, as it comes or unpacked; no more than that is
            ever held.
    """
    announced = response.content_length
    if announced is not None and announced > max_bytes:
        raise _too_large(max_bytes)
    pieces = bytearray()
    async for piece in response.content.iter_any():
        pieces += piece
        if len(pieces) > max_bytes:
            raise _too_large(max_bytes)
    packed = bytes(pieces)
    encoding = response.headers.get("Content-Encoding")
    return packed if encoding is None else _unpack(packed, Unpacker(encoding), max_bytes)


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
