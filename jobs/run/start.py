"""Starts a run or goes on with it: what changed, what that costs, then the stages."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from engine.clock import SystemClock
from engine.errors import FatalError, ModelGoneError
from engine.files.lock import WriterLock
from engine.last_call import noted_call
from engine.run_folder import RunFolder
from engine.stopping import Stopping, stop_on_signals
from engine.wire.endpoints import Endpoint
from jobs.dataset.ask_teacher import ANSWERS
from jobs.dataset.rows.export_dataset import EXPORT
from jobs.dataset.stages import DATASET
from jobs.documents.list_sources import (
    find_missing_documents,
    find_new_documents,
    list_sources,
)
from jobs.run.batch_folders import run_batch_folder
from jobs.run.changing.changes import RunChanges, apply_changes, find_changes
from jobs.run.changing.consent import Kept, check_consent
from jobs.run.changing.retry import retry_failed
from jobs.run.check_start import check_folders, check_hosts, has_asked
from jobs.run.lanes import LaneOrder
from jobs.run.open_stages import open_stages
from jobs.run.reset import reset_stages
from jobs.run.run_stages import StagesEnd, run_stages
from jobs.run.servers import OtherServers, asked_models, check_prices
from jobs.run.spread_parts import OpenSpread
from jobs.run.stages import StageContext, Stages
from jobs.run.stored import StoredRun
from jobs.settings.known_traps import dataset_traps
from jobs.settings.run_config import (
    RunConfig,
    new_run_config,
    read_run_config,
    refuse_lost_config,
    with_settings,
    write_run_config,
)
from jobs.settings.unserved_models import forget_unserved
from schemas.settings import RunSettings

_log = logging.getLogger(__name__)


class RunOrder(NamedTuple):
    """What the user asks for. The keys of the endpoints are in no file, log or error.

    `others` are the servers that stages may ask beside the teacher's. `spread` None: all is done
    in this process. `stored` None: the run is in its folder alone.
    """

    folder: RunFolder
    settings: RunSettings
    endpoints: Sequence[Endpoint]
    accepts_changes: bool
    retries_failed: bool
    lane: LaneOrder = LaneOrder()
    last_stage: str | None = None
    stages: Stages[None] = DATASET
    others: OtherServers = OtherServers()
    metrics_port: int | None = None
    spread: OpenSpread | None = None
    stored: StoredRun | None = None


async def start_run(order: RunOrder) -> StagesEnd:
    """Take a run as far as it goes; the same call again resumes it.

    Raises:
        ConfigError: settings or documents changed and that was not accepted; other bad settings.
        EngineError: any error that ends the run early; everything bought until then is kept.
    """
    stopping, settings = Stopping(), order.settings
    check_folders(order.folder, settings.documents_dir)
    check_prices(settings, asked_models(settings), order.others)
    for trap in dataset_traps(settings):
        _log.warning("%s", trap)
    order.folder.create()
    with (
        WriterLock(order.folder.lock_path),
        noted_call(order.folder, "run", SystemClock()) as note,
        stop_on_signals(stopping, grace_s=settings.limits.grace_s),
    ):
        before = read_run_config(order.folder.config_path)
        is_changed = await _settle_changes(order, before, stopping)
        try:
            end = await _check_and_go_on(order, stopping, is_changed=is_changed)
        except ModelGoneError:
            _forget(order.folder, before)
            raise
        if not end.is_done:
            note.leave(end.describe_left())
        return end


async def _check_and_go_on(order: RunOrder, stopping: Stopping, *, is_changed: bool) -> StagesEnd:
    model = order.settings.teacher.model
    await check_hosts(order.folder, order.endpoints, model, SystemClock())
    if order.retries_failed:
        failed_count = retry_failed(order.folder, order.stages)
        is_changed = is_changed or failed_count > 0
        _log.info("asking again: %d requests that had failed", failed_count)
    return await _go_on(order, stopping, is_changed=is_changed)


def _forget(folder: RunFolder, before: RunConfig | None) -> None:
    """Forget the models that are not there; a run that has asked nothing yet begins anew."""
    if before is not None:
        forget_unserved(folder, before)
    elif not has_asked(folder):
        folder.config_path.unlink()


async def _go_on(order: RunOrder, stopping: Stopping, *, is_changed: bool) -> StagesEnd:
    async with open_stages(
        order.stages, None, order, order.others, stopping, known=order.stages
    ) as opened:
        name = order.last_stage or order.stages[-1].name
        try:
            return await opened.run(name, is_changed=is_changed, last_stage=order.last_stage)
        except FatalError:
            await _write_rows(opened.context)
            raise


async def _write_rows(context: StageContext[None]) -> None:
    """Write the rows that there are: the money that they cost is spent.

    The error that ended the run has requested a stop, which is not meant for this.
    """
    if context.folder.results_path(ANSWERS.name).exists():
        await run_stages((EXPORT,), replace(context, stopping=Stopping()))
        _log.info("the rows so far were written: %s", context.folder.dataset_dir)


async def _settle_changes(order: RunOrder, before: RunConfig | None, stopping: Stopping) -> bool:
    """Remove stale results from the run, and write the settings that it goes on with.

    Returns whether anything was other than before.
    """
    folder, settings = order.folder, order.settings
    await _list_sources(folder, settings, stopping)
    is_changed = False
    if before is None:
        _begin(order)
        after = new_run_config(settings)
    else:
        after = with_settings(before, settings)
        changes = RunChanges(
            find_changes(before, after, order.stages),
            tuple(find_missing_documents(folder)),
            tuple(find_new_documents(folder)),
        )
        await _apply(changes, order, stopping)
        is_changed = bool(changes)
    write_run_config(folder.config_path, after)
    return is_changed


def _begin(order: RunOrder) -> None:
    """Nothing is there, or its settings are lost: then all is made again, if the user agrees.

    Raises:
        DamagedLogError: the user has not agreed.
    """
    if order.accepts_changes:
        reset_stages(order.folder, order.stages)
    else:
        refuse_lost_config(order.folder)


async def _apply(changes: RunChanges, order: RunOrder, stopping: Stopping) -> None:
    if not changes:
        return
    is_free = not (changes.documents or has_asked(order.folder))
    if not (order.accepts_changes or is_free):
        kept = Kept(order.folder, order.settings, order.stages)
        await check_consent(changes, kept, stopping)
    for change in changes.describe():
        _log.info("changed: %s", change)
    apply_changes(order.folder, changes, order.stages)
    run_batch_folder(order.folder, "").outbox_path.unlink(missing_ok=True)  # asked anew, if still
    await _list_sources(order.folder, order.settings, stopping)  # rejections are gone


async def _list_sources(folder: RunFolder, settings: RunSettings, stopping: Stopping) -> None:
    assert settings.documents_dir is not None
    await list_sources(
        folder, settings.documents_dir, stopping, text_column=settings.documents.text_column
    )
