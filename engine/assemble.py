"""Puts the engine together, in this one place: journal, lanes, budget, counters."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from engine.ask import Ask, Lane
from engine.clock import Clock, SystemClock
from engine.engine import Engine
from engine.files.journal import Journal, read_settled
from engine.files.sends import SendLog
from engine.live.flex.gate import FlexPolicy
from engine.live.flex.lane import FlexLane
from engine.live.lane import LiveLane
from engine.live.open_lane import open_live_lane
from engine.live.pace.share import Shares, WholeAccount
from engine.run_folder import RunFolder
from engine.servers import OWN_SERVER, ServerLanes, add_gauges
from engine.spending.budget import Budget
from engine.spending.cap import SpendingCap
from engine.stats.counters import Stats
from engine.stats.snapshots import snapshots_written
from engine.stopping import Stopping, announce_interruption
from engine.wire.endpoints import Endpoint
from engine.wire.prices import PUBLIC_TIER_SHARES, Price
from engine.wire.reply_sizes import reply_sizes
from schemas.outcomes import Outcome
from schemas.settings import BatchSettings, LimitSettings

if TYPE_CHECKING:  # they import the official SDK, which takes longer than all else together
    from engine.batch.desk import BatchDesk
    from engine.batch.folder import BatchFolder
    from engine.batch.lane import BatchLane
    from engine.batch.open_desk import DeskOrder


@dataclass(frozen=True, kw_only=True)
class LaneParts:
    """What lanes work with: where requests go and how fast, what they may cost, whom they tell."""

    endpoints: Sequence[Endpoint]
    limits: LimitSettings
    budget: Budget
    stats: Stats
    stopping: Stopping
    clock: Clock = field(default_factory=SystemClock)


class BatchPlace(NamedTuple):
    """Where batches keep their files, and how they are packed and polled for.

    `state_dir` is the user's: what several runs on one account share. `back_up` as in DeskOrder.
    """

    folder: "BatchFolder"
    settings: BatchSettings
    state_dir: Path
    back_up: Callable[[], Awaitable[None]] | None = None


class Keeper(NamedTuple):
    """Where outcomes are kept durably, and which of some requests have theirs there."""

    keep_each: Callable[[Sequence[Outcome]], Awaitable[None]]
    settled_among: Callable[[Collection[str]], set[str]]


@dataclass(frozen=True, kw_only=True)
class EngineOrder:
    """What an engine is to be made of.

    `spent_usd` is what the settled work in this folder has cost: it counts against the cap.
    `tier_shares` are what tiers cost, as shares of the live price. `batches` None: no batch lane.
    `flex`: requests to the run's own server go by that tier, or try it first. `others` are further
    servers by the name that requests give: what goes there goes live, at the rates of its endpoint.
    One of several engines on an account has what it is lent of it: `shares` of all limits, and a
    `cap` to spend up to. `journals_before` are of others, whose outcomes count here.
    `stats` are added to.
    """

    folder: RunFolder
    endpoints: Sequence[Endpoint]
    limits: LimitSettings
    price: Price
    budget_usd: float | None
    spent_usd: float
    stopping: Stopping
    tier_shares: Mapping[str, float] = field(default_factory=lambda: PUBLIC_TIER_SHARES)
    batches: BatchPlace | None = None
    flex: FlexPolicy | None = None
    others: Mapping[str, Endpoint] = field(default_factory=dict)
    shares: Shares = field(default_factory=WholeAccount)
    cap: SpendingCap | None = None
    journals_before: Sequence[Path] = ()
    stats: Stats = field(default_factory=Stats)


class BatchParts(NamedTuple):
    """The batch lane, and the desk that packs, submits and collects what it has spooled."""

    lane: "BatchLane"
    desk: "BatchDesk"


class EngineParts(NamedTuple):
    """An engine that is running, and what its owner looks at. `batches` None: all goes live."""

    ask: Ask
    journal: Journal
    sends: SendLog
    budget: Budget
    stats: Stats
    batches: BatchParts | None


@asynccontextmanager
async def assemble_engine(order: EngineOrder) -> AsyncIterator[EngineParts]:
    """An engine on the journal of a folder that exists, and that this process alone writes.

    Must be called in a running event loop.

    Raises:
        DamagedLogError: the journal or the ledger of batches is damaged.
        StorageError: the disk is full already.
    """
    folder = order.folder
    async with AsyncExitStack() as opened:
        journal = await opened.enter_async_context(
            Journal(folder.journal_path, order.journals_before, has_reserve=True)
        )
        sends = open_sends(folder, journal, is_synced=order.budget_usd is not None)
        opened.callback(sends.close)
        parts = _lane_parts(order, sends)
        announce_interruption(
            order.stopping, lambda: parts.stats.in_flight, grace_s=order.limits.grace_s
        )
        live = await _open_servers(order, parts, opened)
        journal.follow_pace(lambda: any(lane.is_paced() for lane in live.values()))
        by_server: dict[str, Lane] = {**live}
        flex = None
        if order.flex is not None:
            flex = FlexLane(live[OWN_SERVER], order.flex)
            if order.flex.is_alone:
                by_server[OWN_SERVER], flex = flex, None
        batches = None
        if order.batches is not None:
            keeper = Keeper(journal.append_each, journal.settled_among)
            desk = await opened.enter_async_context(open_batch_desk(parts, order.batches, keeper))
            batches = _put_before(by_server, desk, flex)
        lane = by_server[OWN_SERVER]
        if order.others:
            lane = ServerLanes(by_server, stopping=order.stopping)
        engine = Engine(journal=journal, lane=lane, stopping=order.stopping)
        with snapshots_written(folder.stats_path, parts.stats, parts.clock):
            yield EngineParts(engine.ask, journal, sends, parts.budget, parts.stats, batches)


@asynccontextmanager
async def open_batch_desk(
    parts: LaneParts, place: BatchPlace, keeper: Keeper
) -> AsyncIterator["BatchDesk"]:
    """The desk for batches at the first endpoint; what they answer is counted and kept.

    Raises:
        ConfigError: its folder cannot be made.
        DamagedLogError: the ledger or a file of a batch that is out is damaged.
    """
    from engine.batch.client import BatchClient
    from engine.batch.open_desk import open_desk

    order = _desk_order(parts, place, keeper)
    client = BatchClient(
        order.endpoint,
        timeout_s=parts.limits.request_timeout_s,
        clock=parts.clock,
        sizes=reply_sizes(parts.limits, place.settings),
    )
    async with aclosing(client), open_desk(client, order) as desk:
        yield desk


def _desk_order(parts: LaneParts, place: BatchPlace, keeper: Keeper) -> "DeskOrder":
    from engine.batch.collecting.collector import Sink
    from engine.batch.open_desk import DeskOrder
    from engine.batch.submit import on_disk_is_enough

    def keep_each(outcomes: Sequence[Outcome]) -> Awaitable[None]:
        for outcome in outcomes:
            parts.stats.count_settled(outcome)
        return keeper.keep_each(outcomes)

    return DeskOrder(
        folder=place.folder,
        endpoint=parts.endpoints[0],
        settings=place.settings,
        state_dir=place.state_dir,
        price=parts.budget.price,
        budget=parts.budget,
        sink=Sink(keep_each, keeper.settled_among),
        enlarges_truncated=parts.limits.retry_truncated,
        max_line_bytes=reply_sizes(parts.limits, place.settings).reply_bytes,
        back_up=place.back_up or on_disk_is_enough,
        clock=parts.clock,
        stopping=parts.stopping,
    )


def open_sends(folder: RunFolder, journal: Journal, *, is_synced: bool) -> SendLog:
    """The log of what went out; what failed and was set aside has its cost in retried.jsonl.

    Raises:
        DamagedLogError: one of these files is damaged.
    """
    retried = frozenset(settled.request_id for settled in read_settled(folder.retried_path))
    return SendLog(
        folder.sends_path,
        is_synced=is_synced,
        is_settled=lambda request_id: request_id in journal or request_id in retried,
    )


def _lane_parts(order: EngineOrder, sends: SendLog) -> LaneParts:
    """With a budget that what went out and never came back counts against."""
    budget = Budget(
        cap_usd=order.budget_usd,
        spent_usd=order.spent_usd + sends.lost_usd,
        price=order.price,
        record=sends,
        tier_shares=order.tier_shares,
        cap=order.cap,
    )
    return LaneParts(
        endpoints=order.endpoints,
        limits=order.limits,
        budget=budget,
        stats=order.stats,
        stopping=order.stopping,
    )


async def _open_servers(
    order: EngineOrder, parts: LaneParts, opened: AsyncExitStack
) -> dict[str, LiveLane]:
    """A live lane for each server. The run's rates are those of its own server."""
    budget, stats = parts.budget, parts.stats
    limits = order.limits.model_copy(
        update={"requests_per_minute": None, "tokens_per_minute": None}
    )
    lanes = {OWN_SERVER: open_live_lane(order.endpoints, order.limits, budget=budget, stats=stats)}
    readers = [stats.read_limits]  # each lane puts its own there
    for name, endpoint in order.others.items():
        most = min(limits.max_in_flight, endpoint.max_in_flight or limits.max_in_flight)
        own = limits.model_copy(update={"max_in_flight": most})
        lanes[name] = open_live_lane([endpoint], own, budget=budget, stats=stats)
        lanes[name].share_room(lanes[OWN_SERVER])
        readers.append(stats.read_limits)
    stats.read_limits = partial(add_gauges, readers)
    for lane in lanes.values():
        lane.go_by(order.shares)
        await opened.enter_async_context(aclosing(lane))
        order.stopping.on_request(lane.stop_admitting)
    return lanes


def _put_before(by_server: dict[str, Lane], desk: "BatchDesk", flex: FlexLane | None) -> BatchParts:
    """Let no server be asked what is out in a batch; only the run's own works in batches."""
    from engine.batch.lane import BatchLane

    lanes = {name: BatchLane(desk, live) for name, live in by_server.items()}
    if flex is not None:
        own = lanes[OWN_SERVER] = BatchLane(desk, by_server[OWN_SERVER], flex)
        flex.is_wanted = lambda: own.tries_flex()
    for name, lane in lanes.items():
        if name != OWN_SERVER:
            lane.goes_live = _always
    by_server.update(lanes)
    return BatchParts(lanes[OWN_SERVER], desk)


def _always(_: str) -> bool:
    return True
