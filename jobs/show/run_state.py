"""Where a run stands: at work, waiting, ended, and in which stage."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from engine.last_call import read_last_call
from engine.run_folder import RunFolder
from jobs.dataset.rows.export_dataset import EXPORT
from jobs.run.stages import Stages
from schemas.last_call import LastCall
from schemas.summary import RunState, StageSummary, StateName

ROWS_FILE = "held_out.jsonl"  # the last that is written of the dataset

_SINCE = re.compile(r"since (\S+)")


class _Place(NamedTuple):
    """The first stage that is not complete, if any, and how many are before it."""

    stage: str | None
    number: int


def read_run_state(
    folder: RunFolder,
    dataset: Stages[None],
    stages: Mapping[str, StageSummary],
    *,
    writer: str | None,
    has_batches_out: bool,
) -> RunState:
    """The state by the lock, the last command's own word, and the files of the stages.

    Raises:
        DamagedLogError: the note of the last command is damaged.
    """
    call = read_last_call(folder.last_call_path)
    place = _find_place(folder, dataset, stages)
    name = _name_state(call, place, is_running=writer is not None, is_out=has_batches_out)
    if name == "running" and call is not None and call.ended_at is not None:
        call = None  # the process that holds the lock has not noted itself: `distill batches`
    if name == "complete":
        place = _Place(None, len(dataset))
    return RunState(
        name=name,
        command=call.command if call else None,
        since=_since(folder, name, call, writer),
        message=_message(name, call),
        stage=place.stage,
        stage_number=place.number,
        stage_count=len(dataset),
    )


def _find_place(
    folder: RunFolder, dataset: Stages[None], stages: Mapping[str, StageSummary]
) -> _Place:
    for number, stage in enumerate(dataset, start=1):
        done = stages.get(stage.name)
        if stage is EXPORT:
            is_complete = (folder.dataset_dir / ROWS_FILE).exists()
        elif done is None or done.total is None:
            is_complete = folder.results_path(stage.name).exists()
        else:
            is_complete = done.finished >= done.total
        if not is_complete:
            return _Place(stage.name, number)
    return _Place(None, len(dataset))


def _name_state(
    call: LastCall | None, place: _Place, *, is_running: bool, is_out: bool
) -> StateName:
    if is_running:
        return "running"
    if call is None:
        return "waiting" if is_out else "unknown" if place.stage else "complete"
    if call.ended_at is None or call.ending is None:
        return "interrupted"
    if call.ending == "left" and is_out:
        return "waiting"
    if call.ending == "complete" and place.stage is not None:
        return "left"  # another command than `run` was complete
    return call.ending


def _since(
    folder: RunFolder, name: StateName, call: LastCall | None, writer: str | None
) -> str | None:
    if name == "running":
        found = _SINCE.search(writer or "")
        return call.began_at if call else found[1] if found else None
    if call is not None and call.ended_at is not None:
        return call.ended_at
    return _last_written(folder)


def _last_written(folder: RunFolder) -> str | None:
    """When a file that every command writes was last written: the last sign of a killed one."""
    paths = (folder.last_call_path, folder.journal_path, folder.stats_path, folder.lock_path)
    times = [path.stat().st_mtime for path in paths if path.exists()]
    if not times:
        return None
    return datetime.fromtimestamp(max(times), UTC).isoformat(timespec="seconds")


def _message(name: StateName, call: LastCall | None) -> str:
    if call is None or name in ("running", "complete"):
        return ""
    if call.ended_at is None:
        return f"distill {call.command} was killed: it began at {call.began_at} and noted no end"
    return call.message
