"""Room on the disk that is held free, so that replies in flight can be kept once it is full."""

import os
from pathlib import Path

from engine.errors import StorageError

RESERVE_BYTES = 16 << 20  # a thousand replies in flight of 16 KB
SUFFIX = ".reserve"


class DiskReserve:
    """A file without content beside a log, which makes room for the log's last lines by going.

    Where a process was killed its file is left, and is the next one's.
    """

    def __init__(self, log_path: Path, size_bytes: int = RESERVE_BYTES) -> None:
        """Take the room.

        Raises:
            StorageError: there is not so much.
        """
        self._path = log_path.with_name(log_path.name + SUFFIX)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _allocate(descriptor, size_bytes)
        except OSError as error:
            self._path.unlink()
            raise StorageError(
                f"{log_path.parent}: there are not {size_bytes >> 20} MB of room ({error}), which "
                "replies in flight need if the disk becomes full; free some, then run the same "
                "command again"
            ) from error
        finally:
            os.close(descriptor)

    def release(self) -> bool:
        """Give the room back; False: that was done before."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True


def _allocate(descriptor: int, size_bytes: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size_bytes)
    else:  # macOS
        os.pwrite(descriptor, bytes(size_bytes), 0)
