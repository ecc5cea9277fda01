"""The folder of a run: where its files are, and that only one process writes them."""

import fcntl
import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.errors import ConfigError, RunInUseError

LOCK_TRIES = 5
LOCK_TRY_EVERY_S = 0.05  # `find_writer` holds the lock for a moment; that is not a writer


class WriterLock:
    """Held by at most one process. The system drops it when its owner dies, however it dies.

    The file stays; it says who holds or last held the lock, and is a lock only while it is held.
    `guarded` is what the lock is for, in messages: the file's folder if nothing else is named.
    """

    def __init__(self, path: Path, *, guarded: Path | None = None) -> None:
        self._path = path
        self._guarded = guarded or path.parent

    def __enter__(self) -> Self:
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        if not _try_lock(self._descriptor, fcntl.LOCK_EX, tries=LOCK_TRIES):
            holder = _read_holder(self._descriptor)
            os.close(self._descriptor)
            raise RunInUseError(f"{self._guarded}: in use by {holder}; try again when it has ended")
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, _describe_holder().encode(), 0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)


def find_writer(path: Path) -> str | None:
    """Who holds the lock now, in words; None if nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        if _try_lock(descriptor, fcntl.LOCK_SH, tries=1):
            return None
        return _read_holder(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, kind: int, *, tries: int) -> bool:
    for attempt in range(tries):
        if attempt:
            time.sleep(LOCK_TRY_EVERY_S)
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return True
    return False


def _read_holder(descriptor: int) -> str:
    return os.pread(descriptor, 4096, 0).decode(errors="replace").strip() or "another process"


def _describe_holder() -> str:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return f"process {os.getpid()} on {socket.gethostname()} since {since}\n"


class RunFolder:
    """The paths of a run. It creates nothing but what `create` says."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self.lock_path = run_dir / "lock"
        self.config_path = run_dir / "config.toml"
        self.journal_path = run_dir / "journal.jsonl"
        self.retried_path = run_dir / "retried.jsonl"
        self.sources_path = run_dir / "sources.jsonl"
        self.rejected_path = run_dir / "rejected.jsonl"
        self.stats_path = run_dir / "stats.jsonl"
        self.batches_path = run_dir / "batches.jsonl"
        self.batches_dir = run_dir / "batches"
        self.local_model_log_path = run_dir / "local_model.log"
        self.dataset_dir = run_dir / "dataset"
        self.evaluation_dir = run_dir / "evaluation"

    @property
    def is_begun(self) -> bool:
        """Whether this is the folder of a run, and not of anything else."""
        return self.config_path.exists() or self.lock_path.exists()

    def create(self) -> None:
        """Make the folder and the folders in it, if they are not there.

        Raises:
            ConfigError: it cannot be made.
        """
        try:
            self.dataset_dir.mkdir(parents=True, exist_ok=True)
            self.evaluation_dir.mkdir(exist_ok=True)
            self.finished_path("evaluation/any").parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{self.run_dir}: cannot be made a run's folder: {error}") from error

    def results_path(self, stage: str) -> Path:
        """The file of a stage's results; its name may hold a folder (`evaluation/answers`)."""
        return self.run_dir / f"{stage}.jsonl"

    def finished_path(self, stage: str) -> Path:
        """The ledger of the items that a stage has ended."""
        return self.run_dir / "finished" / f"{stage}.jsonl"

    def stage_paths(self) -> list[Path]:
        """The files that stages have written: results, rejections, ledgers; not the journal."""
        paths = [*self.run_dir.glob("*.jsonl"), *self.run_dir.glob("finished/*.jsonl")]
        others = (self.journal_path, self.stats_path, self.batches_path)
        return [path for path in paths if path not in others]
