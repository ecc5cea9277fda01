"""A sender, seen from the process that drives it, which also lends to it."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from engine.errors import EngineError
from engine.lease.claims import Lender
from engine.stats.counters import Stats, StatsSnapshot
from jobs.processes.worker_process import WorkerProcess, start_worker
from jobs.send.sharded.crew import WorkerLostError
from jobs.send.sharded.here.channel import (
    FROM_SENDER,
    Channel,
    Claimed,
    Closed,
    Ended,
    FromSender,
    Lent,
    SenderOrder,
    SendShard,
    Taken,
)
from jobs.send.sharded.messages import Note, ProcessFailed, Sent, Stop
from jobs.send.sharded.send_shard import ErrorWords, ShardEnd
from schemas.record import Value

MODULE = "jobs.send.sharded.here.sender_process"
INHERITED = ("SSL_CERT_FILE", "SSL_CERT_DIR")  # whom to trust; proxies and keys are in the order


class Sender:
    """A process that sends shards. `serve` must run as long as it does."""

    def __init__(
        self, process: WorkerProcess, lender: Lender, report: Callable[[Note], None]
    ) -> None:
        self._process = process
        self._channel: Channel[FromSender] = Channel(process.reader, process.writer, FROM_SENDER)
        self._lender = lender
        self._report = report
        self._stats = Stats().snapshot()
        self._end: asyncio.Future[ShardEnd] | None = None
        self._lost: WorkerLostError | None = None

    @classmethod
    async def start(
        cls, order: SenderOrder, lender: Lender, report: Callable[[Note], None]
    ) -> "Sender":
        """A sender that has begun.

        Raises:
            WorkerStartError: this machine cannot start it.
        """
        sender = cls(await start_worker(MODULE, inherited=INHERITED), lender, report)
        sender._channel.tell(order)
        return sender

    async def send(self, folder: Path) -> ShardEnd:
        """Send what is not settled of a shard; raises WorkerLostError."""
        if self._lost is not None:
            raise self._lost
        self._end = asyncio.get_running_loop().create_future()
        self._channel.tell(SendShard(folder=str(folder)))
        return await self._end

    async def snapshot(self) -> StatsSnapshot:
        """What it had done a second ago, or when it was lost."""
        return self._stats

    async def stop(self, signum: int) -> None:
        """Let it begin nothing more; what is in flight lands."""
        self._channel.tell(Stop(signum=signum))

    async def end(self) -> None:
        """End its process, whatever it does."""
        await self._process.end()

    async def serve(self) -> None:
        """Hear it until its process has ended; that is sure when its shard is told to be lost."""
        while (message := await self._channel.hear()) is not None:
            await self._hear(message)
        self._lost = WorkerLostError(f"its process has ended: {await self._process.describe_end()}")
        if self._end is not None and not self._end.done():
            self._end.set_exception(self._lost)

    async def _hear(self, message: FromSender) -> None:
        match message:
            case Claimed() | Closed():
                self._channel.tell(await self._answer(message))
            case Sent():
                self._stats = message.stats
            case Note():
                self._report(message)
            case Ended(unsettled=unsettled, error=error):
                words = None if error is None else ErrorWords(error.error, error.message)
                if self._end is not None and not self._end.done():
                    self._end.set_result(ShardEnd(Counter(unsettled), words))

    async def _answer(self, message: Claimed | Closed) -> Value:
        try:
            if isinstance(message, Claimed):
                return Lent(lease=await self._lender.renew(message.claim))
            await self._lender.close(message.holder, message.spent_usd)
        except EngineError as error:  # of the disk: it ends the sender, and so the call
            return ProcessFailed(error=type(error).__name__, message=str(error))
        return Taken()
