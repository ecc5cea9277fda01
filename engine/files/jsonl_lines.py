"""The lines of a log as they lie in its file: whole or torn, whose they are, damaged or not."""

from __future__ import annotations  # array[int] is not subscriptable before Python 3.12

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from engine.errors import DamagedLogError

BLOCK_BYTES = 1 << 20

_QUOTE, _BACKSLASH, _CLOSING_BRACE = b'"', ord("\\"), ord("}")


class ScannedLines(NamedTuple):
    """The whole lines of a log: a hash of each id, each line's offset, and where the last ends."""

    hashes: array[int]
    offsets: array[int]
    end: int


def line_prefix(id_field: str) -> bytes:
    """What every line of a log begins with, up to the opening quote of its id."""
    return b'{"' + id_field.encode() + b'":'


def id_key(item_id: str) -> bytes:
    """An id as it stands in its line: a JSON string with its quotes."""
    return orjson.dumps(item_id)


def scan_lines(path: Path, prefix: bytes) -> ScannedLines:
    """Find the ids of a log's whole lines without parsing what follows them.

    The loop is written for speed (about 1 us a line): a journal has millions of lines.

    Raises:
        DamagedLogError: a line does not begin with `prefix` and an id, or does not end with `}`.
    """
    hashes, offsets = array("q"), array("q")
    skip, start, rest = len(prefix), 0, b""
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK_BYTES):
            block = rest + block
            position = 0
            while (newline := block.find(b"\n", position)) >= 0:
                id_end = block.find(_QUOTE, position + skip + 1) + 1
                if id_end and block[id_end - 2] == _BACKSLASH:
                    id_end = _end_of_string(block, position + skip)
                if (
                    not 0 < id_end < newline
                    or not block.startswith(prefix + _QUOTE, position)
                    or block[newline - 1] != _CLOSING_BRACE
                ):
                    found = block[position : min(newline, position + 60)]
                    raise damaged_line(path, len(offsets) + 1, f"found {found!r}")
                hashes.append(hash(block[position + skip : id_end]))
                offsets.append(start + position)
                position = newline + 1
            start += position
            rest = block[position:]
    return ScannedLines(hashes, offsets, start)


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


class NumberedLine(NamedTuple):
    """A line without its newline, and its number (1-based) in the file."""

    number: int
    data: bytes


def read_lines_by_id(
    path: Path, prefix: bytes, *, group_field: str | None = None
) -> Iterator[NumberedLine]:
    """The whole lines of a log in the order of their ids, which must be content ids.

    With `group_field` the content id in that field comes first, and the line's own id decides
    among lines that share it. Memory: 24 bytes a line, 32 with `group_field`.

    Raises:
        DamagedLogError: a line does not hold a content id where there must be one.
    """
    import numpy as np

    id_bits, group_bits = array("Q"), array("Q")
    for number, line in enumerate(read_lines(path), start=1):
        try:
            id_bits.append(_first_bits(line, prefix))
            if group_field is not None:
                group_bits.append(_first_bits(line, b'"%b":' % group_field.encode()))
        except ValueError as error:
            raise damaged_line(path, number, f"its id is none of ours ({error})") from error
    if not id_bits:
        return
    offsets = np.frombuffer(scan_lines(path, prefix).offsets, dtype=np.int64)
    keys = [np.frombuffer(bits, dtype=np.uint64) for bits in (id_bits, group_bits) if bits]
    order = np.lexsort(keys)
    with path.open("rb") as file:
        for position in order:
            file.seek(int(offsets[position]))
            yield NumberedLine(int(position) + 1, file.readline().rstrip(b"\n"))


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


def _end_of_string(block: bytes, start: int) -> int:
    position = start + 1
    while 0 <= position < len(block):
        if block[position] == _BACKSLASH:
            position += 2
        elif block[position : position + 1] == _QUOTE:
            return position + 1
        else:
            position += 1
    return 0
