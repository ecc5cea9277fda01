"""The lines of a log as they lie in its file: whole or torn, whose they are, damaged or not."""

from __future__ import annotations  # array[int] is not subscriptable before Python 3.12

import os
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from engine.errors import DamagedLogError, StorageError

BLOCK_BYTES = 1 << 20
LAST_LINE_NEWLINES = 2  # before a last whole line and at its end; it may be followed by a torn one
CONTENT_ID_CHARS = 32


def line_prefix(id_field: str) -> bytes:
    """What every line of a log begins with, up to the opening quote of its id."""
    return b'{"' + id_field.encode() + b'":'


def id_key(item_id: str) -> bytes:
    """An id as it stands in its line: a JSON string with its quotes."""
    return orjson.dumps(item_id)


def write_whole(descriptor: int, data: bytes, path: Path) -> None:
    """Write all of `data` to an open file, that of `path`.

    Raises:
        StorageError: the disk refused it; a part may be written.
    """
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> StorageError:
    """The error for a disk that does not take, or keep, what is written to a file."""
    return StorageError(
        f"{path}: cannot be written ({error}); free the disk or mend it, then run the same "
        "command again"
    )


def read_lines(path: Path) -> Iterator[bytes]:
    """The whole lines of a log, in order, without newlines; none if there is no such file.

    It ends at a line that is still being written: its rest may come while this reads.
    """
    if not path.exists():
        return
    with path.open("rb", buffering=BLOCK_BYTES) as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            yield line[:-1]


class LineBlock(NamedTuple):
    """Some whole lines of a file, without newlines, and the offset behind the last of them."""

    lines: list[bytes]
    end: int


def read_blocks(path: Path, start: int, end: int | None = None) -> Iterator[LineBlock]:
    """The whole lines of a log from the offset `start` on, not beyond `end`; others may write it.

    Memory: about a megabyte, or the longest line. No file, no lines.
    """
    if not path.exists():
        return
    with path.open("rb", buffering=0) as file:
        begun, position = b"", file.seek(start)
        while end is None or position + len(begun) < end:
            most = BLOCK_BYTES if end is None else min(BLOCK_BYTES, end - position - len(begun))
            if not (block := file.read(most)):
                return
            *whole, begun = (begun + block).split(b"\n")
            if whole:
                position += sum(map(len, whole)) + len(whole)
                yield LineBlock(whole, position)


def last_line(path: Path) -> bytes:
    """The last whole line of a log without its newline; empty if there is none."""
    if not path.exists():
        return b""
    with path.open("rb") as file:
        position, tail = file.seek(0, os.SEEK_END), b""
        while position > 0 and tail.count(b"\n") < LAST_LINE_NEWLINES:
            step = min(position, BLOCK_BYTES)
            position -= step
            file.seek(position)
            tail = file.read(step) + tail
    *whole, _ = tail.rsplit(b"\n", LAST_LINE_NEWLINES)
    return whole[-1] if whole else b""


class NumberedLine(NamedTuple):
    """A line without its newline, and its number (1-based) in the file."""

    number: int
    data: bytes


def read_lines_by_id(
    path: Path, prefix: bytes, *, group_field: str | None = None
) -> Iterator[NumberedLine]:
    """The whole lines of a log in the order of their ids, which must be content ids.

    Of several lines with one id the first is read: a copied line makes nothing twice. With
    `group_field` the content id in that field comes first, and the line's own id decides
    among lines that share it. Memory: 24 bytes a line, 32 with `group_field`.

    Raises:
        DamagedLogError: a line does not hold a content id where there must be one.
    """
    import numpy as np

    id_bits, group_bits, offsets, offset = array("Q"), array("Q"), array("Q"), 0
    for number, line in enumerate(read_lines(path), start=1):
        try:
            id_bits.append(_first_bits(line, prefix))
            if group_field is not None:
                group_bits.append(_first_bits(line, b'"%b":' % group_field.encode()))
        except ValueError as error:
            raise damaged_line(path, number, f"its id has another form ({error})") from error
        offsets.append(offset)
        offset += len(line) + 1
    if not id_bits:
        return
    keys = [np.frombuffer(bits, dtype=np.uint64) for bits in (id_bits, group_bits) if bits]
    order = np.lexsort(keys)
    id_end, last_id = len(prefix) + CONTENT_ID_CHARS + 2, b""
    with path.open("rb") as file:
        for position in order:
            file.seek(offsets[position])
            line = file.readline().rstrip(b"\n")
            if line[:id_end] != last_id:
                yield NumberedLine(int(position) + 1, line)
            last_id = line[:id_end]


def _first_bits(line: bytes, name: bytes) -> int:
    """The first 64 bits of the content id behind `name`, which no text holds: quotes are escaped.

    Raises:
        ValueError: there is no content id.
    """
    start = line.index(name) + len(name) + 1
    return int(line[start : start + 16], 16)


def damaged_line(path: Path, number: int, why: str) -> DamagedLogError:
    """The error for line `number` (1-based) of a log."""
    return DamagedLogError(
        f"{path}:{number}: this line is damaged: {why}. Nothing is repaired by guessing: restore "
        "the file from a backup, or delete this line if its work may be done (and paid) again"
    )


def line_number(path: Path, offset: int) -> int:
    """The number (1-based) of the line that begins at `offset`."""
    number = 1
    with path.open("rb", buffering=0) as file:
        while offset > 0 and (block := file.read(min(offset, BLOCK_BYTES))):
            number += block.count(b"\n")
            offset -= len(block)
    return number
