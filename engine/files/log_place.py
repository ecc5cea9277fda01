"""Whether a log that is being written is still where it was, and as it was written."""

import os
from pathlib import Path

from engine.errors import DamagedLogError

RESCUED = ".rescued"
_COPIED_BYTES = 1 << 20


def check_place(path: Path, descriptor: int, size_bytes: int) -> None:
    """Make sure that what was just written to an open log can be found again.

    Where the file was deleted meanwhile, all that it holds is copied beside its place.

    Raises:
        DamagedLogError: it is no longer at `path`, or is not `size_bytes` large.
        OSError: the copy cannot be written.
    """
    ours = os.fstat(descriptor)
    try:
        there = path.stat()
        is_there = (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
    except FileNotFoundError:
        is_there = False
    if is_there and ours.st_size == size_bytes:
        return
    if is_there:
        raise DamagedLogError(
            f"{path}: was changed by another program while it was written (found {ours.st_size:,} "
            f"bytes, expected {size_bytes:,}): restore what is missing from a backup, or it is "
            "paid for again"
        )
    if ours.st_nlink:
        raise DamagedLogError(
            f"{path}: was moved while it was written: move it back, then run the same command again"
        )
    rescued = path.with_name(path.name + RESCUED)
    _copy(descriptor, rescued)
    raise DamagedLogError(
        f"{path}: was deleted while it was written; all that it held is in {rescued}: move that to "
        f"{path}, then run the same command again"
    )


def _copy(descriptor: int, target: Path) -> None:
    with target.open("wb") as file:
        while data := os.pread(descriptor, _COPIED_BYTES, file.tell()):
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
