"""The process of a sender: shards come by a socket, and so does what its requests may use.

Started as `python -m jobs.send.sharded.here.sender_process SOCKET_FD`. The process of the command
alone decides when it ends. Where that is gone nothing further is sent: what is in flight is paid
for, lands in its segment, and is taken in by the next call.
"""

import asyncio
import logging
import os
import signal
import sys
from collections import deque
from pathlib import Path

from engine.errors import TransientError
from engine.lease.claims import Claim, Lease
from jobs.garbage import collect_rarely
from jobs.process import run_to_end
from jobs.send.sharded.cluster_process import error_of
from jobs.send.sharded.here.channel import (
    TO_SENDER,
    Channel,
    Claimed,
    Closed,
    Ended,
    Lent,
    SenderOrder,
    SendShard,
    Taken,
    ToSender,
)
from jobs.send.sharded.messages import Note, ProcessFailed, Sent, Stop
from jobs.send.sharded.send_shard import WorkerOrder, send_shard
from jobs.send.sharded.shard_sender import ShardSender
from schemas.record import Value

SHOW_EVERY_S = 1.0
DRIVER_GONE = "driver_gone"

LenderAnswer = Lent | Taken | ProcessFailed


class DriverLender:
    """The lender, who lives in the process of the command. Answers come in the order of calls."""

    def __init__(self, channel: Channel[ToSender]) -> None:
        self._channel = channel
        self._asked: deque[asyncio.Future[LenderAnswer]] = deque()
        self._is_gone = False

    async def renew(self, claim: Claim) -> Lease:
        """What the holder has from now on; raises TransientError once the driver is gone."""
        answer = await self._ask(Claimed(claim=claim))
        assert isinstance(answer, Lent), answer
        return answer.lease

    async def close(self, holder: str, spent_usd: float) -> None:
        """The holder has ended; raises TransientError once the driver is gone."""
        await self._ask(Closed(holder=holder, spent_usd=spent_usd))

    def take(self, answer: LenderAnswer) -> None:
        """Hand over the next answer; its caller may have been cancelled meanwhile."""
        asked = self._asked.popleft()
        if not asked.done():
            asked.set_result(answer)

    def lose(self) -> None:
        """The driver is gone: nothing is answered any more."""
        self._is_gone = True
        for asked in self._asked:
            if not asked.done():
                asked.set_exception(_driver_gone())

    async def _ask(self, message: Value) -> LenderAnswer:
        if self._is_gone:
            raise _driver_gone()
        asked: asyncio.Future[LenderAnswer] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self._channel.tell(message)
        answer = await asked
        if isinstance(answer, ProcessFailed):
            raise error_of(answer)
        return answer


def _driver_gone() -> TransientError:
    return TransientError("the process of the command is gone", code=DRIVER_GONE)


class ShardsProcess:
    """One sender: does what it is told until the driver is gone, then lands what is in flight."""

    def __init__(self, channel: Channel[ToSender], order: SenderOrder) -> None:
        self._channel = channel
        self._lender = DriverLender(channel)
        self._sender = ShardSender(WorkerOrder(order.settings, order.endpoints), send_shard)
        self._grace_s = order.settings.limits.grace_s
        self._is_stopped = False

    async def serve(self) -> None:
        """Send what is ordered. Returns when the driver is gone, and nothing is in flight."""
        sending: asyncio.Task[None] | None = None
        await self._sender.begin(self._lender)
        async with asyncio.TaskGroup() as group:
            showing = group.create_task(self._show())
            while (message := await self._channel.hear()) is not None:
                match message:
                    case SendShard():
                        sending = group.create_task(self._send(Path(message.folder)))
                    case Stop():
                        self._is_stopped = True
                        await self._sender.stop(message.signum)
                    case Lent() | Taken() | ProcessFailed():
                        self._lender.take(message)
            showing.cancel()
            if sending is not None:
                await self._land(sending)

    async def _send(self, folder: Path) -> None:
        """Send a shard; whatever ends it, the driver is told."""
        end = await self._sender.send(folder)
        error = end.error and ProcessFailed(error=end.error.kind, message=end.error.message)
        self._channel.tell(Sent(stats=await self._sender.snapshot()))
        self._channel.tell(Ended(unsettled=end.unsettled, error=error))

    async def _show(self) -> None:
        while True:
            await asyncio.sleep(SHOW_EVERY_S)
            self._channel.tell(Sent(stats=await self._sender.snapshot()))

    async def _land(self, sending: asyncio.Task[None]) -> None:
        """Let calls in flight land; who had asked for a stop before does not wait for them."""
        self._lender.lose()
        if not self._is_stopped:
            await self._sender.stop(signal.SIGTERM)
            await asyncio.wait([sending], timeout=self._grace_s)
        sending.cancel()


class _Notes(logging.Handler):
    """Has the driver say what the engine warns of here."""

    def __init__(self, channel: Channel[ToSender]) -> None:
        super().__init__(logging.WARNING)
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        self._channel.tell(Note(text=self.format(record)))


async def _serve(descriptor: int) -> None:
    channel = await Channel.open(descriptor, TO_SENDER)
    for room in ("engine", "jobs"):
        logging.getLogger(room).addHandler(_Notes(channel))
    order = await channel.hear()
    if isinstance(order, SenderOrder):
        await ShardsProcess(channel, order).serve()


def main() -> None:
    """Serve the driver until it is gone."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    collect_rarely()
    run_to_end(_serve(int(sys.argv[1])))
    os._exit(0)  # there is nothing to tidy up


if __name__ == "__main__":
    main()
