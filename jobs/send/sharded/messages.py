"""What the command and the process that drives the workers tell each other, a JSON line each."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from engine.stats.counters import StatsSnapshot
from engine.wire.endpoints import Endpoint
from jobs.send.sharded.outside.stores import StoreOrder
from schemas.record import Value
from schemas.settings import RunSettings


class Begin(Value):
    """To the process: join or start a cluster. Keys travel in here, and nowhere else."""

    kind: Literal["begin"] = "begin"
    address: str | None
    settings: RunSettings
    endpoints: list[Endpoint]
    others: dict[str, Endpoint] = Field(default_factory=dict)
    free_models: frozenset[str] = frozenset()
    store: StoreOrder | None = None


class SendShards(Value):
    """To the process: have the shards of a call sent; `spent_usd` is spent of the cap already.

    `is_borrowing`: workers are lent nothing but what `Lend` says.
    """

    kind: Literal["send"] = "send"
    call_dir: str
    workers: int
    spent_usd: float
    is_borrowing: bool = False


class Lend(Value):
    """To the process: workers may send, by so many dollars in all where there is a cap.

    `until_s` is when that ends on the monotonic clock, which all processes of a machine share.
    """

    kind: Literal["lend"] = "lend"
    until_s: float
    usd: float


class Stop(Value):
    """To the process: send nothing more; what is in flight lands. `signum` is why."""

    kind: Literal["stop"] = "stop"
    signum: int


class Ready(Value):
    """From the process: the cluster is there, and has so many cores."""

    kind: Literal["ready"] = "ready"
    cores: int


class Sent(Value):
    """From the process: the counters of all workers together, lost ones as last seen."""

    kind: Literal["sent"] = "sent"
    stats: StatsSnapshot


class Wanted(Value):
    """From the process: of the cap `used_usd` is spent or lent, and `wanted_usd` more would do."""

    kind: Literal["wanted"] = "wanted"
    used_usd: float
    wanted_usd: float


class ShardEnded(Value):
    """From the process: nobody writes this shard any more. `unsettled` are by code."""

    kind: Literal["shard_ended"] = "shard_ended"
    shard: str
    unsettled: dict[str, int]


class CallEnded(Value):
    """From the process: all workers of a call have ended."""

    kind: Literal["call_ended"] = "call_ended"


class Note(Value):
    """From the process: something that the user should know."""

    kind: Literal["note"] = "note"
    text: str


class ProcessFailed(Value):
    """From the process: what ended it early, by the class of the error and its words."""

    kind: Literal["failed"] = "failed"
    error: str
    message: str


ToProcess = Begin | SendShards | Lend | Stop
FromProcess = Ready | Sent | Wanted | ShardEnded | CallEnded | Note | ProcessFailed

TO_PROCESS: TypeAdapter[ToProcess] = TypeAdapter(Annotated[ToProcess, Field(discriminator="kind")])
FROM_PROCESS: TypeAdapter[FromProcess] = TypeAdapter(
    Annotated[FromProcess, Field(discriminator="kind")]
)
