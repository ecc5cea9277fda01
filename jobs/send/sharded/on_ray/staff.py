"""The workers of one process on a cluster, from call to call."""

from collections.abc import Callable
from contextlib import suppress

from jobs.send.sharded.crew import WorkerLostError
from jobs.send.sharded.on_ray.actors import SMALLEST_CORE_SHARE, RayLender, RayWorker, hire
from jobs.send.sharded.send_shard import ShardWork, WorkerOrder


class Staff:
    """Workers that were hired once, which a further call need not wait for."""

    def __init__(
        self, order: WorkerOrder, work: ShardWork, cores: int, say: Callable[[str], None]
    ) -> None:
        """`cores` are those of the cluster; `say` tells the user something."""
        self._order = order
        self._work = work
        self._cores = cores
        self._say = say
        self._at_work: list[RayWorker] = []
        self._idle: list[RayWorker] = []

    async def hire(self, lender: RayLender, worker_count: int) -> RayWorker:
        """A worker for the call that `lender` lends to, one of so many.

        Raises:
            ConfigError: several have died at their start.
        """
        while self._idle:
            worker = self._idle.pop()
            with suppress(WorkerLostError):
                await worker.begin(lender)
                self._at_work.append(worker)
                return worker
        core_share = int(1e4 * self._cores / worker_count) / 1e4
        core_share = min(1.0, max(SMALLEST_CORE_SHARE, core_share))
        worker = await hire(self._order, lender, self._work, core_share, self._say)
        self._at_work.append(worker)
        return worker

    def rest(self) -> None:
        """The call has ended: all who are left of it are idle."""
        self._idle, self._at_work = [*self._idle, *self._at_work], []
