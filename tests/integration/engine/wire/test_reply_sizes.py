"""Slow calls take no more than they should, as it comes and unpacked, over real sockets."""

import gzip
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.clock import SystemClock
from engine.errors import FatalError, TransientError
from engine.wire.endpoints import Endpoint
from engine.wire.reply_sizes import ReplySizes
from engine.wire.sdk.client import download_file, open_client, translated

MB = 1 << 20
SIZES = ReplySizes(reply_bytes=MB, file_bytes=4 * MB)


@asynccontextmanager
async def server(body: bytes, encoding: str = "identity") -> AsyncIterator[Endpoint]:
    """Answers every call with one body."""

    async def handle(_: web.Request) -> web.Response:
        headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
        return web.Response(body=body, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with TestServer(app) as running:
        yield Endpoint(f"http://127.0.0.1:{running.port}/v1", "k")


async def retrieve(endpoint: Endpoint) -> str:
    async with open_client(endpoint, timeout_s=5.0, sizes=SIZES) as client:
        with translated(endpoint, SystemClock()):
            return (await client.files.retrieve("file-1")).id


async def download(endpoint: Endpoint, path: Path) -> bytes:
    async with open_client(endpoint, timeout_s=5.0, sizes=SIZES) as client:
        with translated(endpoint, SystemClock()):
            await download_file(client, "file-1", path)
    return path.read_bytes()


def described(size_bytes: int) -> bytes:
    """What a server says of a file, with blanks behind it."""
    return b'{"id": "file-1", "object": "file"}'.ljust(size_bytes)


def packed(body: bytes, encoding: str) -> bytes:
    """A body in its encoding."""
    if encoding == "gzip":
        return gzip.compress(body)
    return zlib.compress(body) if encoding == "deflate" else body


@pytest.mark.parametrize(
    ("size_bytes", "encoding"), [(3 * MB, "identity"), (300 * MB, "gzip"), (3 * MB, "deflate")]
)
async def test_a_reply_that_is_too_large_ends_the_call_and_names_the_setting(
    size_bytes: int, encoding: str
) -> None:
    async with server(packed(described(size_bytes), encoding), encoding) as endpoint:
        with pytest.raises(FatalError, match=r"larger than 1 MB; raise limits\.max_reply_mb"):
            await retrieve(endpoint)


@pytest.mark.parametrize(
    ("size_bytes", "encoding"), [(MB, "identity"), (MB, "gzip"), (50, "deflate")]
)
async def test_a_reply_of_the_largest_size_is_read_packed_or_not(
    size_bytes: int, encoding: str
) -> None:
    async with server(packed(described(size_bytes), encoding), encoding) as endpoint:
        assert await retrieve(endpoint) == "file-1"


async def test_a_file_may_be_larger_than_a_reply_and_not_larger_than_its_own_limit(
    tmp_path: Path,
) -> None:
    fitting, bomb = b"x" * 3 * MB, gzip.compress(b"x" * 50 * MB)

    async with server(gzip.compress(fitting), "gzip") as endpoint:
        assert await download(endpoint, tmp_path / "a") == fitting
    async with server(bomb, "gzip") as endpoint:
        with pytest.raises(FatalError, match=r"a file .* 4 MB; raise batch\.max_result_mb"):
            await download(endpoint, tmp_path / "b")

    assert not (tmp_path / "b").exists()
    assert (tmp_path / "b.part").stat().st_size <= 4 * MB


async def test_a_file_is_read_as_it_is_meant_and_not_as_it_is_labelled(tmp_path: Path) -> None:
    members = gzip.compress(b"one\n") + gzip.compress(b"two\n")

    async with server(b"one\ntwo\n", "gzip") as endpoint:
        assert await download(endpoint, tmp_path / "plain") == b"one\ntwo\n"
    async with server(members, "gzip") as endpoint:
        assert await download(endpoint, tmp_path / "members") == b"one\ntwo\n"


@pytest.mark.parametrize(
    "body",
    [gzip.compress(b"x")[:12] + b"\xff" * 9, gzip.compress(described(MB))[:-20]],
    ids=["damaged", "cut off"],
)
async def test_a_packed_reply_that_did_not_come_whole_is_asked_for_again(body: bytes) -> None:
    async with server(body, "gzip") as endpoint:
        with pytest.raises(TransientError, match=r"cannot be unpacked|not come whole"):
            await retrieve(endpoint)
