"""Whether a Ray cluster listens at an address, before Ray itself tries it for minutes."""

import asyncio
import os

from engine.errors import ConfigError

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 20.0  # a cluster on a busy machine takes seconds; Ray itself tries for minutes
HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))  # RFC 9113, 3.4
FRAME_BYTES, SETTINGS_TYPE = 9, 4  # RFC 9113, 4.1 and 6.5


async def check_address(address: str) -> None:
    """Refuse an address where no cluster listens: Ray itself would try for minutes.

    Raises:
        ConfigError: it is none, or nobody listens there, or something else.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in host:
        raise ConfigError(
            f"--address: found {address!r}, expected HOST:PORT as `ray start` prints it, on one "
            "of the machines of the cluster"
        )
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except (OSError, OverflowError, TimeoutError, ValueError) as error:
        raise ConfigError(
            f"--address {address}: nobody listens there ({error or 'no answer'}); start a cluster "
            "with `ray start --head` (docs/ray.md)"
        ) from error
    try:
        has_answered = os.environ.get("RAY_USE_TLS", "0") != "0" or await _answers(reader, writer)
    finally:
        writer.close()
    if not has_answered:
        raise ConfigError(
            f"--address {address}: what listens there is no Ray cluster; name HOST:PORT as "
            "`ray start` prints it (docs/ray.md)"
        )


async def _answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Whether it begins as a server of gRPC does, which a cluster's head is, whatever the token."""
    writer.write(HELLO)
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            frame = await reader.readexactly(FRAME_BYTES)
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    return frame[3] == SETTINGS_TYPE
