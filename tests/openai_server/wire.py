"""Puts replies on the wire, whole or broken on purpose."""

import asyncio
import socket
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

SERVER = "corpus-distill-test-double (not OpenAI)"
GATEWAY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>502</body></html>\n"
_JSON = "application/json"
_PIECE_BYTES = 1 << 18
_NO_LINGER = struct.pack("ii", 1, 0)  # socket(7): close at once, with a reset


def encode(payload: Mapping[str, Any], *, is_pretty: bool) -> bytes:
    """JSON bytes; over several lines and with a final newline when pretty."""
    if is_pretty:
        return orjson.dumps(payload, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return orjson.dumps(payload)


def whole(
    status: int, body: bytes, headers: Mapping[str, str], content_type: str = _JSON
) -> web.Response:
    """A reply as it should be."""
    return web.Response(
        status=status,
        body=body,
        headers={"Content-Type": content_type, "Server": SERVER, **headers},
    )


def gateway_page() -> web.Response:
    """What a proxy in front of a dead server says."""
    return whole(502, GATEWAY_PAGE, {}, "text/html")


async def cut_off(
    request: web.BaseRequest, body: bytes, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Announce the whole body, send half of it, close the connection."""
    response = web.StreamResponse(
        headers={"Content-Type": _JSON, "Server": SERVER, **headers, "Connection": "close"}
    )
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def reset(request: web.BaseRequest) -> web.Response:
    """Reset the connection without a reply."""
    abort(request.transport)
    return web.Response()


def abort(transport: asyncio.Transport | None) -> None:
    """Reset a connection (RST, so that the client reads `connection reset`), if it is open."""
    if transport is None or transport.is_closing():
        return
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()


def is_gone(request: web.BaseRequest) -> bool:
    """Whether nobody is left to read a reply."""
    return request.transport is None or request.transport.is_closing()


async def stream_file(
    request: web.BaseRequest, path: Path, headers: Mapping[str, str], *, is_cut: bool
) -> web.StreamResponse:
    """Send a file piece by piece; when cut, half of it, then close the connection."""
    size = path.stat().st_size
    response = web.StreamResponse(
        headers={"Content-Type": "application/octet-stream", "Server": SERVER, **headers}
    )
    response.content_length = size
    left = size // 2 if is_cut else size
    with path.open("rb") as file:
        await response.prepare(request)
        while left > 0 and (piece := file.read(min(left, _PIECE_BYTES))):
            await response.write(piece)
            left -= len(piece)
    if is_cut and request.transport is not None:
        request.transport.close()
    return response
