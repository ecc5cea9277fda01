"""What the slow calls tell a provider of the machine that they come from."""

import asyncio

from engine.clock import SystemClock
from engine.errors import RequestError
from engine.wire.endpoints import Endpoint
from engine.wire.sdk.client import open_client, translated

NOT_FOUND = (
    b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
)


async def test_nothing_is_told_of_system_and_python() -> None:
    heads: list[str] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        writer.write(NOT_FOUND)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        endpoint = Endpoint(f"http://127.0.0.1:{port}/v1", "test-key")
        async with open_client(endpoint, timeout_s=10) as client:
            try:
                with translated(endpoint, SystemClock()):
                    await client.files.retrieve("file-1")
            except RequestError as error:
                code = error.code

    (head,) = heads
    assert code == "not_found"
    assert "user-agent: corpus-distill\r\n" in head
    assert "authorization: bearer test-key\r\n" in head
    for name in ("os", "arch", "runtime", "lang", "package-version"):
        assert f"x-stainless-{name}" not in head
