"""The body of a response, read up to a limit, unpacked up to the same limit."""

import zlib
from typing import TYPE_CHECKING

from engine.errors import CONNECTION_LOST, REPLY_TOO_LARGE, RequestError, TransientError

if TYPE_CHECKING:
    import aiohttp

_GZIP = 16 + zlib.MAX_WBITS
_WINDOW_BITS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}


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

    Raises:
        RequestError: it is larger than `max_bytes`, as it comes or unpacked; no more than that is
            ever held.
        TransientError: what is packed did not come whole.
    """
    announced = response.content_length
    if announced is not None and announced > max_bytes:
        raise _too_large(max_bytes)
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    pieces = bytearray()
    async for piece in response.content.iter_any():
        pieces += piece
        if len(pieces) > max_bytes:
            raise _too_large(max_bytes)
    if (window_bits := _WINDOW_BITS.get(encoding)) is None:
        return bytes(pieces)
    return _unpack(bytes(pieces), window_bits, max_bytes)


def _unpack(packed: bytes, window_bits: int, max_bytes: int) -> bytes:
    unpacking = zlib.decompressobj(window_bits)
    try:
        body = unpacking.decompress(packed, max_bytes + 1)
    except zlib.error as error:
        message = f"a reply that cannot be unpacked: {error}"
        raise TransientError(message, code=CONNECTION_LOST) from None
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    if not unpacking.eof:
        raise TransientError("a packed reply that did not come whole", code=CONNECTION_LOST)
    return body


def _too_large(max_bytes: int) -> RequestError:
    return RequestError(
        f"the reply is larger than {max_bytes / (1 << 20):,g} MB; raise limits.max_reply_mb if it "
        "is meant to be",
        code=REPLY_TOO_LARGE,
    )
