"""Checks that every item of every stage ended once, with all that came of it on disk."""

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.files.id_index import IdIndex
from engine.files.jsonl_lines import read_lines
from engine.files.records import read_ids, read_records
from engine.run_folder import RunFolder
from engine.stage import FinishedItem
from jobs.dataset.rows.export_dataset import ROW_FILES
from jobs.findings import Finding
from jobs.run.stages import Stage, Stages
from schemas.dataset import Provenance
from schemas.record import Record
from schemas.settings import RunSettings


def check_items(
    folder: RunFolder, settings: RunSettings, stages: Stages[Any], *, is_complete: bool
) -> Iterator[Finding]:
    """A finding a stage that has begun. `is_complete`: no item may be left. Reads only.

    Raises:
        DamagedLogError: a file is damaged.
    """
    for stage in stages:
        if stage.result is not None and folder.finished_path(stage.name).exists():
            yield _check_stage(folder, settings, stage, stage.result, is_complete=is_complete)


def _check_stage(
    folder: RunFolder,
    settings: RunSettings,
    stage: Stage[Any],
    kind: type[Record],
    *,
    is_complete: bool,
) -> Finding:
    about = f"stage {stage.name}"
    path = folder.finished_path(stage.name)
    finished = results = rejections = 0
    for item in read_records(path, FinishedItem):
        finished += 1
        results += item.result_count
        rejections += item.rejection_count
    twice = sum(1 for _ in read_ids(path, FinishedItem)) - finished
    problems = [f"{twice:,} items ended twice"] if twice else []
    for name, missing in (
        ("results", results - _distinct(folder.results_path(stage.name), kind)),
        ("rejections", rejections - _rejection_count(folder, stage.name)),
    ):
        if missing > 0:
            problems.append(f"{missing:,} {name} of ended items are missing")
    total = stage.count_items(folder, settings)
    left = max(0, (total or 0) - finished)
    if left and is_complete:
        problems.append(f"{left:,} items did not end, though the run is complete")
    if problems:
        return Finding(about, "not ok", "; ".join(problems))
    rest = f", {left:,} are still to be done" if left else ""
    return Finding(about, "ok", f"{finished:,} items ended, each once{rest}")


def _distinct(path: Path, kind: type[Record]) -> int:
    seen = IdIndex(array("q"), array("q"))
    for record_id in read_ids(path, kind):
        key = record_id.encode()
        if not seen.holds(key):
            seen.add(key, 0)
    return len(seen)


def _rejection_count(folder: RunFolder, stage: str) -> int:
    of_stage = b'"stage":"%b"' % stage.encode()  # no text can hold it: quotes are escaped
    return sum(of_stage in line for line in read_lines(folder.rejected_path))


def check_provenance(folder: RunFolder) -> Iterator[Finding]:
    """Checks that every row of the dataset has its provenance, and the other way round.

    Raises:
        DamagedLogError: the provenance is damaged.
    """
    path = folder.dataset_dir / "provenance.jsonl"
    if not path.exists():
        return
    named = {name: 0 for name in ROW_FILES}
    for source in read_records(path, Provenance):
        named[source.file] = named.get(source.file, 0) + 1
    for name in ROW_FILES:
        rows = sum(1 for _ in read_lines(folder.dataset_dir / name))
        if rows != named[name]:
            text = f"{rows:,} rows, but {named[name]:,} of provenance: `distill run` writes both"
            yield Finding(f"dataset/{name}", "not ok", text)
        else:
            yield Finding(f"dataset/{name}", "ok", f"{rows:,} rows, each with its provenance")
