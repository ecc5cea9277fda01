"""The lines of a file: by number, while it grows (8 bytes a line), and by an id; and a new one."""

from __future__ import annotations  # array[int] is not subscriptable before Python 3.12

import fcntl
import mmap
import os
import time
from array import array
from collections.abc import Iterator
from pathlib import Path

from engine.files.jsonl_lines import id_key, line_prefix

BLOCK_BYTES = 1 << 22
OWNER_ONLY = 0o600


class LineFile:
    """The whole lines of a file, numbered from 0; a line that is still being written is none.

    `count_on` finds where lines begin, as far as it gets in its time: the first lines of a large
    file are there at once. A file that was replaced is counted anew. For one thread.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._starts: array[int] = array("q", [0])
        self._identity: tuple[int, int] | None = None
        self._is_counted = False

    def count_on(self, limit_s: float) -> None:
        """Count lines until all are counted or the time is over."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            self._forget(None)
            return
        identity = status.st_dev, status.st_ino
        if identity != self._identity or status.st_size < self._starts[-1]:
            self._forget(identity)
        end_s = time.monotonic() + limit_s
        with self.path.open("rb", buffering=0) as file:
            file.seek(self._starts[-1])
            position = self._starts[-1]
            while block := file.read(BLOCK_BYTES):
                self._add(block, position)
                position += len(block)
                if time.monotonic() > end_s and position < status.st_size:
                    self._is_counted = False
                    return
        self._is_counted = True

    @property
    def is_counted(self) -> bool:
        """Whether the last `count_on` came to the end of the file."""
        return self._is_counted

    def __len__(self) -> int:
        return len(self._starts) - 1

    def read(self, first: int, count: int) -> list[bytes]:
        """Up to `count` counted lines from number `first` on, without their newlines."""
        last = min(first + count, len(self))
        if first >= last:
            return []
        with self.path.open("rb", buffering=0) as file:
            start, end = self._starts[first], self._starts[last]
            data = os.pread(file.fileno(), end - start, start)
        return data.split(b"\n")[: last - first]

    def _forget(self, identity: tuple[int, int] | None) -> None:
        self._starts = array("q", [0])
        self._identity = identity
        self._is_counted = True

    def _add(self, block: bytes, position: int) -> None:
        import numpy as np

        ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n"))
        self._starts.frombytes((ends + (position + 1)).astype(np.int64).tobytes())


def find_by_id(path: Path, id_field: str, item_id: str) -> bytes | None:
    """The first whole line whose first field is this id, by a search of the bytes."""
    return next(_find(path, line_prefix(id_field) + id_key(item_id), at_start=True), None)


def find_by_field(path: Path, field: str, value: str) -> Iterator[bytes]:
    """All whole lines with this value in a text field.

    No text can imitate that: quotes in a text are escaped.
    """
    yield from _find(path, b'"%b":%b' % (field.encode(), id_key(value)), at_start=False)


def _find(path: Path, wanted: bytes, *, at_start: bool) -> Iterator[bytes]:
    if not path.exists() or not path.stat().st_size:
        return
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        at = data.find(wanted)
        while at >= 0:
            start = data.rfind(b"\n", 0, at) + 1
            end = data.find(b"\n", at)
            if end < 0:
                return
            if not at_start or start == at:
                yield data[start:end]
            at = data.find(wanted, end)


def append_line(path: Path, line: bytes) -> None:
    """Append `line` and its newline; on disk when this returns.

    One writer at a time, by a lock of the system. What a crash left of a last line is cut off
    first: it was never promised to anybody.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        end = _end_of_whole_lines(descriptor)
        os.ftruncate(descriptor, end)
        data = line + b"\n"
        written = os.pwrite(descriptor, data, end)
        if written != len(data):
            os.ftruncate(descriptor, end)
            raise OSError(f"{path}: the disk took {written} of {len(data)} bytes")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _end_of_whole_lines(descriptor: int) -> int:
    end = os.fstat(descriptor).st_size
    while end and os.pread(descriptor, 1, end - 1) != b"\n":
        end -= 1
    return end
