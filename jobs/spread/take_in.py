"""What workers have written of a stage becomes part of the files of its run."""

import asyncio
import logging
from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import orjson

from engine.assemble import open_sends
from engine.clock import Clock, SystemClock
from engine.files.journal import REPLY_FIELD, Journal, read_settled
from engine.files.jsonl_lines import read_blocks, read_lines
from engine.files.lock import WriterLock
from engine.files.sends import SendLog
from engine.files.sent_sums import ROUNDING_USD, read_sends
from engine.run_folder import RunFolder
from engine.stage import FinishedItem, StageFiles, open_stage_files
from engine.stopping import Stopping, stop_on_signals
from jobs.run.elsewhere import ignore_line
from jobs.send.sharded.gather import take_all_over
from jobs.send.sharded.outside.depot import place_of
from jobs.send.sharded.shards import Segment, Shard, calls_in
from jobs.spread.stage_calls import find_kind, read_stage_call

GRACE_S = 1.0  # after a signal: nothing is bought here

_log = logging.getLogger(__name__)


class Log(Protocol):
    """A file of lines that takes lines of others like it."""

    async def adopt_each(self, lines: Sequence[bytes]) -> list[bytes]:
        """Write those whose ids have no line here, and return them."""
        ...


class Books(NamedTuple):
    """The files of a run that a stage writes to."""

    journal: Journal
    sends: SendLog
    files: StageFiles[Any]


class TakingIn:
    """Takes in the segments of one call, while they are written and at their end.

    What stands in the run already stays. So what was taken in before a crash, or what two
    segments hold, is there once. `taken_usd` is what has been spent of late, as far as it is here.
    """

    def __init__(
        self,
        stage: str,
        books: Books,
        note_finished: Callable[[int], None] = lambda _: None,
        note_result: Callable[[bytes], None] = ignore_line,
    ) -> None:
        """The last two are those of jobs.run.elsewhere: by default nobody waits for anything."""
        self._stage = stage
        self._books = books
        self._note_finished = note_finished
        self._note_result = note_result
        self._ends: dict[Path, int] = {}
        self.taken_usd = 0.0

    async def take(self, segment: Segment) -> None:
        """Take in what a segment holds by now, of which no earlier call of this has taken it in.

        An item counts as finished once all that came of it is here, and what that was made from.

        Raises:
            DamagedLogError: a line is none of such a file.
            StorageError: the disk refused it.
        """
        own, files = RunFolder(segment.folder), self._books.files
        finished_path = own.finished_path(self._stage)
        finished_end = finished_path.stat().st_size if finished_path.exists() else 0
        await self._adopt(own.journal_path, self._books.journal, note=self._note_cost)
        results_path = own.results_path(self._stage)
        await self._adopt(results_path, files.results, note=self._note_result)
        await self._adopt(own.rejected_path, files.rejected)
        await self._adopt(finished_path, files.finished, note=self._note_item, end=finished_end)

    async def end(
        self,
        shard: Shard,
        counted: Container[str] = (),
        lent_usd: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        """Take in all of a shard that nobody writes any more, and remove it.

        The latest segment comes first: what its results were made from is in it, or was there
        when it began. `counted` are segments whose losses are counted already; `lent_usd` is what
        each may have cost, where its own files do not say all.

        Raises:
            DamagedLogError: a file of it is damaged.
            StorageError: the disk refused it.
        """
        segments = shard.segments()
        for segment in reversed(segments):
            await self.take(segment)
        for segment in segments:
            lost_usd = await asyncio.to_thread(
                _lost_usd, segment, self._books.journal, lent_usd.get(segment.name, 0.0)
            )
            if lost_usd and segment.name not in counted:
                self.taken_usd += lost_usd
                await self._books.sends.lost(segment.name, lost_usd)
        await asyncio.to_thread(shard.remove)

    async def _adopt(
        self,
        path: Path,
        log: Log,
        *,
        note: Callable[[bytes], None] = ignore_line,
        end: int | None = None,
    ) -> None:
        """Take in what is new in a file, up to `end`; each line that was not here is noted."""
        for block in read_blocks(path, self._ends.get(path, 0), end):
            for line in await log.adopt_each(block.lines):
                note(line)
            self._ends[path] = block.end

    def _note_cost(self, line: bytes) -> None:
        self.taken_usd += _cost_of(line)

    def _note_item(self, line: bytes) -> None:
        self._note_finished(FinishedItem.model_validate_json(line).rejection_count)


def spent_usd(segment: Segment) -> float:
    """What a segment has cost, of which nobody writes any more; what may be billed counts."""
    own = RunFolder(segment.folder)
    sends, settled_usd = read_sends(own.sends_path), 0.0
    for settled in read_settled(own.journal_path):
        settled_usd += settled.cost_usd or 0.0
        sends.out_usd.pop(settled.request_id, None)
    return settled_usd + sum(sends.lost_usd.values()) + sum(sends.out_usd.values())


def _lost_usd(segment: Segment, journal: Journal, lent_usd: float) -> float:
    """What a segment has cost, or may have, beyond what stands in the run's journal."""
    lines = read_lines(RunFolder(segment.folder).journal_path)
    usd = max(spent_usd(segment), lent_usd) - sum(
        _cost_of(line) for line in lines if journal.holds(line)
    )
    return usd if usd > ROUNDING_USD else 0.0


def _cost_of(line: bytes) -> float:
    """What an outcome has cost, by its line in a journal; 0 where that is not known."""
    head, _, _ = line.partition(REPLY_FIELD)
    cost_usd: float | None = orjson.loads(head + b"}")["cost_usd"]
    return cost_usd or 0.0


async def take_in_calls(
    folder: RunFolder,
    environment: Mapping[str, str],
    clock: Clock = SystemClock(),  # noqa: B008 - has no state
) -> None:
    """Take in what workers of a call that ended early have left in a run.

    What they may still be sending is waited for: seconds at most. `environment` has the keys of a
    store, if it lies in one.

    Raises:
        RunInUseError: another process writes the run, and will do so itself.
        ConfigError: another version has begun the call; a store has no key. OutageError: no answer.
        DamagedLogError: a file is damaged.
        InterruptedRunError: a stop was requested meanwhile; the next call goes on.
    """
    stopping = Stopping()
    async with AsyncExitStack() as opened:
        opened.enter_context(WriterLock(folder.lock_path))
        opened.enter_context(stop_on_signals(stopping, grace_s=GRACE_S))
        if not (calls := calls_in(folder.shards_dir)):
            return
        journal = await opened.enter_async_context(
            await asyncio.to_thread(Journal, folder.journal_path)
        )
        counted = read_sends(folder.sends_path).lost_usd
        sends = open_sends(folder, journal, is_synced=True)
        opened.callback(sends.close)
        for call in calls:
            segments = await asyncio.to_thread(place_of, call.folder, environment)
            await take_all_over(segments, clock)
            if (order := read_stage_call(call)) is not None:
                async with open_stage_files(folder, order.stage, find_kind(order.result)) as files:
                    taking = TakingIn(order.stage, Books(journal, sends, files))
                    for shard in call.shards():
                        stopping.raise_if_requested()
                        await taking.end(shard, counted, segments.lent_usd())
            await asyncio.to_thread(segments.remove)
    _log.info("%s: what an earlier call's workers had written is taken in", folder.run_dir)
