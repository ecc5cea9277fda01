"""Shards of a file of requests on shared storage, and who may write to them."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from zlib import crc32

from engine.errors import ConfigError, StorageError
from engine.files.jsonl_lines import id_key
from jobs.send.batch_files import read_batch_file
from jobs.send.batch_lines import BadLineError, id_key_at_sight, read_batch_line
from jobs.send.check_batch_file import WANTED, CheckedFile
from jobs.send.result_files import ResultPaths, result_paths, shards_root

CALL_ID_BYTES = 4
OWNER_ONLY = 0o700
BUFFER_BYTES = 1 << 16  # of each shard while it is written: there may be thousands
EPOCH = "epoch-"
REQUESTS_NAME = "requests.jsonl"


class Epochs(Protocol):
    """Says who may write a shard: of several who take it over, the last one."""

    def claim(self, segment: "Segment") -> bool:
        """Make a segment this process's own, and its folder; False: another has it already."""
        ...

    def is_superseded(self, segment: "Segment") -> bool:
        """Whether another has taken the shard over, or it is all done."""
        ...

    async def last(self, shard: "Shard") -> "Segment | None":
        """The segment of a shard that was begun last, by whomever; None: none was.

        Raises:
            TransientError: that is not known now.
        """
        ...


class FolderEpochs:
    """By folders that all machines see: making one succeeds for one of several who try it."""

    def claim(self, segment: "Segment") -> bool:
        """As Epochs.claim."""
        try:
            segment.folder.mkdir(mode=OWNER_ONLY)
        except FileExistsError:
            return False
        return True

    def is_superseded(self, segment: "Segment") -> bool:
        """As Epochs.is_superseded."""
        exists = os.path.exists  # asked before each send: Path.exists takes several times as long
        return exists(segment.next_path) or not exists(segment.own_path)

    async def last(self, shard: "Shard") -> "Segment | None":
        """As Epochs.last."""
        return next(reversed(shard.segments()), None)


FOLDER_EPOCHS = FolderEpochs()


class Segment:
    """What one worker writes of one shard. Only the last one of a shard may send."""

    def __init__(self, folder: Path, epochs: Epochs = FOLDER_EPOCHS) -> None:
        self.folder = folder
        self.paths: ResultPaths = result_paths(folder / "replies.jsonl")
        self.own_path = str(folder)
        self.next_path = str(folder.with_name(f"{EPOCH}{self.epoch + 1}"))
        self._epochs = epochs

    @property
    def epoch(self) -> int:
        """Which of its shard's it is, from 1 on."""
        return int(self.folder.name.removeprefix(EPOCH))

    @property
    def name(self) -> str:
        """What it is called among all segments of all calls."""
        return "/".join(self.folder.parts[-3:])

    def is_superseded(self) -> bool:
        """Whether another worker has taken the shard over, or it is all done."""
        return self._epochs.is_superseded(self)


class Shard:
    """Some of the work of a call, and what was written of it."""

    def __init__(self, folder: Path, epochs: Epochs = FOLDER_EPOCHS) -> None:
        self.folder = folder
        self.requests_path = folder / REQUESTS_NAME
        self._epochs = epochs

    def segments(self) -> list[Segment]:
        """All segments that are here, the oldest first."""
        found = [Segment(each, self._epochs) for each in self.folder.glob(f"{EPOCH}*")]
        return sorted(found, key=lambda segment: segment.epoch)

    async def last_segment(self) -> Segment | None:
        """The one that was begun last, wherever its worker is; None: none was.

        Raises:
            TransientError: that is not known now.
        """
        return await self._epochs.last(self)

    def take_over(self) -> Segment:
        """A new segment, which from now on is the only one that may send."""
        while True:
            last = max((each.epoch for each in self.segments()), default=0)
            segment = Segment(self.folder / f"{EPOCH}{last + 1}", self._epochs)
            if self._epochs.claim(segment):
                return segment

    def remove(self) -> None:
        """Remove it with all that was written of it; a new segment of it can then not begin."""
        shutil.rmtree(self.folder)


class Call:
    """The shards of one call of a command, and the log of what was lent to its workers."""

    def __init__(self, folder: Path, epochs: Epochs = FOLDER_EPOCHS) -> None:
        self.folder = folder
        self.leases_path = folder / "leases.jsonl"
        self._epochs = epochs

    def shards(self) -> list[Shard]:
        """All shards that are not yet taken in."""
        return [self.shard(each.name) for each in sorted(self.folder.glob("shard-*"))]

    def shard(self, name: str) -> Shard:
        """One of them."""
        return Shard(self.folder / name, self._epochs)

    def remove(self) -> None:
        """Remove it, and the folder of all calls if it was the last."""
        shutil.rmtree(self.folder)
        if not any(self.folder.parent.iterdir()):
            self.folder.parent.rmdir()


def calls_in(root: Path) -> list[Call]:
    """The calls in a folder, of which something is not yet where it belongs."""
    return [Call(each) for each in sorted(root.iterdir())] if root.is_dir() else []


def write_shards(checked: CheckedFile, out_path: Path, count: int) -> Call:
    """Put the wanted requests of a file into `count` shards, by a hash of their ids.

    Raises:
        StorageError: the disk refused it.
    """
    lines = ((crc32(_key_of(line)), line) for line in _wanted_lines(checked))
    try:
        return write_call(shards_root(out_path), REQUESTS_NAME, lines, count)
    except BadLineError:
        raise changed_meanwhile(checked.path) from None


def write_call(root: Path, name: str, lines: Iterable[tuple[int, bytes]], count: int) -> Call:
    """Put lines into files called `name` of `count` shards, each by the number before it.

    What had been written is removed where not all can be.

    Raises:
        StorageError: the disk refused it.
    """
    call = Call(root / os.urandom(CALL_ID_BYTES).hex())
    try:
        call.folder.mkdir(mode=OWNER_ONLY, parents=True)
        with _kept_if_whole(call):
            _fill(call.folder, name, lines, count)
    except OSError as error:
        raise StorageError(f"{call.folder}: cannot be written ({error}); free the disk") from error
    return call


@contextmanager
def _kept_if_whole(call: Call) -> Iterator[None]:
    try:
        yield
    except BaseException:
        call.remove()
        raise


def _fill(folder: Path, name: str, lines: Iterable[tuple[int, bytes]], count: int) -> None:
    shards = [_ShardWriter(folder / f"shard-{number:05}", name) for number in range(count)]
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
