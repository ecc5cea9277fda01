"""The actors, and their two ends: thin shells around what knows nothing of Ray."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, RayError, RayTaskError

from engine.errors import EngineError, InterruptedRunError, TransientError
from engine.lease.claims import Claim, Lease
from engine.lease.lending import Lending
from engine.stats.counters import Stats, StatsSnapshot
from engine.stopping import Stopping
from jobs.send.sharded.crew import WorkerLostError
from jobs.send.sharded.send_shard import ErrorWords, ShardEnd, WorkerOrder, send_shard
from jobs.send.sharded.shards import Call, Shard

LENDER_AWAY = "lender_away"
LEASE_CALLS = 1000  # that it works on at once: each waits for the disk
SMALLEST_CORE_SHARE = 0.0001  # what Ray can count

Actor = Any  # a handle of Ray's, which has no type


class ShardSender:
    """The actor that sends shards, one at a time."""

    def __init__(self, order: WorkerOrder, keeper: Actor) -> None:
        self._order = order
        self._lender = RayLender(keeper)
        self._stats = Stats()
        self._stopping = Stopping()
        self._signum: int | None = None

    async def send(self, folder: Path) -> ShardEnd:
        """Send a shard. What ends it early comes back in words, as an error may not travel."""
        self._stopping = Stopping()
        if self._signum is not None:
            self._stopping.request(InterruptedRunError(self._signum))
        try:
            return await send_shard(
                Shard(folder), self._order, self._lender, self._stopping, self._stats
            )
        except EngineError as error:
            return ShardEnd(Counter(), ErrorWords.of(error))

    async def snapshot(self) -> StatsSnapshot:
        """What it has done so far."""
        return self._stats.snapshot()

    async def stop(self, signum: int) -> None:
        """Begin nothing more."""
        self._signum = signum
        self._stopping.request(InterruptedRunError(signum))


class RayLender:
    """The lease actor, seen from a worker or the driver."""

    def __init__(self, keeper: Actor) -> None:
        self._keeper = keeper

    async def renew(self, claim: Claim) -> Lease:
        """What the holder has from now on; raises TransientError while the actor is away."""
        with _lender_errors():
            lease: Lease = await self._keeper.renew.remote(claim)
            return lease

    async def close(self, holder: str, spent_usd: float) -> None:
        """The holder has ended; raises TransientError while the actor is away."""
        with _lender_errors():
            await self._keeper.close.remote(holder, spent_usd)

    async def lasts_s(self, holder: str) -> float:
        """For how long a holder may still send; raises TransientError while the actor is away."""
        with _lender_errors():
            lasts_s: float = await self._keeper.lasts_s.remote(holder)
            return lasts_s


class RayWorker:
    """A `ShardSender`, seen from the driver."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    async def send(self, folder: Path) -> ShardEnd:
        """Send a shard; raises WorkerLostError."""
        with _worker_errors():
            end: ShardEnd = await self._actor.send.remote(folder)
            return end

    async def snapshot(self) -> StatsSnapshot:
        """What it has done so far; raises WorkerLostError."""
        with _worker_errors():
            snapshot: StatsSnapshot = await self._actor.snapshot.remote()
            return snapshot

    async def stop(self, signum: int) -> None:
        """Let it begin nothing more."""
        try:
            with _worker_errors():
                await self._actor.stop.remote(signum)
        except WorkerLostError:
            return  # then it begins nothing either


def open_lending(call: Call, order: WorkerOrder, spent_usd: float, worker_count: int) -> Actor:
    """The one lease actor of a call. Restarted, it goes on from its log; a call is made again."""
    lending = ray.remote(Lending).options(
        name=f"lease-{call.folder.name}",
        get_if_exists=True,
        num_cpus=0,
        max_concurrency=LEASE_CALLS,
        max_restarts=-1,
        max_task_retries=-1,
    )
    return lending.remote(
        call.leases_path,
        cap_usd=order.settings.budget.usd,
        spent_usd=spent_usd,
        holder_count=worker_count,
    )


async def hire(order: WorkerOrder, keeper: Actor, cores: float) -> RayWorker:
    """A worker that has begun; waits as long as the cluster has no room for it."""
    sender = ray.remote(ShardSender).options(
        num_cpus=cores, max_restarts=0, scheduling_strategy="SPREAD"
    )
    while True:
        worker = RayWorker(sender.remote(order, keeper))
        try:
            await worker.snapshot()
        except WorkerLostError:
            continue
        return worker


@contextmanager
def _lender_errors() -> Iterator[None]:
    try:
        yield
    except RayTaskError:
        raise  # of our own code: it is what it says
    except RayError as error:
        raise TransientError("the actor that lends is away", code=LENDER_AWAY) from error


@contextmanager
def _worker_errors() -> Iterator[None]:
    try:
        yield
    except RayTaskError:
        raise
    except ActorUnavailableError as error:
        raise WorkerLostError("it cannot be reached") from error
    except RayError as error:
        raise WorkerLostError("its process has ended") from error
