"""The files of a folder that are not in the run, and why: kept exact, and put into words."""

from collections import Counter
from collections.abc import Container, Iterator
from pathlib import Path, PurePosixPath

from engine.files import replace_file
from engine.jsonl_lines import read_lines
from engine.records import encode_record, read_records
from schemas.dataset import Rejection

STAGE = "documents"
UNKNOWN_TYPE = "unknown_type"

_OF_DOCUMENTS = b'"stage":"documents"'


def forget_stale(rejected_path: Path, listed: Container[str], present: Container[str]) -> None:
    """Take files out of the drop ledger that have been mended, changed or removed since.

    `listed` are the rejections of the last listing, `present` the documents that it found.
    """

    def is_stale(rejection: Rejection) -> bool:
        is_there = rejection.rejection_id in listed or rejection.item_id in present
        return rejection.stage == STAGE and not is_there

    if any(is_stale(rejection) for rejection in _read_unread(rejected_path)):
        kept = (r for r in read_records(rejected_path, Rejection) if not is_stale(r))
        replace_file(rejected_path, map(encode_record, kept))


def describe_unread(rejected_path: Path) -> Iterator[str]:
    """One line for each file that is not read; files of an unknown type in one line a type."""
    unknown: Counter[str] = Counter()
    for rejection in _read_unread(rejected_path):
        if rejection.reason == UNKNOWN_TYPE:
            unknown[_ending(rejection.detail)] += 1
        else:
            yield f"not read: {rejection.detail}"
    for ending, count in sorted(unknown.items()):
        yield f"not read: {count:,} of unknown type {ending}"


def _read_unread(rejected_path: Path) -> Iterator[Rejection]:
    for line in read_lines(rejected_path):
        if _OF_DOCUMENTS in line:  # a document's text cannot hold this: quotes are escaped
            yield Rejection.model_validate_json(line)


def _ending(detail: str) -> str:
    name = detail.partition(": unknown type")[0]
    return PurePosixPath(name).suffix or "(no ending)"
