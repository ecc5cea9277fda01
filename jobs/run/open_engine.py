"""Puts the engine together for a run: model, lane, journal, budget, statistics."""

import logging
import random
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from engine.ask import Ask, Lane
from engine.batch.ledger import read_batches
from engine.budget import Budget, BudgetedLane
from engine.clock import SystemClock
from engine.engine import Engine
from engine.errors import ConfigError
from engine.files.journal import Journal, read_settled
from engine.live.lane import LiveLane
from engine.live.transport import HttpTransport
from engine.local.model import LocalModel
from engine.progress import Details
from engine.run_folder import RunFolder
from engine.stats import Stats
from engine.stats_file import snapshots_written
from engine.stopping import Stopping
from engine.wire.endpoints import Endpoint
from engine.wire.prices import make_price
from jobs.run.batch_folders import read_batch_losses
from jobs.run.lanes import LaneOrder
from jobs.run.rounds import Rounds, RunPass
from schemas.outcomes import Usage
from schemas.settings import RunSettings

_log = logging.getLogger(__name__)


class OpenEngine(NamedTuple):
    """What a job needs of an open engine. `rounds` makes its rounds if it works in batches."""

    ask: Ask
    journal: Journal
    details: Details
    rounds: Callable[[RunPass], Rounds] | None


@asynccontextmanager
async def open_engine(
    folder: RunFolder,
    settings: RunSettings,
    endpoints: Sequence[Endpoint],
    stopping: Stopping,
    order: LaneOrder = LaneOrder(),  # noqa: B008 - immutable
) -> AsyncIterator[OpenEngine]:
    """An engine on the run's journal; with provider local, its model runs for as long.

    The batch lane is there if it is ordered, or if batches are still out: their requests must not
    be paid for a second time.

    Raises:
        ConfigError: the local model is not installed, or it is to work in batches.
        DamagedLogError: the journal or the ledger of batches is damaged.
    """
    is_local = settings.teacher.provider == "local"
    price = make_price(settings.prices, is_free=is_local)
    stats, clock = Stats(), SystemClock()
    async with AsyncExitStack() as opened:
        journal = await opened.enter_async_context(Journal(folder.journal_path))
        if is_local:
            model = await opened.enter_async_context(LocalModel(folder.local_model_log_path))
            name = settings.teacher.output_limit_name
            endpoints = [Endpoint(model.base_url, model.api_key, name)]
        live = LiveLane(
            endpoints,
            settings=settings.limits,
            transport=HttpTransport(timeout_s=settings.limits.request_timeout_s),
            clock=clock,
            price=price,
            stats=stats,
            rng=random.Random(),  # noqa: S311 - jitter of retries
        )
        opened.push_async_callback(live.aclose)
        stopping.on_request(live.stop_admitting)
        budget = Budget(cap_usd=settings.budget.usd, spent_usd=_spent_usd(folder), price=price)
        lane: Lane = BudgetedLane(live, budget)
        rounds = None
        if uses_batches(folder, order) and not (is_local and order.lane == "live"):
            from jobs.run.open_batches import BatchNeeds, open_batches

            needs = BatchNeeds(
                folder, settings, endpoints[0], journal, budget, price, stats, clock, stopping
            )
            batches = await opened.enter_async_context(open_batches(needs, lane, order))
            lane, rounds = batches
        engine = Engine(journal=journal, lane=lane, stopping=stopping)
        with snapshots_written(folder.stats_path, stats, clock):
            yield OpenEngine(engine.ask, journal, lambda: _details(stats, budget), rounds)


def uses_batches(folder: RunFolder, order: LaneOrder) -> bool:
    """Whether batches are wanted, still out, or their files not yet deleted."""
    return order.lane != "live" or any(
        not batch.is_deleted for batch in read_batches(folder.batches_path)
    )


def check_price(settings: RunSettings) -> None:
    """Warn if the teacher's price is unknown.

    Raises:
        ConfigError: it is, and there is a budget to keep.
    """
    check_prices(settings, [settings.teacher.model])


def check_prices(settings: RunSettings, models: Iterable[str]) -> None:
    """Warn of the models whose prices are unknown.

    Raises:
        ConfigError: one is, and there is a budget to keep.
    """
    price = make_price(settings.prices, is_free=settings.teacher.provider == "local")
    for model in sorted(set(models)):
        if price(model, Usage(prompt_tokens=1)) is not None:
            continue
        advice = (
            f'the price of model {model!r} is unknown; give it as [prices."{model}"] with input '
            "and output in dollars per million tokens"
        )
        if settings.budget.usd is not None:
            raise ConfigError(f"{advice}, or leave budget.usd unset")
        _log.warning("%s to see what the run costs", advice)


def _spent_usd(folder: RunFolder) -> float:
    paths = (folder.journal_path, folder.retried_path)
    settled_usd = sum(settled.cost_usd or 0.0 for path in paths for settled in read_settled(path))
    return settled_usd + sum(read_batch_losses(folder))


def _details(stats: Stats, budget: Budget) -> dict[str, str]:
    details = {"usd": f"{budget.spent_usd:.4f}"}
    if stats.retried:
        details["retries"] = str(stats.retried.total())
    if stats.failed:
        details["failed"] = str(stats.failed.total())
    return details
