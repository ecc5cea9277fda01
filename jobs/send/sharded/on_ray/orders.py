"""What the process that drives the workers is told, by its standard input."""

import asyncio
import sys
from asyncio import StreamReader

from jobs.send.sharded.messages import TO_PROCESS, SendShards, ToProcess

MAX_LINE_BYTES = 1 << 24


async def open_orders() -> StreamReader:
    """Standard input, an order a line."""
    reader = StreamReader(limit=MAX_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer
    )
    return reader


async def next_order(orders: StreamReader) -> ToProcess | None:
    """The next one; None: the user's process is gone, or has no further one."""
    line = await orders.readline()
    return TO_PROCESS.validate_json(line) if line else None


async def next_send(orders: StreamReader) -> SendShards | None:
    """The next call to be made; None: there is none.

    What comes before it is about the last one, which had ended when it was written.
    """
    while (order := await next_order(orders)) is not None:
        if isinstance(order, SendShards):
            return order
    return None
