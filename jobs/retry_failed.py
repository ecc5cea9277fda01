"""Lets requests that failed for good be asked again, and keeps what they had come to."""

from collections.abc import Iterator

from engine.files import replace_file
from engine.journal import read_settled
from engine.jsonl_lines import read_lines
from engine.run_folder import RunFolder
from jobs.run_changes import reset_stages


def set_failures_aside(folder: RunFolder) -> int:
    """Move all failed outcomes from the journal to retried.jsonl; returns how many there were.

    The stages that asked them are done again, from the journal where requests are settled. A crash
    in between loses nothing: a failure stands in one of the two files, or in both.
    """
    failed_ids = {
        settled.request_id
        for settled in read_settled(folder.journal_path)
        if not settled.is_completed
    }
    if not failed_ids:
        return 0
    reset_stages(folder, ("questions", "kept_questions", "answers"))
    aside = list(read_lines(folder.retried_path))
    known = set(aside)
    failed = [line for line in _lines(folder, failed_ids, wanted=True) if line not in known]
    replace_file(folder.retried_path, [*aside, *failed])
    replace_file(folder.journal_path, _lines(folder, failed_ids, wanted=False))
    return len(failed_ids)


def _lines(folder: RunFolder, failed_ids: set[str], *, wanted: bool) -> Iterator[bytes]:
    settled = read_settled(folder.journal_path)
    for line, outcome in zip(read_lines(folder.journal_path), settled, strict=True):
        if (outcome.request_id in failed_ids) is wanted:
            yield line
