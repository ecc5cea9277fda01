"""The lines of a file of JSON lines, found by their ids and read where they lie."""

import os
from collections.abc import Sequence
from io import FileIO
from pathlib import Path

from engine.errors import DamagedLogError
from engine.files.id_index import IdIndex
from engine.files.jsonl_lines import damaged_line, line_number, line_prefix
from engine.files.line_scan import scan_lines

READ_AHEAD_BYTES = 1 << 13


class IndexedLines:
    """The whole lines of an open file, each beginning with `prefix` and its id.

    A line counts once it stands in `index`. Reads only.
    """

    def __init__(self, path: Path, file: FileIO, prefix: bytes, index: IdIndex) -> None:
        self.path = path
        self.index = index
        self._file = file
        self._prefix = prefix

    def find(self, key: bytes) -> int | None:
        """Where the line of an id begins, which is given as it stands there; None: nowhere."""
        for offset in self.index.offsets(key):
            if self._is_at(offset, key):
                return offset
        return None

    def contains_each(self, keys: Sequence[bytes]) -> list[bool]:
        """Whether there is a line for each of many ids.

        A quarter of the time of as many questions one by one.
        """
        descriptor, skip, pread = self._file.fileno(), len(self._prefix), os.pread
        return [
            offset >= 0
            and (pread(descriptor, len(key), offset + skip) == key or self.find(key) is not None)
            for key, offset in zip(keys, self.index.first_offsets(keys), strict=True)
        ]

    def read(self, key: bytes) -> bytes | None:
        """The line of an id without its newline, None if there is none."""
        offset = self.find(key)
        return None if offset is None else self._read_line(offset)

    def damaged(self, key: bytes, why: str) -> DamagedLogError:
        """The error for a line that was found by its id and turned out to be damaged."""
        return damaged_line(self.path, line_number(self.path, self.find(key) or 0), why)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _is_at(self, offset: int, key: bytes) -> bool:
        expected = self._prefix + key
        return os.pread(self._file.fileno(), len(expected), offset) == expected

    def _read_line(self, offset: int) -> bytes:
        parts: list[bytes] = []
        while True:
            part = os.pread(self._file.fileno(), READ_AHEAD_BYTES, offset)
            newline = part.find(b"\n")
            if newline >= 0:
                return b"".join([*parts, part[:newline]])
            if not part:
                raise DamagedLogError(f"{self.path}: a line ends early; was the file shortened?")
            parts.append(part)
            offset += len(part)


def open_lines(path: Path, *, id_field: str) -> IndexedLines:
    """The lines that a file holds now; others may go on writing it. To be closed.

    Raises:
        DamagedLogError: a line is not one of this file.
    """
    prefix = line_prefix(id_field)
    lines = scan_lines(path, prefix)
    return IndexedLines(path, path.open("rb", buffering=0), prefix, IdIndex(*lines[:2]))
