"""The actors, and their two ends: thin shells around what knows nothing of Ray."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from engine.errors import ConfigError, TransientError
from engine.lease.claims import Claim, Demand, Lease
from engine.stats.counters import StatsSnapshot
from jobs.send.sharded.call_lender import CallLender, LendingOrder
from jobs.send.sharded.crew import WorkerLostError
from jobs.send.sharded.messages import SendShards
from jobs.send.sharded.send_shard import ShardEnd, ShardWork, WorkerOrder
from jobs.send.sharded.shard_sender import ShardSender
from jobs.send.sharded.shards import ShardedCall

LENDER_AWAY = "lender_away"
LEASE_CALLS = 1000  # that it works on at once: each waits for the disk
HIRE_TRIES = 3
HIRE_WAIT_S = 30.0  # after which the user is told; on an idle machine a worker begins in 2 s
MAX_SHOWN_CHARS = 200
SMALLEST_CORE_SHARE = 0.0001  # what Ray can count

Actor = Any  # a handle of Ray's, which has no type


class RayLender:
    """The lease actor, seen from a worker or the driver of one call."""

    def __init__(self, keeper: Actor, order: LendingOrder) -> None:
        self._keeper = keeper
        self._order = order

    async def renew(self, claim: Claim) -> Lease:
        """What the holder has from now on; raises TransientError while the actor is away."""
        with _lender_errors():
            lease: Lease = await self._keeper.renew.remote(self._order, claim)
            return lease

    async def close(self, holder: str, spent_usd: float) -> None:
        """The holder has ended; raises TransientError while the actor is away."""
        with _lender_errors():
            await self._keeper.close.remote(self._order, holder, spent_usd)

    async def borrow(self, until_s: float, usd: float) -> None:
        """As Lending.borrow; raises TransientError while the actor is away."""
        with _lender_errors():
            await self._keeper.borrow.remote(self._order, until_s, usd)

    async def demand(self) -> Demand:
        """What there is to borrow for; raises TransientError while the actor is away."""
        with _lender_errors():
            demand: Demand = await self._keeper.demand.remote(self._order)
            return demand

    async def forfeit(self, holder: str) -> None:
        """The holder may have spent all it was lent; raises TransientError while it is away."""
        with _lender_errors():
            await self._keeper.forfeit.remote(self._order, holder)

    async def revoke(self, holder: str) -> float:
        """Lend it nothing more, and say for how long it may still send; raises TransientError."""
        with _lender_errors():
            lasts_s: float = await self._keeper.revoke.remote(self._order, holder)
            return lasts_s


class RayWorker:
    """A `ShardSender`, seen from the driver."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    async def begin(self, lender: RayLender) -> None:
        """Let it begin a call; raises WorkerLostError."""
        with _worker_errors():
            await self._actor.begin.remote(lender)

    async def send(self, folder: Path) -> ShardEnd:
        """Send a shard; raises WorkerLostError, and sees to it that it is lost in that case."""
        try:
            with _worker_errors():
                end: ShardEnd = await self._actor.send.remote(folder)
                return end
        except WorkerLostError:
            ray.kill(self._actor)
            raise

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


def open_keeper() -> Actor:
    """The one lease actor of this process. Restarted, it goes on from the log of a call.

    It is where this process is, which no machine with a worker need share a folder with, and has
    the same clock. A call of it is made again where it was lost.
    """
    here = ray.get_runtime_context()
    lender = ray.remote(CallLender).options(
        name=f"lease-{here.get_job_id()}",
        get_if_exists=True,
        num_cpus=0,
        max_concurrency=LEASE_CALLS,
        max_restarts=-1,
        max_task_retries=-1,
        scheduling_strategy=NodeAffinitySchedulingStrategy(here.get_node_id(), soft=False),
    )
    return lender.remote()


def open_lender(
    keeper: Actor, call: ShardedCall, order: WorkerOrder, send: SendShards
) -> RayLender:
    """What lends to the workers of a call."""
    return RayLender(
        keeper,
        LendingOrder(
            call.leases_path,
            cap_usd=order.settings.budget.usd,
            spent_usd=send.spent_usd,
            holder_count=send.workers,
            is_borrowing=send.is_borrowing,
        ),
    )


async def hire(
    order: WorkerOrder,
    lender: RayLender,
    work: ShardWork,
    cores: float,
    say: Callable[[str], None],
) -> RayWorker:
    """A worker that has begun; waits as long as the cluster has no room for it, and says so.

    Raises:
        ConfigError: several have died at their start.
    """
    sender = ray.remote(ShardSender).options(
        num_cpus=cores, max_restarts=0, scheduling_strategy="SPREAD"
    )
    for _ in range(HIRE_TRIES):
        worker = RayWorker(sender.remote(order, work))
        starting = asyncio.ensure_future(worker.begin(lender))
        try:
            done, _ = await asyncio.wait([starting], timeout=HIRE_WAIT_S)
            if not done:
                say("a worker waits for the cluster to have a free core, or to start it")
            await starting
        except WorkerLostError as error:
            why = error
            continue
        finally:
            starting.cancel()
        return worker
    raise ConfigError(
        f"{HIRE_TRIES} workers could not begin ({_last_line(why.__cause__)}); each machine of the "
        "cluster needs this version of the project with its extra `ray` (docs/ray.md)"
    ) from why


def _last_line(error: BaseException | None) -> str:
    """The line of Ray's long texts that says what it was."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:MAX_SHOWN_CHARS] if lines else "no reason is known"


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
