"""The files of a folder that could not be read, and why: kept up to date, and described."""

from collections import Counter
from collections.abc import Container, Iterator
from pathlib import Path, PurePosixPath

from engine.files.jsonl_lines import read_lines
from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import FinishedItem
from jobs.documents.list_files import STAGE
from schemas.dataset import Rejection

UNKNOWN_TYPE = "unknown_type"
MISSING_EXTRA = "missing_extra"
NO_COLUMN = "no_text_column"
MENDED_OUTSIDE = frozenset({MISSING_EXTRA, "unreadable", "changed"})  # by no change of the file

_ADVICE = {  # what makes text of a type that is not read
    **dict.fromkeys((".doc", ".pages", ".wpd", ".wps"), "save them as .docx"),
    **dict.fromkeys((".ppt", ".key", ".odp"), "save them as .pptx"),
    **dict.fromkeys((".mobi", ".azw", ".azw3", ".fb2"), "convert them to .epub"),
    **dict.fromkeys((".ps", ".djvu", ".xps"), "convert them to .pdf"),
    **dict.fromkeys((".mht", ".mhtml", ".chm", ".eml", ".msg"), "save them as .html"),
    **dict.fromkeys(
        (".xls", ".xlsx", ".ods"),
        "save them as .csv and name the column with documents.text_column",
    ),
}
_OF_DOCUMENTS = b'"stage":"documents"'


def forget_stale(folder: RunFolder, listed: Container[str], present: Container[str]) -> None:
    """Remove files from the drop ledger that have been repaired, changed or removed since.

    `listed` are the rejections of the last listing, `present` the documents that it found. A file
    that is forgotten is unfinished again: when it comes back, it is read or rejected anew.
    """

    def is_stale(rejection: Rejection) -> bool:
        is_there = rejection.item_id in present and rejection.reason not in MENDED_OUTSIDE
        return not (is_there or rejection.rejection_id in listed)

    stale = {r.rejection_id: r.item_id for r in _read_unread(folder.rejected_path) if is_stale(r)}
    if not stale:
        return
    item_ids = set(stale.values())
    for path, kind, forgotten in (
        (folder.finished_path(STAGE), FinishedItem, item_ids),
        (folder.rejected_path, Rejection, stale),
    ):
        kept = read_records(path, kind, is_wanted=lambda id_: id_ not in forgotten)  # noqa: B023
        replace_file(path, map(encode_record, kept))


def describe_unread(rejected_path: Path) -> Iterator[str]:
    """One line for each file that is not read, or for all files of a type that none is read of."""
    unknown: Counter[str] = Counter()
    wanting: Counter[str] = Counter()
    for rejection in _read_unread(rejected_path):
        name, _, why = rejection.detail.partition(": ")
        if rejection.reason == UNKNOWN_TYPE:
            unknown[_ending(name)] += 1
        elif rejection.reason in {MISSING_EXTRA, NO_COLUMN}:
            wanting[f"{_ending(name)}: {why}"] += 1
        else:
            yield f"not read: {rejection.detail}"
    for ending_and_why, count in sorted(wanting.items()):
        yield f"not read: {count:,} of type {ending_and_why}"
    for ending, count in sorted(unknown.items()):
        advice = _ADVICE.get(ending)
        yield f"not read: {count:,} of unknown type {ending}" + (f"; {advice}" if advice else "")


def _read_unread(rejected_path: Path) -> Iterator[Rejection]:
    for line in read_lines(rejected_path):
        if _OF_DOCUMENTS in line:  # a document's text cannot hold this: quotes are escaped
            yield Rejection.model_validate_json(line)


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower() or "(no ending)"
