"""Lets requests that failed for good be asked again, and keeps what they had come to."""

from collections.abc import Callable, Container, Iterator

from engine.files.journal import read_settled
from engine.files.jsonl_lines import read_lines
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from jobs.run.changes import reset_stages

EVALUATION = "evaluation_"  # what the purposes of an evaluation's requests begin with


def set_failures_aside(folder: RunFolder) -> int:
    """Move the dataset's failed outcomes from the journal to retried.jsonl; returns their number.

    The stages that asked them are done again, from the journal where requests are settled. A crash
    in between loses nothing: a failure stands in one of the two files, or in both.
    """
    failed_ids = find_failures(folder, lambda purpose: not purpose.startswith(EVALUATION))
    if failed_ids:
        reset_stages(folder, ("questions", "kept_questions", "answers"))
        move_failures(folder, failed_ids)
    return len(failed_ids)


def find_failures(folder: RunFolder, is_wanted: Callable[[str], bool]) -> frozenset[str]:
    """The ids of the requests that failed for good and whose purpose `is_wanted`."""
    return frozenset(
        settled.request_id
        for settled in read_settled(folder.journal_path)
        if not settled.is_completed and is_wanted(settled.purpose)
    )


def move_failures(folder: RunFolder, failed_ids: Container[str]) -> None:
    """Move failed outcomes from the journal to retried.jsonl, so that they are asked again."""
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
