"""What workers have written becomes part of the one file of replies."""

import asyncio
import logging
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import orjson

from engine.clock import Clock, SystemClock
from engine.errors import DamagedLogError
from engine.files.jsonl_lines import line_prefix, read_lines
from engine.files.line_scan import SMALL_BYTES, KeyedLines, find_keys
from engine.files.lock import WriterLock, find_writer
from engine.files.sent_sums import read_sends
from engine.lease.lease_log import TOUCH_EVERY_S, read_leases
from engine.lease.leases import TTL_S
from engine.stopping import Stopping, stop_on_signals
from jobs.run.batch_folders import read_requests_out
from jobs.send.result_files import ID_FIELD, OutcomeKind, ResultFiles, result_paths, shards_root
from jobs.send.sharded.outside.depot import SegmentPlace, place_of
from jobs.send.sharded.shards import Segment, Shard, ShardedCall, calls_in
from jobs.send.spending import FileSpending, open_spending
from schemas.settings import RunSettings

MAX_SKEW_S = 60.0  # by which clocks of machines may differ
LOOK_EVERY_S = 0.2
GROUP_BYTES = 4 << 20

_log = logging.getLogger(__name__)


class Gathered(NamedTuple):
    """What was added to a file of replies: how many of each kind, failures by code too."""

    answered: int
    failed: Counter[str]


async def gather_calls(
    out_path: Path,
    settings: RunSettings,
    environment: Mapping[str, str],
    clock: Clock = SystemClock(),  # noqa: B008 - has no state
) -> None:
    """Take in what calls that ended early have left of a file of replies, whoever sent it.

    What their workers may still be sending is waited for, and what lands: `limits.grace_s` at most.
    `environment` has the keys of a store, if it lies in one.

    Raises:
        RunInUseError: such a call is still under way.
        DamagedLogError: a file is damaged.
        OutageError: a store does not answer. ConfigError: it has no key here.
        InterruptedRunError: a stop was requested meanwhile; the next call goes on.
    """
    paths, stopping = result_paths(out_path), Stopping()
    async with AsyncExitStack() as opened:
        opened.enter_context(WriterLock(paths.lock, guarded=paths.answers))
        opened.enter_context(stop_on_signals(stopping, grace_s=settings.limits.grace_s))
        if not (calls := calls_in(shards_root(out_path))):
            return
        out = await asyncio.to_thread(read_requests_out, out_path)
        results = await opened.enter_async_context(ResultFiles(paths, out))
        counted = read_sends(paths.sends).lost_usd
        spending = opened.enter_context(open_spending(paths, settings))
        results.follow_sends(lambda: spending.log.written_count)
        for call in calls:
            segments = await asyncio.to_thread(place_of, call.folder, environment)
            await take_all_over(segments, clock)
            await _let_land(call, settings.limits.grace_s, clock, stopping)
            for shard in call.shards():
                stopping.raise_if_requested()
                await gather_shard(shard, results, spending, counted, segments.lent_usd())
            await asyncio.to_thread(segments.remove)
    _log.info("%s: what an earlier call's workers had written is taken in", out_path)


async def gather_shard(
    shard: Shard,
    results: ResultFiles,
    spending: FileSpending,
    counted: Container[str] = (),
    lent_usd: Mapping[str, float] = MappingProxyType({}),
) -> Gathered:
    """Add what was written of a shard to the file of replies, and remove it. Nobody writes it.

    `counted` are segments whose cost is counted already: of a call that ended in here. `lent_usd`
    is what each may have cost, where its own files do not say all.

    Raises:
        DamagedLogError: a file of it is damaged.
        StorageError: the disk refused it.
    """
    answered, failed = 0, Counter[str]()
    for segment in shard.segments():
        answered += await _adopt(segment.paths.answers, "answered", results)
        failed.update(_codes(segment.paths.errors))
        await _adopt(segment.paths.errors, "failed", results)
        usd = max(spent_usd(segment), lent_usd.get(segment.name, 0.0))
        if usd and segment.name not in counted:
            await spending.log.lost(segment.name, usd)
    await asyncio.to_thread(shard.remove)
    return Gathered(answered, failed)


async def take_all_over(segments: SegmentPlace, clock: Clock) -> None:
    """Return once nobody sends any more what a call that has ended had begun; all of it is here.

    Raises:
        OutageError: a store does not answer.
        DamagedLogError: what lies there is damaged.
    """
    shards = segments.call.shards()
    for shard in shards:
        await asyncio.to_thread(segments.complete, shard)
        await asyncio.to_thread(segments.take_over, shard)
    await clock.sleep(lasts_s(segments.call, clock))
    for shard in shards:
        await asyncio.to_thread(segments.complete, shard)


def spent_usd(segment: Segment) -> float:
    """What a segment has cost, of which nobody writes any more; what may be billed counts."""
    sends = read_sends(segment.paths.sends)
    return sends.paid_usd + sum(sends.lost_usd.values()) + sum(sends.out_usd.values())


async def _adopt(path: Path, kind: OutcomeKind, results: ResultFiles) -> int:
    count = 0
    for lines in _whole_lines(path):
        try:
            if isinstance(lines, KeyedLines):
                count += await results.adopt_block(lines, kind)
            else:
                count += await results.adopt_each(lines, kind)
        except DamagedLogError as error:
            raise DamagedLogError(f"{path}: {error}") from error
    return count


def _whole_lines(path: Path) -> Iterator[KeyedLines | list[bytes]]:
    """The whole lines of a file, as many at a time as are written, and synced, in one step."""
    if not path.exists():
        return
    begun, prefix, is_large = b"", line_prefix(ID_FIELD), path.stat().st_size > SMALL_BYTES
    with path.open("rb", buffering=0) as file:
        while data := file.read(GROUP_BYTES):
            whole, newline, begun = (begun + data).rpartition(b"\n")
            if newline:
                lines = find_keys(whole + newline, prefix) if is_large else None
                yield whole.split(b"\n") if lines is None else lines


def _codes(path: Path) -> Iterator[str]:
    """The codes of failures, as far as their lines tell."""
    for line in read_lines(path):
        fields = orjson.loads(line)
        error = fields["error"] or fields["response"]["body"].get("error") or {}
        yield str(error.get("code") or "failed")


async def _let_land(call: ShardedCall, grace_s: float, clock: Clock, stopping: Stopping) -> None:
    """Wait until nobody writes what workers of a call that has ended had in flight: it is paid."""
    until_s = clock.monotonic_s() + grace_s
    locks = [each.paths.lock for shard in call.shards() for each in shard.segments()]
    while any(map(find_writer, locks)) and clock.monotonic_s() < until_s:
        stopping.raise_if_requested()
        await clock.sleep(LOOK_EVERY_S)


def lasts_s(call: ShardedCall, clock: Clock) -> float:
    """How long a worker of a call that has ended may still begin to send."""
    if all(holder.is_closed for holder in read_leases(call.leases_path)):
        return 0.0
    age_s = clock.utc_now().timestamp() - call.leases_path.stat().st_mtime
    return TTL_S + TOUCH_EVERY_S if age_s < MAX_SKEW_S else 0.0
