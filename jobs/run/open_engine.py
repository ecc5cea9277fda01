"""Puts the engine together for a run: model, lane, journal, budget, statistics."""

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from engine.ask import Ask, Lane
from engine.batch.ledger import read_batches
from engine.budget import Budget
from engine.clock import SystemClock
from engine.engine import Engine
from engine.errors import ConfigError
from engine.files.journal import Journal, read_settled
from engine.files.sends import SendLog
from engine.live.open_lane import open_live_lane
from engine.local.model import LocalModel
from engine.progress import Details
from engine.run_folder import RunFolder
from engine.stats import Stats
from engine.stats_file import snapshots_written
from engine.stopping import Stopping
from engine.wire.endpoints import Endpoint
from engine.wire.prices import make_price
from jobs.run.batch_folders import read_batch_losses, run_batch_folder
from jobs.run.lanes import LaneOrder
from jobs.run.rounds import Rounds, RunPass
from schemas.outcomes import Usage
from schemas.settings import RunSettings

_log = logging.getLogger(__name__)


class OpenEngine(NamedTuple):
    """What a pipeline needs of an engine that is running. `rounds`: how, if in batches."""

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

    The batch lane is there if it is ordered, or if batches are still out: what they hold must not
    be bought a second time.

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
        sends = _open_sends(folder, journal, is_capped=settings.budget.usd is not None)
        opened.callback(sends.close)
        budget = Budget(
            cap_usd=settings.budget.usd,
            spent_usd=_spent_usd(folder) + sends.lost_usd,
            price=price,
            record=sends,
        )
        live = open_live_lane(endpoints, settings.limits, budget=budget, stats=stats)
        opened.push_async_callback(live.aclose)
        journal.follow_pace(live.is_paced)
        stopping.on_request(live.stop_admitting)
        lane: Lane = live
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
    """Whether batches are wanted, still out, or their files not yet deleted.

    Raises:
        DamagedLogError: the ledger of batches is gone or damaged.
    """
    run_batch_folder(folder, "").require_ledger()
    return order.lane != "live" or any(
        not batch.is_deleted for batch in read_batches(folder.batches_path)
    )


def check_price(settings: RunSettings) -> None:
    """Say that the teacher's price is unknown, if it is.

    Raises:
        ConfigError: it is, and there is a budget to keep.
    """
    check_prices(settings, [settings.teacher.model])


def check_prices(settings: RunSettings, models: Iterable[str]) -> None:
    """Say which models' prices are unknown, if any are.

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


def _open_sends(folder: RunFolder, journal: Journal, *, is_capped: bool) -> SendLog:
    """The log of what went out; what failed and was set aside has its cost in retried.jsonl."""
    retried = frozenset(settled.request_id for settled in read_settled(folder.retried_path))
    return SendLog(
        folder.sends_path,
        is_synced=is_capped,
        is_settled=lambda request_id: request_id in journal or request_id in retried,
    )


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
