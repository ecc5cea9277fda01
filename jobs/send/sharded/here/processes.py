"""Senders in processes of this machine; the process of the command drives them, and lends."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from engine.beside import beside
from engine.clock import SystemClock
from engine.errors import EngineError
from engine.lease.lending import Lending
from engine.workers import run_workers
from jobs.send.sharded.borrowing import tell_wanted
from jobs.send.sharded.cluster_process import error_of
from jobs.send.sharded.crew import Crew
from jobs.send.sharded.gather import spent_usd
from jobs.send.sharded.here.channel import SenderOrder
from jobs.send.sharded.here.sender import Sender
from jobs.send.sharded.messages import Begin, FromProcess, Lend, ProcessFailed, SendShards
from jobs.send.sharded.send_shard import ErrorWords
from jobs.send.sharded.shards import ShardedCall


class HerePlace(NamedTuple):
    """How many processes of this machine send."""

    workers: int


class SenderProcesses:
    """The senders of one call, from `async with` to its end.

    It is to a call what ClusterProcess is, without a process between. They end with this one: what
    they have in flight lands first, but for a cancelled block.
    """

    def __init__(self, place: HerePlace) -> None:
        self._place = place
        self._opened = AsyncExitStack()
        self._reports: asyncio.Queue[FromProcess | None] = asyncio.Queue()
        self._senders: list[Sender] = []
        self._crew: Crew | None = None
        self._has_ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Ready to begin; nothing is started yet."""
        self._group = await self._opened.enter_async_context(asyncio.TaskGroup())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the senders."""
        try:
            if self._crew is not None and isinstance(error, EngineError | None):
                await self._crew.stop(signal.SIGTERM)
                await self._has_ended.wait()
        finally:
            for sender in self._senders:
                await sender.end()
            await self._opened.__aexit__(kind, error, trace)

    async def begin(self, begin: Begin) -> int:
        """Take the order; returns how many senders there are to be.

        What may be in flight is divided among them, so that there are no more than that.
        """
        self._begin = begin
        bounds = [each.max_in_flight or self._place.workers for each in begin.endpoints]
        return min(self._place.workers, begin.settings.limits.max_in_flight, *bounds)

    async def send(self, order: SendShards) -> AsyncIterator[FromProcess]:
        """Have the shards of a call sent; yields what is reported, until all senders have ended.

        Raises:
            EngineError: what ended it early.
        """
        call = ShardedCall(Path(order.call_dir))
        lending = Lending(
            call.leases_path,
            cap_usd=self._begin.settings.budget.usd,
            spent_usd=order.spent_usd,
            holder_count=order.workers,
            is_borrowing=order.is_borrowing,
        )
        self._opened.callback(lending.end)
        self._lending = lending
        self._crew = Crew(
            call.shards(),
            hire=partial(self._hire, self._part(order.workers), lending),
            keeper=_Keeper(lending),
            spent_usd=spent_usd,
            report=self._reports.put_nowait,
            clock=SystemClock(),
        )
        self._group.create_task(self._run(self._crew, order))
        while (report := await self._reports.get()) is not None:
            if isinstance(report, ProcessFailed):
                raise error_of(report)
            yield report

    def lend(self, order: Lend) -> None:
        """Lend to the senders of the call that is under way."""
        if not self._has_ended.is_set():
            self._group.create_task(self._lending.borrow(order.until_s, order.usd))

    def stop(self, signum: int) -> None:
        """Have nothing more sent; what is in flight lands, and the end is reported."""
        if self._crew is not None and not self._has_ended.is_set():
            self._group.create_task(self._crew.stop(signum))

    async def _run(self, crew: Crew, order: SendShards) -> None:
        def fail(error: EngineError) -> None:
            words = ErrorWords.of(error)
            self._reports.put_nowait(ProcessFailed(error=words.kind, message=words.message))

        async def run() -> None:
            async with AsyncExitStack() as opened:
                if order.is_borrowing:
                    telling = tell_wanted(self._lending, self._reports.put_nowait)
                    await opened.enter_async_context(beside(telling))
                await crew.run(order.workers)

        try:
            await run_workers(run, 1, on_error=fail)
        finally:
            self._has_ended.set()
            self._reports.put_nowait(None)

    async def _hire(self, order: SenderOrder, lending: Lending) -> Sender:
        sender = await Sender.start(order, lending, self._reports.put_nowait)
        self._senders.append(sender)
        self._group.create_task(sender.serve())
        return sender

    def _part(self, workers: int) -> SenderOrder:
        """What each sender is told: its part of what may be in flight, all else as it is."""
        settings, endpoints = self._begin.settings, self._begin.endpoints
        limits = settings.limits
        most = limits.model_copy(update={"max_in_flight": limits.max_in_flight // workers})
        return SenderOrder(
            settings=settings.model_copy(update={"limits": most}),
            endpoints=[
                replace(each, max_in_flight=each.max_in_flight and each.max_in_flight // workers)
                for each in endpoints
            ],
        )


class _Keeper:
    """The lender as the crew knows it. A sender that was lost is gone, and sends no more."""

    def __init__(self, lending: Lending) -> None:
        self._lending = lending
        self.close = lending.close
        self.forfeit = lending.forfeit

    async def revoke(self, holder: str) -> float:
        """Lend it nothing more; at once, as its process has ended."""
        await self._lending.revoke(holder)
        return 0.0
