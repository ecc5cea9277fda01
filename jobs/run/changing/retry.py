"""Lets requests that failed for good be sent again, and keeps their former outcomes."""

from collections.abc import Container, Iterator
from typing import Any

from engine.files.journal import read_settled
from engine.files.jsonl_lines import read_lines
from engine.files.records import encode_record, read_records, record_id
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import FinishedItem
from jobs.run.reset import forget_items, reset_stages
from jobs.run.stages import Stage, Stages
from schemas.dataset import Rejection


def retry_failed(folder: RunFolder, stages: Stages[Any]) -> int:
    """Move the failed outcomes of these stages from the journal to retried.jsonl; their number.

    What depended on them is done again, from the journal where requests are settled: a stage that
    keeps the results of former settings forgets only what did not come about. A crash in between
    loses nothing: a failure stands in one of the two files, or in both.
    """
    failed = _failed_ids(folder, {purpose for stage in stages for purpose in stage.purposes})
    if not failed:
        return 0
    asking = [stage for stage in stages if stage.purposes and not stage.is_written_anew]
    first = stages.index(asking[0])
    reset_stages(folder, tuple(s for s in stages[first:] if not s.keeps_former_results))
    for stage in asking:
        if stage.keeps_former_results:
            _forget_failed(folder, stage)
    _set_aside(folder, failed)
    return len(failed)


def _failed_ids(folder: RunFolder, purposes: Container[str]) -> frozenset[str]:
    return frozenset(
        settled.request_id
        for settled in read_settled(folder.journal_path)
        if not settled.is_completed and settled.purpose in purposes
    )


def _forget_failed(folder: RunFolder, stage: Stage[Any]) -> None:
    """Make those items unfinished that ended as rejections, or as results that say they failed."""
    assert stage.result is not None
    rejections = list(read_records(folder.rejected_path, Rejection))
    rejected = {each.item_id for each in rejections if each.stage == stage.name}
    failed = {
        record_id(result)
        for result in read_records(folder.results_path(stage.name), stage.result)
        if stage.is_failed_result(result)
    }
    forget_items(folder.finished_path(stage.name), FinishedItem, rejected | failed)
    kept = (each for each in rejections if each.stage != stage.name)
    replace_file(folder.rejected_path, map(encode_record, kept))
    forget_items(folder.results_path(stage.name), stage.result, failed)


def _set_aside(folder: RunFolder, failed_ids: Container[str]) -> None:
    aside = list(read_lines(folder.retried_path))
    known = set(aside)
    failed = [line for line in _lines(folder, failed_ids, wanted=True) if line not in known]
    replace_file(folder.retried_path, [*aside, *failed])
    replace_file(folder.journal_path, _lines(folder, failed_ids, wanted=False))


def _lines(folder: RunFolder, failed_ids: Container[str], *, wanted: bool) -> Iterator[bytes]:
    settled = read_settled(folder.journal_path)
    for line, outcome in zip(read_lines(folder.journal_path), settled, strict=True):
        if (outcome.request_id in failed_ids) is wanted:
            yield line
