"""Opens the engine of a run: what its settings say, in the engine's own terms."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from engine.ask import Ask
from engine.assemble import BatchPlace, EngineOrder, EngineParts, assemble_engine
from engine.beside import beside
from engine.clock import SystemClock
from engine.errors import ConfigError
from engine.files.journal import Journal, read_settled
from engine.local.model import LocalModel
from engine.progress import Details, spending_details
from engine.run_folder import RunFolder
from engine.stats.counters import Stats
from engine.stats.prometheus import serve_metrics
from engine.stopping import Stopping
from engine.wire.endpoints import Endpoint
from jobs.run.batch_folders import may_be_out, read_batch_losses, run_batch_folder
from jobs.run.lanes import LaneOrder, LanePlan, live_pace, make_flex_policy, make_lane_plan
from jobs.run.progress import Backlog, RunProgress, TimeLeft
from jobs.run.rounds import Rounds, RunPass
from jobs.run.servers import OtherServers, run_price
from jobs.run.stored import Attached, SealingLender, hold_lease
from jobs.settings.run_config import read_run_config
from schemas.settings import RunSettings

_log = logging.getLogger(__name__)


MakeRounds = Callable[[RunPass], Rounds]


class RunEngine(NamedTuple):
    """What a job needs of an open engine. `rounds` makes the rounds of a job in batches.

    `parts` are for adding what other processes have bought to its journal and budget, `lender` is
    what a stored run sends by.
    """

    parts: EngineParts
    lender: SealingLender | None
    ask: Ask
    journal: Journal
    details: Details
    backlog: Backlog
    rounds: MakeRounds | None

    def progress_over(self, stages: Sequence[str]) -> RunProgress:
        """What shows how far stages of these names are."""
        return RunProgress(stages, self.details)


@asynccontextmanager
async def open_run_engine(
    folder: RunFolder,
    settings: RunSettings,
    endpoints: Sequence[Endpoint],
    stopping: Stopping,
    order: LaneOrder = LaneOrder(),  # noqa: B008 - immutable
    others: OtherServers = OtherServers(),  # noqa: B008 - immutable
    attached: Attached = Attached(),  # noqa: B008 - immutable
) -> AsyncIterator[RunEngine]:
    """An engine on the run's journal; with provider local, the model runs while it is open.

    The batch lane is there if it is ordered, or if batches are still out: their requests must not
    be paid for a second time. Of a stored run nothing is sent but while its store has the rest.

    Raises:
        ConfigError: the local model is not installed, or it is to work in batches; the port is
            taken; what workers on a cluster have left is not part of the run yet; it is kept in a
            store, which is not attached.
        DamagedLogError: the journal or the ledger of batches is damaged.
    """
    _require_all_taken_in(folder)
    if attached.stored is None:
        _require_no_store(folder)
    async with AsyncExitStack() as opened:
        if settings.teacher.is_local:
            endpoints = [await _start_model(folder, settings, opened)]
        engine_order = _engine_order(folder, settings, endpoints, stopping, order, others)
        lender = None
        if attached.stored is not None:
            lender = attached.stored.open_lender(engine_order.budget_usd, stopping)
        engine = await _assemble(engine_order, settings, lender, opened)
        if attached.metrics_port is not None:
            await opened.enter_async_context(serve_metrics(engine.stats, attached.metrics_port))
        yield _run_engine(engine, lender, settings, order, stopping)


def _run_engine(
    engine: EngineParts,
    lender: SealingLender | None,
    settings: RunSettings,
    order: LaneOrder,
    stopping: Stopping,
) -> RunEngine:
    backlog = Backlog()
    plan = make_lane_plan(
        order, settings, partial(_pace, engine.stats), lambda: backlog.requests_left
    )
    return RunEngine(
        engine,
        lender,
        engine.ask,
        engine.journal,
        _details_of(engine, backlog),
        backlog,
        _rounds_of(engine, settings, plan, stopping),
    )


def _require_all_taken_in(folder: RunFolder) -> None:
    if folder.shards_dir.exists():
        raise ConfigError(
            f"{folder.shards_dir}: holds what workers on a cluster have bought, which would be "
            f"bought again: `distill status {folder.run_dir}` takes it in first"
        )


def _require_no_store(folder: RunFolder) -> None:
    if folder.store_path.exists():
        raise ConfigError(
            f"{folder.run_dir}: is kept in a store ({folder.store_path.name}), where what this "
            "command would buy is not sealed; fetch a copy (`distill fetch`), delete that file in "
            "it, and go on there"
        )


async def _assemble(
    order: EngineOrder,
    settings: RunSettings,
    lender: SealingLender | None,
    opened: AsyncExitStack,
) -> EngineParts:
    """The engine; where the run is stored it sends by what it is lent while all is sealed."""
    if lender is None:
        return await opened.enter_async_context(assemble_engine(order))
    if order.batches is not None:
        order = replace(order, batches=order.batches._replace(back_up=lender.back_up))
    lease_client = hold_lease(lender, order.folder.run_dir.name, settings, order.stopping)
    engine = await opened.enter_async_context(
        assemble_engine(replace(order, shares=lease_client, cap=lease_client))
    )
    lease_client.follow(engine.budget)
    await opened.enter_async_context(beside(lease_client.keep()))
    return engine


async def _start_model(
    folder: RunFolder, settings: RunSettings, opened: AsyncExitStack
) -> Endpoint:
    """Where the model of this machine is served, as long as `opened` is."""
    model = await opened.enter_async_context(LocalModel(folder.local_model_log_path))
    return Endpoint(model.base_url, model.api_key, settings.teacher.output_limit_name)


def _engine_order(
    folder: RunFolder,
    settings: RunSettings,
    endpoints: Sequence[Endpoint],
    stopping: Stopping,
    order: LaneOrder,
    others: OtherServers,
) -> EngineOrder:
    return EngineOrder(
        folder=folder,
        endpoints=endpoints,
        limits=settings.limits,
        price=run_price(settings, others),
        budget_usd=settings.budget.usd,
        spent_usd=settled_usd(folder),
        stopping=stopping,
        tier_shares=settings.tier_shares,
        batches=_batch_place(folder, settings, order),
        flex=make_flex_policy(order, settings),
        others=others.endpoints,
    )


def _details_of(engine: EngineParts, backlog: Backlog) -> Details:
    """What is shown beside how far a stage is: dollars, and the time that is left."""
    time_left = TimeLeft(lambda: engine.stats.settled, lambda: backlog.requests_left, SystemClock())
    return lambda: {**spending_details(engine.stats, engine.budget), **time_left.details()}


def _pace(stats: Stats) -> float | None:
    return live_pace(stats.read_limits(), stats.latencies.percentile_s(0.5))


def _rounds_of(
    engine: EngineParts, settings: RunSettings, plan: LanePlan, stopping: Stopping
) -> MakeRounds | None:
    """What makes the rounds of a pass in batches; None: it does not work in batches."""
    if engine.batches is None:
        return None
    return partial(
        Rounds,
        desk=engine.batches.desk,
        lane=engine.batches.lane,
        plan=plan,
        poll_s=settings.batch.poll_s,
        clock=SystemClock(),
        stopping=stopping,
    )


def _batch_place(folder: RunFolder, settings: RunSettings, order: LaneOrder) -> BatchPlace | None:
    """Where the run's batches are; None: there are none, and none are wanted."""
    if not uses_batches(folder, order):
        return None
    if settings.teacher.is_local:
        if order.lane in ("live", "flex"):
            return None
        raise ConfigError("provider local has no batches: leave out --lane, or use --lane live")
    config = read_run_config(folder.config_path)
    assert config is not None  # written before the engine is opened
    batch_folder = run_batch_folder(folder, config.run.run_id)
    return BatchPlace(batch_folder, settings.batch, order.state_dir)


def uses_batches(folder: RunFolder, order: LaneOrder) -> bool:
    """Whether batches are wanted, still out, or their files not yet deleted.

    Raises:
        DamagedLogError: the ledger of batches is gone or damaged.
    """
    is_left = may_be_out(run_batch_folder(folder, ""))
    return is_left or order.lane in ("batch", "auto")


def settled_usd(folder: RunFolder) -> float:
    """What the settled work of a run has cost, also what settled nothing; not lost replies."""
    paths = (folder.journal_path, folder.retried_path)
    settled_usd = sum(settled.cost_usd or 0.0 for path in paths for settled in read_settled(path))
    return settled_usd + sum(read_batch_losses(folder))
