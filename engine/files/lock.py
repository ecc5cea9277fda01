"""A lock that one process holds at a time; the system releases it when the process ends."""

import fcntl
import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.errors import RunInUseError

LOCK_TRIES = 5
LOCK_TRY_EVERY_S = 0.05  # `find_writer` holds the lock for a moment; that is not a writer


class WriterLock:
    """Held by at most one process. The system releases it when that ends, also when it is killed.

    The file stays; it names the process that holds or last held the lock.
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
    """Which process holds the lock now, in words; None if none does."""
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
