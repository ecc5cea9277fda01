"""What a worker does with a shard of a stage: the items that no segment has ended, one by one."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

from engine.ask import Ask
from engine.assemble import EngineOrder, assemble_engine
from engine.beside import beside
from engine.errors import RunInUseError
from engine.files.id_index import IdIndex
from engine.files.jsonl_lines import id_key, line_prefix
from engine.files.line_scan import scan_lines
from engine.files.records import id_field, read_records
from engine.lease.claims import Lender
from engine.lease.client import LeaseClient
from engine.run_folder import OWNER_ONLY, RunFolder
from engine.stage import FinishedItem, StageFiles, StagePass, open_stage_files, run_stage
from engine.stats.counters import Stats
from engine.stopping import Stopping
from engine.wire.prices import make_price
from jobs.prompts import use_prompts
from jobs.run.progress import unseen_progress
from jobs.run.stages import StageContext, asking_window
from jobs.send.sharded.send_shard import ShardEnd, WorkerOrder, make_lease_client
from jobs.send.sharded.shards import Segment, Shard
from jobs.spread.stage_calls import (
    StageCall,
    find_function,
    find_kind,
    items_path,
    require_stage_call,
    run_folder_of,
)
from schemas.record import Record


async def work_shard(
    shard: Shard, order: WorkerOrder, lender: Lender, stopping: Stopping, stats: Stats
) -> ShardEnd:
    """Take a shard over, and go on with its items where earlier segments ended.

    The segment is a folder like a run's: a journal, what was sent, and the files of the stage.

    Raises:
        RunInUseError: another worker takes the shard over at this moment.
        EngineError: what ended it early; all that was bought is in the segment.
    """
    use_prompts(order.settings.prompts_dir)
    call = require_stage_call(shard)
    earlier = shard.segments()
    segment = await asyncio.to_thread(shard.take_over)
    lease_client = make_lease_client(segment, order.settings, lender)
    stopping.on_request(lease_client.end)
    own, run = RunFolder(segment.folder), run_folder_of(shard)
    async with AsyncExitStack() as opened:
        engine = await opened.enter_async_context(
            assemble_engine(
                _engine_order(order, lease_client, stopping, stats, own, _journals(run, earlier))
            )
        )
        opened.push_async_callback(lease_client.close)
        lease_client.follow(engine.budget)
        files = await opened.enter_async_context(_open_files(own, call))
        context = StageContext(
            folder=run,
            settings=order.settings,
            ask=engine.ask,
            journal=engine.journal,
            stopping=stopping,
            order=None,
        )
        async with beside(lease_client.keep()):
            before = [] if call.remembers else earlier
            ended_before = await asyncio.to_thread(_EndedBefore, before, call)
            passed = await _work_off(shard, call, context, files, ended_before, segment)
    return ShardEnd(passed.unsettled, None)


async def _work_off(
    shard: Shard,
    call: StageCall,
    context: StageContext[None],
    files: StageFiles[Any],
    ended_before: "_EndedBefore",
    segment: Segment,
) -> StagePass:
    work = find_function(call.work)
    async with find_function(call.needs)(context, files) as needs:

        async def work_on(item: Record, ask: Ask) -> Sequence[Record]:
            ended: Sequence[Record] = await work(item, ask, needs)
            if segment.is_superseded():  # another asks again, and may be answered otherwise
                raise RunInUseError(f"{segment.name}: another goes on with it")
            return ended

        with unseen_progress(call.stage, total=None, done=0) as progress:
            return await run_stage(
                read_records(
                    items_path(shard),
                    find_kind(call.item),
                    is_wanted=lambda item_id: item_id not in ended_before,
                ),
                work_on,
                ask=context.ask,
                files=files,
                window=call.window or asking_window(context.settings),
                stopping=context.stopping,
                progress=progress,
            )


class _EndedBefore:
    """The items that earlier segments of a shard have ended, which may still be written."""

    def __init__(self, segments: Sequence[Segment], call: StageCall) -> None:
        prefix = line_prefix(id_field(FinishedItem))
        self._indexes = [
            IdIndex(lines.hashes, lines.offsets)
            for each in segments
            if (path := RunFolder(each.folder).finished_path(call.stage)).exists()
            and (lines := scan_lines(path, prefix))
        ]

    def __contains__(self, item_id: str) -> bool:
        return any(index.holds(id_key(item_id)) for index in self._indexes)


def _journals(run: RunFolder, earlier: Sequence[Segment]) -> list[Path]:
    """What is settled: in the run, and in earlier segments that are not part of it yet."""
    paths = (RunFolder(each.folder).journal_path for each in earlier)
    return [run.journal_path, *(path for path in paths if path.exists())]


def _open_files(own: RunFolder, call: StageCall) -> AbstractAsyncContextManager[StageFiles[Any]]:
    for path in (own.results_path(call.stage), own.finished_path(call.stage)):
        path.parent.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
    return open_stage_files(own, call.stage, find_kind(call.result))


def _engine_order(
    order: WorkerOrder,
    lease_client: LeaseClient,
    stopping: Stopping,
    stats: Stats,
    own: RunFolder,
    journals: Sequence[Path],
) -> EngineOrder:
    """An engine that writes a segment, by what its writer is lent."""
    settings = order.settings
    return EngineOrder(
        folder=own,
        endpoints=order.endpoints,
        limits=settings.limits,
        price=make_price(settings.prices, free_models=order.free_models),
        budget_usd=settings.budget.usd,
        spent_usd=0.0,
        stopping=stopping,
        tier_shares=settings.tier_shares,
        others=order.others,
        shares=lease_client,
        cap=lease_client,
        journals_before=journals,
        stats=stats,
    )
