"""What of a run may be deleted, and deleting it."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from engine.files.disk_reserve import SUFFIX as RESERVE_SUFFIX
from engine.run_folder import RunFolder
from jobs.dataset.repeats.find_repeats import FOLDER_NAME
from jobs.dataset.stages import DATASET
from jobs.run.batch_folders import run_batch_folder
from jobs.run.changing.preview import COPY_NAME
from jobs.run.reset import reset_stages

Reach = Literal["leftovers", "derived", "all"]

REPORT_NAME = "report.html"
BYTES_PER_STEP = 1000
CRASHED = (".new", RESERVE_SUFFIX)  # names that end so are gone where no crash left them


class Deletable(NamedTuple):
    """A file or folder, what it is, and its size with all that is in it."""

    path: Path
    what: str
    size_bytes: int


def find_deletable(folder: RunFolder, reach: Reach) -> list[Deletable]:
    """What is there of it. `leftovers`: what no command needs, or makes again each time.

    `derived`: also the results of the stages, which `distill run` makes again from documents and
    journal at no cost; the dataset stays. `all`: the whole folder, with what was paid for.
    """
    if reach == "all":
        return [_deletable(folder.run_dir, "the run with its journal: what was paid for")]
    found = list(_leftovers(folder))
    return found + list(_derived(folder)) if reach == "derived" else found


def _leftovers(folder: RunFolder) -> Iterator[Deletable]:
    place = run_batch_folder(folder, "")
    unfinished = (path for suffix in CRASHED for path in folder.run_dir.rglob(f"*{suffix}"))
    crashed = [*unfinished, folder.run_dir / COPY_NAME, folder.run_dir / FOLDER_NAME]
    rows = [
        *((path, "left by a crash") for path in crashed),
        *((path, "half of a download") for path in place.remains()),
        (folder.stats_path, "counters of past minutes"),
        (folder.local_model_log_path, "log of the local model"),
        (folder.run_dir / REPORT_NAME, "`distill report` makes it again"),
        (folder.evaluation_dir / "comparison.json", "`distill compare` makes it again"),
    ]
    for path, what in rows:
        if path.exists():
            yield _deletable(path, what)


def _derived(folder: RunFolder) -> Iterator[Deletable]:
    for stage in DATASET:
        if stage.is_written_anew:
            continue
        for path in (folder.results_path(stage.name), folder.finished_path(stage.name)):
            if path.exists():
                yield _deletable(path, "`distill run` makes it again, at no cost")


def delete(folder: RunFolder, found: Sequence[Deletable], reach: Reach) -> None:
    """Delete files and folders; the caller holds the run's lock.

    Raises:
        OSError, StorageError: one cannot be deleted, or replaced.
    """
    if reach == "derived":
        reset_stages(folder, DATASET)  # their rejections too, which stand between others
    for each in found:
        if each.path.is_dir() and not each.path.is_symlink():
            shutil.rmtree(each.path)
        else:
            each.path.unlink(missing_ok=True)


def _deletable(path: Path, what: str) -> Deletable:
    inside = path.rglob("*") if path.is_dir() else [path]
    size_bytes = sum(each.lstat().st_size for each in inside if not each.is_dir())
    return Deletable(path, what, size_bytes)


def describe_deletable(found: Sequence[Deletable], *, is_done: bool) -> str:
    """A line each, then what becomes of them."""
    if not found:
        return "there is nothing to delete here"
    lines = [f"{_size(each.size_bytes):>9}  {each.path}: {each.what}" for each in found]
    total = _size(sum(each.size_bytes for each in found))
    end = "deleted" if is_done else "can be deleted: give --yes to do it"
    return "\n".join([*lines, f"{total:>9}  {end}"])


def _size(size_bytes: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size_bytes < BYTES_PER_STEP:
            return f"{size_bytes:,.0f} {unit}"
        size_bytes /= BYTES_PER_STEP
    return f"{size_bytes:,.1f} GB"
