"""Leases on disk: what was lent outlives the process that lent it."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import orjson

from engine.files.jsonl_lines import damaged_line, read_lines, write_whole
from engine.files.replace import replace_file
from engine.files.shared_sync import SharedSync
from engine.lease.leases import Holder

FOLD_ABOVE_BYTES = 1 << 22
TOUCH_EVERY_S = 1.0


def read_leases(path: Path) -> Iterator[Holder]:
    """The holders of a log, each as it was last; none if there is no such file.

    Raises:
        DamagedLogError: a line is not one of this log.
    """
    last: dict[str, Holder] = {}
    for number, line in enumerate(read_lines(path), start=1):
        try:
            holder = Holder(**orjson.loads(line))
        except (orjson.JSONDecodeError, TypeError) as error:
            raise damaged_line(path, number, f"not a lease ({error})") from error
        last[holder.name] = holder
    yield from last.values()


class LeaseLog:
    """An append-only log of leases, a line for each change. One process writes.

    The time of its file says when somebody last claimed, to within TOUCH_EVERY_S.
    """

    def __init__(self, path: Path, state: Iterable[Holder]) -> None:
        """Begin the file with what is lent now.

        Raises:
            StorageError: the disk refused it.
        """
        self._path = path
        self._sync = SharedSync(path)
        self._touched_s = float("-inf")
        self._begin(state)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    @property
    def is_long(self) -> bool:
        """Whether it should be folded."""
        return self._size_bytes > self._fold_at_bytes

    def write(self, holder: Holder) -> None:
        """Append the line of a holder; it is durable once `sync` has returned.

        Raises:
            StorageError: the disk refused it.
        """
        data = _encode(holder) + b"\n"
        write_whole(self._descriptor, data, self._path)
        self._sync.note_written()
        self._size_bytes += len(data)

    def touch(self, now_s: float) -> None:
        """Note in the file's time that somebody claimed."""
        if now_s - self._touched_s >= TOUCH_EVERY_S:
            self._touched_s = now_s
            os.utime(self._path)

    async def sync(self) -> None:
        """Wait until all that is written is on disk; who comes meanwhile shares the next sync.

        Raises:
            StorageError: the disk refused it.
        """
        await self._sync.reach(self._descriptor)

    async def fold(self, state: Iterable[Holder]) -> None:
        """Begin the file anew with what is lent now; what was written before is not needed."""
        async with self._sync.turn:
            os.close(self._descriptor)
            self._begin(state)
            self._sync.note_durable()

    def _begin(self, state: Iterable[Holder]) -> None:
        replace_file(self._path, map(_encode, state))
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        self._size_bytes = os.fstat(self._descriptor).st_size
        self._fold_at_bytes = self._size_bytes + FOLD_ABOVE_BYTES


def _encode(holder: Holder) -> bytes:
    """A line without its newline. What a holder wants, and until when, is told anew."""
    return orjson.dumps({**asdict(holder), "wants": {}, "wanted_usd": 0.0, "until_s": 0.0})
