"""The process that drives the workers: orders come by standard input, reports go by output.

Ray ends the process that drives it when the head of its cluster is lost, and writes long blocks to
standard error; so that is not the user's process. It ends when its standard input does.
"""

import asyncio
import os
import sys
from asyncio import StreamReader
from collections.abc import Callable
from functools import partial
from pathlib import Path

from engine.clock import SystemClock
from engine.errors import EngineError
from engine.workers import run_workers
from jobs.send.sharded.crew import Crew
from jobs.send.sharded.messages import (
    TO_PROCESS,
    Begin,
    Failed,
    FromProcess,
    Note,
    Ready,
    Send,
    Stop,
    ToProcess,
)
from jobs.send.sharded.on_ray.actors import SMALLEST_CORE_SHARE, RayLender, hire, open_lending
from jobs.send.sharded.on_ray.cluster import core_count, joined_cluster
from jobs.send.sharded.send_shard import ErrorWords, WorkerOrder
from jobs.send.sharded.shards import Call

MAX_LINE_BYTES = 1 << 24

Report = Callable[[FromProcess], None]


async def _serve(report: Report) -> None:
    """Do what is ordered, once; what goes wrong is reported."""

    def fail(error: EngineError) -> None:
        words = ErrorWords.of(error)
        report(Failed(error=words.kind, message=words.message))

    await run_workers(partial(_obey, report), 1, on_error=fail)


async def _obey(report: Report) -> None:
    orders = await _open_orders()
    begin = await _next(orders)
    if not isinstance(begin, Begin):
        return
    with joined_cluster(begin):
        cores = core_count()
        report(Ready(cores=cores))
        send = await _next(orders)
        if isinstance(send, Send):
            try:
                await _send(begin, send, orders, cores, report)
            except BaseExceptionGroup as group:
                raise _first(group) from None


async def _send(begin: Begin, send: Send, orders: StreamReader, cores: int, report: Report) -> None:
    call, order = Call(Path(send.call_dir)), WorkerOrder(begin.settings, tuple(begin.endpoints))
    keeper = open_lending(call, order, send.spent_usd, send.workers)
    core_share = min(1.0, max(SMALLEST_CORE_SHARE, int(1e4 * cores / send.workers) / 1e4))

    def say(text: str) -> None:
        report(Note(text=text))

    crew = Crew(
        call.shards(),
        hire=lambda: hire(order, keeper, core_share, say),
        keeper=RayLender(keeper),
        report=report,
        clock=SystemClock(),
    )
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(crew.run(send.workers))
        listening = group.create_task(_listen(orders, crew, sending))
        await asyncio.wait([sending])
        listening.cancel()


async def _listen(orders: StreamReader, crew: Crew, sending: asyncio.Task[None]) -> None:
    """Hear that the work is to stop; with the end of orders, the user's process is gone."""
    while (order := await _next(orders)) is not None:
        if isinstance(order, Stop):
            await crew.stop(order.signum)
    sending.cancel()


async def _next(orders: StreamReader) -> ToProcess | None:
    line = await orders.readline()
    return TO_PROCESS.validate_json(line) if line else None


async def _open_orders() -> StreamReader:
    reader = StreamReader(limit=MAX_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer
    )
    return reader


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def main() -> None:
    """Serve on the standard streams; whatever else is printed goes to standard error."""
    descriptor = os.dup(1)
    os.dup2(2, 1)

    def report(message: FromProcess) -> None:
        os.write(descriptor, message.model_dump_json().encode() + b"\n")

    asyncio.run(_serve(report))


if __name__ == "__main__":
    main()
