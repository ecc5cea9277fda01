"""Puts the batch lane of a run together, and the rounds that drive it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import NamedTuple

from engine.ask import Lane
from engine.batch.client import BatchClient
from engine.batch.collecting.collector import Sink
from engine.batch.lane import BatchLane
from engine.batch.open_desk import DeskOrder, open_desk
from engine.budget import Budget
from engine.clock import Clock
from engine.errors import ConfigError
from engine.files.journal import Journal
from engine.run_folder import RunFolder
from engine.stats import Stats
from engine.stopping import Stopping
from engine.wire.endpoints import Endpoint
from engine.wire.prices import Price
from jobs.run.batch_folders import run_batch_folder
from jobs.run.lanes import LaneOrder, make_plan
from jobs.run.rounds import Rounds, RunPass
from jobs.settings.run_config import read_run_config
from schemas.outcomes import Outcome
from schemas.settings import RunSettings


class BatchNeeds(NamedTuple):
    """What the batch lane shares with the rest of the engine."""

    folder: RunFolder
    settings: RunSettings
    endpoint: Endpoint
    journal: Journal
    budget: Budget
    price: Price
    stats: Stats
    clock: Clock
    stopping: Stopping


class OpenBatches(NamedTuple):
    """The lane that requests take, and how to make the rounds of a job."""

    lane: Lane
    rounds: Callable[[RunPass], Rounds]


@asynccontextmanager
async def open_batches(
    needs: BatchNeeds, live: Lane, order: LaneOrder
) -> AsyncIterator[OpenBatches]:
    """The batch lane on the run's ledger.

    Raises:
        ConfigError: the local model is to work in batches.
        DamagedLogError: the ledger or a file of a batch that is out is damaged.
    """
    folder, settings = needs.folder, needs.settings
    if settings.teacher.provider == "local":
        raise ConfigError("provider local has no batches: leave out --lane, or use --lane live")
    config = read_run_config(folder.config_path)
    assert config is not None  # written before the engine is opened

    def keep(outcome: Outcome) -> Awaitable[None]:
        needs.stats.count_settled(outcome)
        return needs.journal.append(outcome)

    desk_order = DeskOrder(
        folder=run_batch_folder(folder, config.run.run_id),
        endpoint=needs.endpoint,
        settings=settings.batch,
        state_dir=order.state_dir,
        price=needs.price,
        budget=needs.budget,
        sink=Sink(keep, needs.journal.__contains__),
        enlarges_truncated=settings.limits.retry_truncated,
        clock=needs.clock,
        stopping=needs.stopping,
    )
    client = BatchClient(
        needs.endpoint, timeout_s=settings.limits.request_timeout_s, clock=needs.clock
    )
    async with aclosing(client), open_desk(client, desk_order) as desk:
        lane = BatchLane(desk, live)

        def rounds(run_pass: RunPass) -> Rounds:
            return Rounds(
                run_pass,
                desk,
                lane,
                plan=make_plan(order, settings),
                poll_s=settings.batch.poll_s,
                clock=needs.clock,
                stopping=needs.stopping,
            )

        yield OpenBatches(lane, rounds)
