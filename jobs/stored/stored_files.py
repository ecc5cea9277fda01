"""The files that are stored, and what they have gained since that was done."""

import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from engine.errors import StorageError
from jobs.stored.note import StoredFile
from jobs.stored.parts import Base, Extent, FileChange
from jobs.stored.places import Place

INLINE_BYTES = 4 << 20  # of one file in a part; what is more becomes objects
OBJECT_BYTES = 8 << 20
BLOCK_BYTES = 1 << 20

PutObject = Callable[[bytes], str]


class Changes(NamedTuple):
    """What became of files, the bytes that go into the part, and how far they are stored then."""

    changes: list[FileChange]
    inline: list[bytes]
    states: dict[str, StoredFile]


class StoredFiles:
    """Finds out what files have gained. One caller at a time.

    Where a file only grew, what it grew by is all that is read. That it did is certain while this
    process has it open; at first it is read from its beginning, if it was touched since.
    """

    def __init__(self, place: Place, states: Mapping[str, StoredFile]) -> None:
        self._place = place
        self.states = dict(states)
        self._followed: dict[str, int] = {}

    def close(self) -> None:
        """Close all files."""
        for descriptor in self._followed.values():
            os.close(descriptor)
        self._followed = {}

    def read_changes(self, put_object: PutObject, *, is_last: bool) -> Changes | None:
        """What is new of all files; None: nothing, or nothing but counters.

        Sizes are looked at in the order in which lines refer to others, so what a line refers to
        is there. With `is_last` counters and the student's files are looked at too.

        Raises:
            StorageError: a file cannot be read.
        """
        found = dict(self._found(is_last=is_last))
        touched = {
            name: status
            for name, status in found.items()
            if name not in self.states or not _was_seen_as(self.states[name], status)
        }
        gone = [
            name
            for name in self.states
            if name not in found and (is_last or not self._place.is_late(name))
        ]
        if not is_last and not gone and all(map(self._is_counter, touched)):
            return None
        changes = Changes([], [], {})
        for name in gone:
            changes.changes.append(FileChange(name=name, base="gone"))
        for name, status in touched.items():
            self._add(changes, name, status, put_object)
        return changes if changes.changes or changes.states else None

    def note_stored(self, changes: Changes) -> None:
        """Know that all of it is stored."""
        for change in changes.changes:
            if change.base == "gone":
                self.states.pop(change.name, None)
                self._follow(change.name, None)
        self.states |= changes.states

    def _found(self, *, is_last: bool) -> Iterator[tuple[str, os.stat_result]]:
        for path in self._place.paths():
            name = str(path.relative_to(self._place.root))
            if self._place.is_late(name) and not is_last:
                continue
            try:
                yield name, path.stat()
            except FileNotFoundError:
                continue  # it is gone since

    def _add(
        self, changes: Changes, name: str, seen: os.stat_result, put_object: PutObject
    ) -> None:
        path = self._place.root / name
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return  # gone since: the next time it is noticed
        except OSError as error:
            raise StorageError(f"{path}: cannot be read ({error})") from error
        try:
            now = os.fstat(descriptor)
            if now.st_ino != seen.st_ino or now.st_size < seen.st_size:
                seen = now  # another has taken its place
            self._add_open(changes, name, descriptor, seen, put_object)
        except BaseException:
            os.close(descriptor)
            raise

    def _add_open(
        self,
        changes: Changes,
        name: str,
        descriptor: int,
        seen: os.stat_result,
        put_object: PutObject,
    ) -> None:
        before, end, start = self.states.get(name), seen.st_size, 0
        if self._place.has_lines(self._place.root / name):
            end = _end_of_lines(descriptor, end)
        if before is not None and before.size_bytes <= end:
            is_same = (
                self._is_followed(name, seen) or _crc(descriptor, before.size_bytes) == before.crc
            )
            start = before.size_bytes if is_same else 0
        crc = before.crc if before is not None and start else 0
        extents, crc = _read(changes.inline, descriptor, range(start, end), crc, put_object)
        if extents or before is None or not (start or before.size_bytes == end == 0):
            base: Base = "kept" if start else "empty"
            changes.changes.append(
                FileChange(name=name, base=base, extents=extents, size_bytes=end, crc=crc)
            )
        changes.states[name] = StoredFile(
            size_bytes=end,
            crc=crc,
            inode=seen.st_ino,
            mtime_ns=seen.st_mtime_ns,
            seen_bytes=seen.st_size,
        )
        self._follow(name, descriptor)

    def _is_followed(self, name: str, status: os.stat_result) -> bool:
        """Whether it is the file that is held open: its number is no other's meanwhile."""
        held = self._followed.get(name)
        if held is None:
            return False
        known = os.fstat(held)
        return (known.st_dev, known.st_ino) == (status.st_dev, status.st_ino)

    def _follow(self, name: str, descriptor: int | None) -> None:
        """Hold a file of lines open, in the place of what was held by that name."""
        former = self._followed.pop(name, None)
        if former is not None:
            os.close(former)
        if descriptor is None:
            return
        if self._place.has_lines(self._place.root / name):
            self._followed[name] = descriptor
        else:
            os.close(descriptor)

    def _is_counter(self, name: str) -> bool:
        return self._place.is_counter(self._place.root / name)


def _was_seen_as(state: StoredFile, status: os.stat_result) -> bool:
    """Whether a file has not been touched since it was looked at."""
    now = (status.st_ino, status.st_mtime_ns, status.st_size)
    return now == (state.inode, state.mtime_ns, state.seen_bytes)


def _end_of_lines(descriptor: int, end: int) -> int:
    """Where the last whole line before `end` ends."""
    while end > 0:
        start = max(0, end - BLOCK_BYTES)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _crc(descriptor: int, size_bytes: int) -> int:
    """The checksum of so many bytes from the beginning; less, if there are less."""
    crc, position = 0, 0
    while position < size_bytes:
        block = os.pread(descriptor, min(BLOCK_BYTES, size_bytes - position), position)
        if not block:
            return -1
        crc, position = zlib.crc32(block, crc), position + len(block)
    return crc


def _read(
    inline: list[bytes], descriptor: int, places: range, crc: int, put_object: PutObject
) -> tuple[tuple[Extent, ...], int]:
    """The extents of these places of a file, and the checksum of all up to their end."""
    extents, position, is_small = [], places.start, len(places) <= INLINE_BYTES
    while position < places.stop:
        data = _pread_whole(descriptor, min(OBJECT_BYTES, places.stop - position), position)
        crc, position = zlib.crc32(data, crc), position + len(data)
        name = "" if is_small else put_object(data)
        if is_small:
            inline.append(data)
        extents.append(Extent(size_bytes=len(data), object_name=name))
    return tuple(extents), crc


def _pread_whole(descriptor: int, size_bytes: int, position: int) -> bytes:
    """So many bytes, which are there: one read may give less."""
    blocks = []
    while size_bytes:
        block = os.pread(descriptor, size_bytes, position)
        if not block:
            raise StorageError("a file became shorter while it was read; run the command again")
        blocks.append(block)
        size_bytes, position = size_bytes - len(block), position + len(block)
    return b"".join(blocks)
