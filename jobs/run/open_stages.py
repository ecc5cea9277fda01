"""Opens what stages work with and takes them as far as they go, for every command that asks."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, Generic, NamedTuple, Protocol

from engine.run_folder import RunFolder
from engine.stage import StagePass
from engine.stopping import Stopping
from engine.wire.endpoints import Endpoint
from jobs.processes.work_pool import WorkPool
from jobs.processes.worker_process import core_count
from jobs.run.check_journal import check_journal
from jobs.run.lanes import LaneOrder
from jobs.run.run_engine import (
    MakeRounds,
    RunEngine,
    open_run_engine,
)
from jobs.run.run_stages import StagesEnd, run_stages, wanted_names
from jobs.run.servers import OtherServers
from jobs.run.spread_parts import OpenSpread, spread_opened
from jobs.run.stages import Order, StageContext, Stages
from jobs.run.stored import Attached, StoredRun
from schemas.settings import RunSettings


class AskingOrder(Protocol):
    """What commands that ask models are given alike. The keys of the endpoints are in no file.

    `spread` None: all is done in this process. `stored` None: the run is in its folder alone.
    """

    @property
    def folder(self) -> RunFolder: ...  # noqa: D102 - as their names say

    @property
    def settings(self) -> RunSettings: ...  # noqa: D102

    @property
    def endpoints(self) -> Sequence[Endpoint]: ...  # noqa: D102

    @property
    def lane(self) -> LaneOrder: ...  # noqa: D102

    @property
    def metrics_port(self) -> int | None: ...  # noqa: D102

    @property
    def spread(self) -> OpenSpread | None: ...  # noqa: D102

    @property
    def stored(self) -> StoredRun | None: ...  # noqa: D102


class OpenStages(NamedTuple, Generic[Order]):
    """Stages, and all that they work with. `make_rounds` None: they do not work in batches."""

    stages: Stages[Order]
    context: StageContext[Order]
    make_rounds: MakeRounds | None

    async def run(self, name: str, *, is_changed: bool, last_stage: str | None = None) -> StagesEnd:
        """Take them as far as they go, as often as batches need.

        `name` distinguishes the passes of a command from those of others on the same batches.
        Raises what `run_stages` raises.
        """
        once = partial(run_stages, self.stages, self.context, last_stage=last_stage)
        if self.make_rounds is None:
            return await once()
        end = StagesEnd("batches", StagePass(), is_done=False)  # of a round without a pass

        async def run_pass() -> bool:
            nonlocal end
            end = await once()
            return end.is_done

        await self.make_rounds(run_pass).run(name, is_changed=is_changed)
        return end


@asynccontextmanager
async def open_stages(
    stages: Stages[Order],
    job: Order,
    order: AskingOrder,
    others: OtherServers,
    stopping: Stopping,
    *,
    known: Stages[Any],
) -> AsyncIterator[OpenStages[Order]]:
    """The stages, with the run's engine open; `job` is what was asked for beyond the settings.

    `known` are all stages whose results the journal must account for.

    Raises:
        ConfigError: as `open_run_engine` says.
        DamagedLogError: the journal or the ledger of batches is damaged or lacks lines.
    """
    folder, settings = order.folder, order.settings
    async with (
        _open_engine(order, others, stopping) as engine,
        WorkPool(worker_count=core_count()) as pool,
        spread_opened(order.spread, engine, others, stopping) as spread,
    ):
        await asyncio.to_thread(check_journal, folder, engine.journal, known)
        with engine.progress_over(wanted_names(stages, settings)) as progress:
            context = StageContext(
                folder=folder,
                settings=settings,
                ask=engine.ask,
                journal=engine.journal,
                stopping=stopping,
                order=job,
                progress=progress.begin,
                backlog=engine.backlog,
                pool=pool,
                spread=spread,
            )
            yield OpenStages(stages, context, engine.rounds)


def _open_engine(
    order: AskingOrder, others: OtherServers, stopping: Stopping
) -> AbstractAsyncContextManager[RunEngine]:
    return open_run_engine(
        order.folder,
        order.settings,
        order.endpoints,
        stopping,
        order.lane,
        others,
        Attached(order.metrics_port, order.stored),
    )
