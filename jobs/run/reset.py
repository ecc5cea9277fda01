"""Removes results from a run, so that they are made again from the journal, which stays."""

from collections.abc import Container
from pathlib import Path
from typing import Any

from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from jobs.run.stages import Stages
from schemas.dataset import Rejection
from schemas.record import Record


def reset_stages(folder: RunFolder, stages: Stages[Any]) -> None:
    """Remove the results of stages, so that they are done again. The journal stays."""
    if not stages:
        return
    names = {stage.name for stage in stages if not stage.is_written_anew}
    for name in names:
        folder.finished_path(name).unlink(missing_ok=True)
        folder.results_path(name).unlink(missing_ok=True)
    kept = (r for r in read_records(folder.rejected_path, Rejection) if r.stage not in names)
    replace_file(folder.rejected_path, map(encode_record, kept))


def forget_items(path: Path, kind: type[Record], item_ids: Container[str]) -> None:
    """Remove the lines with these ids from a file of records, if it is there."""
    if path.exists():
        kept = read_records(path, kind, is_wanted=lambda item_id: item_id not in item_ids)
        replace_file(path, map(encode_record, kept))
