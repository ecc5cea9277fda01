"""Checks the lines of a large file of requests on several cores, a range of it in each call."""

from __future__ import annotations  # array[int] is not subscriptable before Python 3.12

import asyncio
from array import array
from io import RawIOBase
from pathlib import Path
from typing import NamedTuple

import orjson

from engine.errors import ConfigError
from engine.files.jsonl_lines import id_key
from engine.stopping import Stopping
from jobs.processes.work_pool import WorkPool, map_in_order
from jobs.send.batch_files import MAX_LINE_BYTES, READ_BYTES
from jobs.send.batch_lines import BadLineError, id_key_at_sight, read_batch_line
from jobs.send.check_batch_file import Check, CheckedFile, check_batch_file
from jobs.send.result_files import ResultFiles

LEAST_BYTES = 32 << 20  # less is checked before other processes have started
RANGE_BYTES = 4 << 20


class Range(NamedTuple):
    """Whole lines of a file: from where to where."""

    start: int
    end: int


class RangeLines(NamedTuple):
    """What is known of the lines of a range, one after the other.

    `keys` are their ids as they stand there, b"" where there is none. `problems` are by index.
    """

    keys: list[bytes]
    sizes: array[int]
    problems: dict[int, str]


async def check_on_cores(
    path: Path, results: ResultFiles, stopping: Stopping, pool: WorkPool, *, skips_bad_lines: bool
) -> CheckedFile:
    """What `check_batch_file` comes to, for a file of which nothing is in a batch.

    Raises what it raises.
    """
    if not (ranges := await asyncio.to_thread(_ranges, path)):
        return await asyncio.to_thread(
            check_batch_file, path, results, stopping, skips_bad_lines=skips_bad_lines
        )
    check = Check(path, results)

    def take(answer: bytes) -> None:
        stopping.raise_if_requested()
        lines = _decode(answer)
        check.add_read(lines.keys, lines.sizes, lines.problems)

    bodies = (orjson.dumps([str(path), *each]) for each in ranges)
    await map_in_order(pool.calls_of(read_range, on=path), bodies, take)
    return await asyncio.to_thread(check.end, skips_bad_lines=skips_bad_lines)


def _ranges(path: Path) -> list[Range]:
    """The file in ranges; none where it is small, cannot be read, or a line is too long.

    Then it is read as one, which says what is wrong.
    """
    found, start = list[Range](), 0
    try:
        if (size := path.stat().st_size) < LEAST_BYTES:
            return []
        with path.open("rb", buffering=0) as file:
            while start < size:
                end = _line_end(file, start + RANGE_BYTES)
                found.append(Range(start, end))
                start = end
    except OSError:
        return []
    is_usual = all(each.end - each.start <= MAX_LINE_BYTES for each in found)
    return found if is_usual else []


def _line_end(file: RawIOBase, place: int) -> int:
    """Where the line ends that a byte lies in; the last one ends with the file."""
    file.seek(place)
    while data := file.read(READ_BYTES):
        newline = data.find(b"\n")
        if newline >= 0:
            return place + newline + 1
        place += len(data)
    return place


def read_range(body: bytes) -> bytes:
    """The lines of a range, for `_decode`: what each process does.

    Raises:
        ConfigError: it cannot be read.
    """
    path, start, end = orjson.loads(body)
    try:
        with Path(path).open("rb", buffering=0) as file:
            file.seek(start)
            data = file.read(end - start)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    keys, sizes, problems = list[bytes](), array("q"), dict[int, str]()
    for line in data.removesuffix(b"\n").split(b"\n"):
        sizes.append(len(line) + 1)
        keys.append(_key_of(line, len(keys), problems))
    head = orjson.dumps({str(index): problem for index, problem in problems.items()})
    return b"\n".join([head, b"%d" % len(keys), sizes.tobytes() + b"\n".join(keys)])


def _key_of(line: bytes, index: int, problems: dict[int, str]) -> bytes:
    """The id of a line; of one that is none, what may be it."""
    if not line or line.isspace():
        return b""
    try:
        return id_key(read_batch_line(line).custom_id)
    except BadLineError as error:
        problems[index] = str(error)
        return id_key_at_sight(line)


def _decode(answer: bytes) -> RangeLines:
    head, count, rest = answer.split(b"\n", 2)
    sizes = array("q")
    sizes_end = int(count) * sizes.itemsize
    sizes.frombytes(rest[:sizes_end])
    problems = {int(index): problem for index, problem in orjson.loads(head).items()}
    return RangeLines(rest[sizes_end:].split(b"\n"), sizes, problems)
