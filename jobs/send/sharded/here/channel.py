"""What the process of a command and a sender tell each other, and the socket on which they do."""

import asyncio
import socket
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import Field, TypeAdapter

from engine.lease.claims import Claim, Lease
from engine.wire.endpoints import Endpoint
from jobs.processes.serve_parent import LENGTH_BYTES
from jobs.send.sharded.messages import Note, ProcessFailed, Sent, Stop
from schemas.record import Value
from schemas.settings import RunSettings


class SenderOrder(Value):
    """To a sender, first: what it needs to know. Keys travel in here, and nowhere else."""

    kind: Literal["order"] = "order"
    settings: RunSettings
    endpoints: list[Endpoint]


class SendShard(Value):
    """To a sender: send the shard in this folder; it is answered by `Ended`."""

    kind: Literal["send_shard"] = "send_shard"
    folder: str


class Lent(Value):
    """To a sender: the answer to its oldest claim that has none."""

    kind: Literal["lent"] = "lent"
    lease: Lease


class Taken(Value):
    """To a sender: that it closed its lease is on disk."""

    kind: Literal["taken"] = "taken"


class Claimed(Value):
    """From a sender: it claims; the answer is `Lent`, or `ProcessFailed`."""

    kind: Literal["claimed"] = "claimed"
    claim: Claim


class Closed(Value):
    """From a sender: a holder has ended; the answer is `Taken`, or `ProcessFailed`."""

    kind: Literal["closed"] = "closed"
    holder: str
    spent_usd: float


class Ended(Value):
    """From a sender: it has come to the end of its shard, by `error` if that was early."""

    kind: Literal["ended"] = "ended"
    unsettled: dict[str, int]
    error: ProcessFailed | None


ToSender = SenderOrder | SendShard | Stop | Lent | Taken | ProcessFailed
FromSender = Claimed | Closed | Ended | Sent | Note

TO_SENDER: TypeAdapter[ToSender] = TypeAdapter(Annotated[ToSender, Field(discriminator="kind")])
FROM_SENDER: TypeAdapter[FromSender] = TypeAdapter(
    Annotated[FromSender, Field(discriminator="kind")]
)

T = TypeVar("T")


class Channel(Generic[T]):
    """One end of a socket: messages go out as frames (jobs/processes), and `T` comes in."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, incoming: TypeAdapter[T]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._incoming = incoming

    @classmethod
    async def open(cls, descriptor: int, incoming: TypeAdapter[T]) -> Self:
        """The end that was inherited as `descriptor`; says that this process is ready."""
        reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=descriptor))
        channel = cls(reader, writer, incoming)
        channel._send(b"")
        return channel

    def tell(self, message: Value) -> None:
        """Send a message, without waiting; where nobody is left to hear it, it is lost."""
        self._send(message.model_dump_json().encode())

    async def hear(self) -> T | None:
        """The next message; None: the other end is gone."""
        try:
            length = int.from_bytes(await self._reader.readexactly(LENGTH_BYTES))
            return self._incoming.validate_json(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    def _send(self, body: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(len(body).to_bytes(LENGTH_BYTES) + body)
