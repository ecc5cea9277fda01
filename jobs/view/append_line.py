"""Appends one line to a file that several processes may append to, durably."""

import fcntl
import os
from pathlib import Path

OWNER_ONLY = 0o600


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
