import asyncio
import socket
from contextlib import nullcontext

import pytest

from engine.errors import ConfigError
from jobs.send.sharded.cluster_address import check_address
from tests.rows import each_row

SETTINGS = bytes((0, 0, 6, 4, 0, 0, 0, 0, 0)) + bytes(6)  # as a server of HTTP/2 begins


@each_row("address", ["ray://head:10001", "head", "head:", ":6379", "head:http"])
async def test_address_that_is_none_is_refused_with_the_form_of_one(address: str) -> None:
    with pytest.raises(ConfigError, match="expected HOST:PORT as `ray start` prints it"):
        await check_address(address)


@each_row("host", ["a..b", "x" * 70])
async def test_address_with_a_name_that_no_machine_can_have_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match="nobody listens there"):
        await check_address(f"{host}:6379")


async def test_address_where_nobody_listens_is_refused_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(ConfigError, match="nobody listens there"):
            await check_address(f"127.0.0.1:{taken.getsockname()[1]}")


@each_row("said, is_cluster", [(b"HTTP/1.1 400 Bad Request\r\n\r\n", False), (SETTINGS, True)])
async def test_address_where_something_else_listens_is_refused_at_once(
    said: bytes, is_cluster: bool
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.readexactly(3)) == b"PRI"
        writer.write(said)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        expected = nullcontext() if is_cluster else pytest.raises(ConfigError, match="no Ray clus")
        with expected:
            await check_address(f"127.0.0.1:{port}")
