"""What a worker does with a shard: sends what is not settled of it, by what it is lent."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, Protocol

from engine.beside import beside
from engine.clock import SystemClock
from engine.errors import OutageError, TransientError
from engine.files.id_index import IdIndex
from engine.files.jsonl_lines import id_key, line_prefix
from engine.files.line_scan import scan_lines
from engine.files.lock import WriterLock
from engine.files.sends import SendLog, fold_sends
from engine.lease.claims import Lender
from engine.lease.client import LeaseClient
from engine.live.open_lane import open_live_lane
from engine.spending.budget import Budget
from engine.stats.counters import Stats
from engine.stats.snapshots import snapshots_written
from engine.stopping import Stopping
from engine.wire.endpoints import Endpoint
from engine.wire.prices import make_price
from jobs.send.check_batch_file import CheckedFile, check_batch_file
from jobs.send.lanes.requests import Sending
from jobs.send.request_sources import CheckedSource
from jobs.send.result_files import ID_FIELD, ResultFiles
from jobs.send.sharded.outside.stores import StoreOrder
from jobs.send.sharded.shards import Segment, Shard
from jobs.send.spending import FileSpending
from schemas.settings import RunSettings


@dataclass(frozen=True)
class WorkerOrder:
    """What a worker needs to know, keys included: it is handed over, and kept nowhere.

    `others` are servers by the name that requests give, beside `endpoints`. Of `free_models`
    requests cost nothing. `store` is where segments are sealed; None: they stay where they are.
    """

    settings: RunSettings
    endpoints: Sequence[Endpoint]
    others: Mapping[str, Endpoint] = field(default_factory=dict)
    free_models: frozenset[str] = frozenset()
    store: StoreOrder | None = None


class ShardEnd(NamedTuple):
    """How a worker came to the end of a shard. `error`: what ended it early, by kind and words."""

    unsettled: Counter[str]
    error: "ErrorWords | None"


class ErrorWords(NamedTuple):
    """An error on its way between processes: the name of its class, and its message."""

    kind: str
    message: str

    @classmethod
    def of(cls, error: BaseException) -> "ErrorWords":
        """The words of an error; one that passes by itself is an outage to who hears of it."""
        if isinstance(error, TransientError):
            return cls(OutageError.__name__, f"{error}; the same command again goes on")
        return cls(type(error).__name__, str(error))


class ShardWork(Protocol):
    """What a worker does with a shard: a function of a module, so that any process can do it."""

    async def __call__(
        self, shard: Shard, order: WorkerOrder, lender: Lender, stopping: Stopping, stats: Stats
    ) -> ShardEnd:
        """Take a shard over, and go on with it to its end. Raises EngineError."""
        ...


async def send_shard(
    shard: Shard, order: WorkerOrder, lender: Lender, stopping: Stopping, stats: Stats
) -> ShardEnd:
    """Take a shard over, and send what is settled in none of its segments.

    Raises:
        RunInUseError: another worker takes the shard over at this moment.
        DamagedLogError: a file of the shard is damaged.
        StorageError: the disk refused something.
        TransientError: the lender is away at the end; all that was bought is kept.
    """
    earlier = shard.segments()
    segment = await asyncio.to_thread(shard.take_over)
    async with AsyncExitStack() as opened:
        opened.enter_context(WriterLock(segment.paths.lock, guarded=segment.folder))
        settled = await asyncio.to_thread(_SettledBefore, earlier)
        results = await opened.enter_async_context(
            ResultFiles(segment.paths, settled, has_reserve=True)
        )
        checked = await _read_requests(shard, results, stopping)
        lease_client = make_lease_client(segment, order.settings, lender)
        spending = _open_spending(segment, order.settings, lease_client)
        if order.store is None:  # else what is sealed of it would be another file
            opened.callback(fold_sends, segment.paths.sends)
        opened.callback(spending.log.close)
        opened.push_async_callback(lease_client.close)
        limits = order.settings.limits
        lane = open_live_lane(order.endpoints, limits, budget=spending.budget, stats=stats)
        opened.push_async_callback(lane.aclose)
        lane.go_by(lease_client)
        results.follow_pace(lane.is_paced)
        opened.enter_context(snapshots_written(segment.paths.stats, stats, SystemClock()))
        stopping.on_request(lease_client.end)
        keep = spending.keeping(results.keep)
        sending = Sending(CheckedSource(checked), lane, keep, stopping, _Unseen())
        async with beside(lease_client.keep()):
            await sending.run(limits.max_in_flight)
    error = sending.ended_by
    return ShardEnd(sending.unsettled, None if error is None else ErrorWords.of(error))


async def _read_requests(shard: Shard, results: ResultFiles, stopping: Stopping) -> CheckedFile:
    """The requests of a shard, which the command has checked before."""
    checked = await asyncio.to_thread(
        partial(check_batch_file, skips_bad_lines=False, was_checked=True),
        *(shard.requests_path, results, stopping),
    )
    stopping.raise_if_requested()
    return checked


class _SettledBefore:
    """The requests that earlier segments of a shard have settled, which may still be written."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        prefix = line_prefix(ID_FIELD)
        self._indexes = [
            IdIndex(lines.hashes, lines.offsets)
            for each in segments
            for path in (each.paths.answers, each.paths.errors)
            if path.exists() and (lines := scan_lines(path, prefix))
        ]

    def __contains__(self, custom_id: object) -> bool:
        return any(index.holds(id_key(str(custom_id))) for index in self._indexes)


class _Unseen:
    """Progress that nobody looks at here: the counters are asked for."""

    def advance(self, *, dropped_count: int = 0) -> None:
        """Forget it."""


def make_lease_client(segment: Segment, settings: RunSettings, lender: Lender) -> LeaseClient:
    """The holder of what is lent to the writer of a segment."""
    return LeaseClient(
        segment.name,
        lender,
        budget_usd=settings.budget.usd,
        is_superseded=segment.is_superseded,
        max_outage_s=settings.limits.max_outage_s,
        clock=SystemClock(),
    )


def _open_spending(
    segment: Segment, settings: RunSettings, lease_client: LeaseClient
) -> FileSpending:
    log = SendLog(segment.paths.sends, is_synced=settings.budget.usd is not None)
    budget = Budget(
        cap_usd=None,
        spent_usd=0.0,
        price=make_price(settings.prices),
        record=log,
        tier_shares=settings.tier_shares,
        cap=lease_client,
    )
    lease_client.follow(budget)
    return FileSpending(budget, log)
