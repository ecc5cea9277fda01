"""The process that drives the workers: orders come by standard input, reports go by output.

Ray ends the process that drives it when the head of its cluster is lost, and writes long blocks to
standard error; so that is not the user's process. It ends when its standard input does.
"""

import asyncio
import os
import shutil
import sys
from asyncio import StreamReader
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from engine.clock import SystemClock
from engine.errors import EngineError, TransientError
from engine.workers import run_workers
from jobs.garbage import collect_rarely
from jobs.send.sharded.borrowing import tell_wanted
from jobs.send.sharded.crew import Crew
from jobs.send.sharded.gather import spent_usd
from jobs.send.sharded.messages import (
    Begin,
    CallEnded,
    FromProcess,
    Lend,
    Note,
    ProcessFailed,
    Ready,
    SendShards,
    Stop,
)
from jobs.send.sharded.on_ray.actors import Actor, RayLender, open_keeper, open_lender
from jobs.send.sharded.on_ray.cluster import core_count, joined_cluster
from jobs.send.sharded.on_ray.orders import next_order, next_send, open_orders
from jobs.send.sharded.on_ray.staff import Staff
from jobs.send.sharded.outside.epochs import outside_call
from jobs.send.sharded.outside.work_outside import OutsideWork
from jobs.send.sharded.send_shard import ErrorWords, ShardWork, WorkerOrder, send_shard
from jobs.send.sharded.shards import Segment, ShardedCall

Report = Callable[[FromProcess], None]


class ShardJob(NamedTuple):
    """What workers do with a shard, and how it is read what a segment of it has cost."""

    work: ShardWork
    spent_usd: Callable[[Segment], float]


async def _serve(job: ShardJob, folder: Path, report: Report) -> None:
    """Do what is ordered; what goes wrong is reported, and ends it."""

    def fail(error: EngineError) -> None:
        words = ErrorWords.of(error)
        report(ProcessFailed(error=words.kind, message=words.message))

    await run_workers(partial(_obey, job, folder, report), 1, on_error=fail)


async def _obey(job: ShardJob, folder: Path, report: Report) -> None:
    orders = await open_orders()
    begin = await next_order(orders)
    if not isinstance(begin, Begin):
        return
    with joined_cluster(begin.address, folder):
        cores = core_count()
        report(Ready(cores=cores))
        order = WorkerOrder(
            begin.settings, tuple(begin.endpoints), begin.others, begin.free_models, begin.store
        )
        work = job.work if order.store is None else OutsideWork(job.work)
        keeper = open_keeper()
        staff = Staff(order, work, cores, lambda text: report(Note(text=text)))
        while (send := await next_send(orders)) is not None:
            try:
                await _send(job, order, send, staff, keeper, orders, report)
            except BaseExceptionGroup as group:
                raise _first(group) from None
            staff.rest()
            report(CallEnded())


async def _send(
    job: ShardJob,
    order: WorkerOrder,
    send: SendShards,
    staff: Staff,
    keeper: Actor,
    orders: StreamReader,
    report: Report,
) -> None:
    folder = Path(send.call_dir)
    call = ShardedCall(folder) if order.store is None else outside_call(folder, order.store)
    lender = open_lender(keeper, call, order, send)
    crew = Crew(
        call.shards(),
        hire=lambda: staff.hire(lender, send.workers),
        keeper=lender,
        spent_usd=job.spent_usd if order.store is None else None,
        report=report,
        clock=SystemClock(),
    )
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(crew.run(send.workers))
        beside = [group.create_task(_listen(orders, crew, lender, sending))]
        if send.is_borrowing:
            beside.append(group.create_task(tell_wanted(lender, report)))
        await asyncio.wait([sending])
        for task in beside:
            task.cancel()


async def _listen(
    orders: StreamReader, crew: Crew, lender: RayLender, sending: asyncio.Task[None]
) -> None:
    """Hear what is lent, and that the work is to stop; at their end the user's process is gone."""
    while (order := await next_order(orders)) is not None:
        if isinstance(order, Stop):
            await crew.stop(order.signum)
        if isinstance(order, Lend):
            with suppress(TransientError):  # it is lent again within seconds
                await lender.borrow(order.until_s, order.usd)
    sending.cancel()


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def main(job: ShardJob) -> None:
    """Serve on the standard streams; whatever else is printed goes to standard error.

    The argument is the folder of this process. It is removed here if the user's process is gone.
    """
    collect_rarely()
    folder, parent = Path(sys.argv[1]), os.getppid()
    descriptor = os.dup(1)
    os.dup2(2, 1)

    def report(message: FromProcess) -> None:
        os.write(descriptor, message.model_dump_json().encode() + b"\n")

    try:
        asyncio.run(_serve(job, folder, report))
    finally:
        if os.getppid() != parent:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(ShardJob(send_shard, spent_usd))
