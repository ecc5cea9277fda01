"""The replies to slow calls, up to a size, also unpacked: a transport for the official SDK."""

import ssl
import zlib
from collections.abc import AsyncGenerator, AsyncIterator

import httpx2

from engine.errors import CONNECTION_LOST, FatalError, TransientError
from engine.wire.reply_sizes import BYTES_PER_MB, ReplySizes
from engine.wire.unpacking import Unpacker

CONTENT = "/content"  # a file's own bytes (OpenAI API reference, files)
ACCEPTED_ENCODINGS = "gzip, deflate"


class LimitedTransport(httpx2.AsyncBaseTransport):
    """Another transport's responses, unpacked here, and cut off with an error where too large.

    A response that is packed in a way that was not asked for is left as it is.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport, sizes: ReplySizes) -> None:
        self._inner = inner
        self._sizes = sizes

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """One exchange.

        Raises, while the body is read:
            FatalError: it is too large.
            TransientError: what is packed did not come whole.
        """
        response = await self._inner.handle_async_request(request)
        headers = response.headers
        encoding = headers.pop("Content-Encoding", "identity")
        if encoding != "identity":
            headers.pop("Content-Length", None)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        is_file = request.url.path.endswith(CONTENT) and response.status_code == 200
        stream = _LimitedStream(response.stream, Unpacker(encoding), self._sizes, is_file=is_file)
        return httpx2.Response(
            response.status_code, headers=headers, stream=stream, extensions=response.extensions
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def open_transport(
    sizes: ReplySizes, verify: ssl.SSLContext, proxy: str | None
) -> httpx2.AsyncBaseTransport:
    """Connections of the usual kind, through `proxy` if there is one, with limited replies."""
    inner = httpx2.AsyncHTTPTransport(verify=verify, trust_env=False, proxy=proxy)
    return LimitedTransport(inner, sizes)


class _LimitedStream(httpx2.AsyncByteStream):
    def __init__(
        self,
        packed: httpx2.AsyncByteStream,
        unpacker: Unpacker,
        sizes: ReplySizes,
        *,
        is_file: bool,
    ) -> None:
        self._packed = packed
        self._unpacker = unpacker
        self._most_bytes = sizes.file_bytes if is_file else sizes.reply_bytes
        self._what, self._setting = "a reply", "limits.max_reply_mb"
        if is_file:
            self._what, self._setting = "a file", sizes.file_setting

    async def __aiter__(self) -> AsyncIterator[bytes]:
        count = 0
        async for piece in self._pieces():
            count += len(piece)
            self._check(count)
            yield piece

    async def aclose(self) -> None:
        await self._packed.aclose()

    async def _pieces(self) -> AsyncGenerator[bytes]:
        try:
            async for packed in self._packed:
                for piece in self._unpacker.unpack(packed):
                    yield piece
        except zlib.error as error:
            message = f"a reply that cannot be unpacked: {error}"
            raise TransientError(message, code=CONNECTION_LOST) from None
        if not self._unpacker.is_whole:
            raise TransientError("a packed reply that did not come whole", code=CONNECTION_LOST)

    def _check(self, count: int) -> None:
        if count <= self._most_bytes:
            return
        raise FatalError(
            f"{self._what} of the provider is larger than "
            f"{self._most_bytes / BYTES_PER_MB:,g} MB; raise {self._setting} if it is meant to be"
        )
