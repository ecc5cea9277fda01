"""Puts requests, or other work, into the shards of a new call."""

import asyncio
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import RawIOBase
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import orjson

from engine.errors import ConfigError, StorageError
from engine.files.jsonl_lines import id_key
from engine.stopping import Stopping
from jobs.processes.work_pool import WorkPool, map_in_order
from jobs.send.batch_files import read_batch_file
from jobs.send.batch_lines import BadLineError, id_key_at_sight, read_batch_line
from jobs.send.check_batch_file import MARK_LINES, WANTED, CheckedFile
from jobs.send.result_files import shards_root
from jobs.send.sharded.shards import OWNER_ONLY, REQUESTS_NAME, ShardedCall

CALL_ID_BYTES = 4
BUFFER_BYTES = 1 << 16  # of each shard while it is written: there may be thousands
LEAST_BYTES = 32 << 20  # of a file that several processes put into shards
STRIPES_PER_SHARD = 16  # at least: where a file is sorted, long requests are in all shards
STRIPE_BYTES = 4 << 20  # about the most that a process holds, however large the file


class _Stripe(NamedTuple):
    """Some lines of a file in a row: where they lie, and what is to be done with each."""

    start: int
    end: int
    verdicts: bytes


async def write_shards_on_cores(
    checked: CheckedFile, out_path: Path, count: int, pool: WorkPool, stopping: Stopping
) -> ShardedCall:
    """What `write_shards` is for; of a large file each shard is written by one of many processes.

    A shard is then made of stripes of the file, so that nothing is looked at line by line where
    all of a stripe is wanted.

    Raises:
        InterruptedRunError: a stop was requested meanwhile; and what `write_shards` raises.
    """
    if checked.marks[-1] < LEAST_BYTES:
        return await asyncio.to_thread(write_shards, checked, out_path, count)

    def go_on(_: bytes) -> None:
        stopping.raise_if_requested()

    with _new_call(shards_root(out_path)) as call:
        bodies = (
            _encode(checked, number, count, call.folder / _shard_name(number))
            for number in range(count)
        )
        await map_in_order(pool.calls_of(write_shard, on=checked.path), bodies, go_on)
        if checked.path.stat().st_size not in (checked.marks[-1], checked.marks[-1] - 1):
            raise changed_meanwhile(checked.path)  # its last line may have no newline
    return call


def _encode(checked: CheckedFile, number: int, count: int, folder: Path) -> bytes:
    """What a process needs to know to write one shard of so many."""
    stripes = list(_stripes_of(checked, number, count))
    places = [[each.start, each.end, len(each.verdicts)] for each in stripes]
    head = orjson.dumps([str(checked.path), str(folder), places])
    return b"\n".join([head, b"".join(each.verdicts for each in stripes)])


def _stripes_of(checked: CheckedFile, number: int, count: int) -> Iterator[_Stripe]:
    """Each so many-th stripe of a file in which something is wanted."""
    marks, verdicts = checked.marks, checked.verdicts
    small = STRIPE_BYTES * (len(marks) - 1) // marks[-1]
    step = max(1, min(small, len(marks) // (count * STRIPES_PER_SHARD)))
    for first in range(number * step, len(marks) - 1, count * step):
        last = min(first + step, len(marks) - 1)
        part = bytes(verdicts[first * MARK_LINES : last * MARK_LINES])
        if WANTED in part:
            yield _Stripe(marks[first], marks[last], part)


def write_shard(body: bytes) -> bytes:
    """Write what was encoded of one shard: what each process does. Done again it is the same.

    Raises:
        ConfigError: the file is not the one that was checked.
        StorageError: the disk refused it.
    """
    head, verdicts = body.split(b"\n", 1)
    path, folder, places = orjson.loads(head)
    Path(folder).mkdir(mode=OWNER_ONLY, exist_ok=True)
    try:
        with (
            Path(path).open("rb", buffering=0) as file,
            (Path(folder) / REQUESTS_NAME).open("wb") as shard,
        ):
            taken = 0
            for start, end, line_count in places:
                stripe = _Stripe(start, end, verdicts[taken : taken + line_count])
                shard.write(_wanted_in(file, stripe, Path(path)))
                taken += line_count
    except OSError as error:
        raise _unwritable(Path(folder), error) from error
    return b""


def _wanted_in(file: RawIOBase, stripe: _Stripe, path: Path) -> bytes:
    """The wanted lines of a stripe, each with its newline."""
    file.seek(stripe.start)
    data = file.read(stripe.end - stripe.start) or b""
    if not data.endswith(b"\n"):
        data += b"\n"
    if data.count(b"\n") != len(stripe.verdicts):
        raise changed_meanwhile(path)
    if stripe.verdicts.count(WANTED) == len(stripe.verdicts):
        return data
    lines = zip(data.split(b"\n"), stripe.verdicts, strict=False)  # nothing follows the last one
    return b"".join(line + b"\n" for line, verdict in lines if verdict == WANTED)


def write_shards(checked: CheckedFile, out_path: Path, count: int) -> ShardedCall:
    """Put the wanted requests of a file into `count` shards, by a hash of their ids.

    Raises:
        StorageError: the disk refused it.
    """
    lines = ((crc32(_key_of(line)), line) for line in _wanted_lines(checked))
    try:
        return write_call(shards_root(out_path), REQUESTS_NAME, lines, count)
    except BadLineError:
        raise changed_meanwhile(checked.path) from None


def write_call(
    root: Path, name: str, lines: Iterable[tuple[int, bytes]], count: int
) -> ShardedCall:
    """Put lines into files called `name` of `count` shards, each by the number before it.

    What had been written is removed where not all can be.

    Raises:
        StorageError: the disk refused it.
    """
    with _new_call(root) as call:
        _fill(call.folder, name, lines, count)
    return call


@contextmanager
def _new_call(root: Path) -> Iterator[ShardedCall]:
    """A call in a folder of its own, which is removed where the block does not end well."""
    call = ShardedCall(root / os.urandom(CALL_ID_BYTES).hex())
    try:
        call.folder.mkdir(mode=OWNER_ONLY, parents=True)
        try:
            yield call
        except BaseException:
            call.remove()
            raise
    except OSError as error:
        raise _unwritable(call.folder, error) from error


def _unwritable(folder: Path, error: OSError) -> StorageError:
    return StorageError(f"{folder}: cannot be written ({error}); free the disk")


def _shard_name(number: int) -> str:
    return f"shard-{number:05}"


def _fill(folder: Path, name: str, lines: Iterable[tuple[int, bytes]], count: int) -> None:
    shards = [_ShardWriter(folder / _shard_name(number), name) for number in range(count)]
    for number, line in lines:
        shards[number % count].write(line)
    for shard in shards:
        shard.flush()


def changed_meanwhile(path: Path) -> ConfigError:
    """The error for a file that is not the one that was checked."""
    return ConfigError(f"{path}: was changed while it was sent; run again with it as it is now")


class _ShardWriter:
    """Writes what one shard is made of; its file is open for moments only."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(mode=OWNER_ONLY)
        self._path = folder / name
        self._lines: list[bytes] = []
        self._size_bytes = 0

    def write(self, line: bytes) -> None:
        self._lines.append(line)
        self._size_bytes += len(line)
        if self._size_bytes >= BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        with self._path.open("ab") as file:
            file.write(b"".join(line + b"\n" for line in self._lines))
        self._lines, self._size_bytes = [], 0


def _wanted_lines(checked: CheckedFile) -> Iterator[bytes]:
    for block in read_batch_file(checked.path, checked.start):
        verdicts = checked.verdicts[block.number - 1 : block.number - 1 + len(block.lines)]
        if len(verdicts) != len(block.lines):
            raise changed_meanwhile(checked.path)
        yield from (
            line for line, verdict in zip(block.lines, verdicts, strict=True) if verdict == WANTED
        )


def _key_of(line: bytes) -> bytes:
    return id_key_at_sight(line) or id_key(read_batch_line(line).custom_id)
