"""An append-only file of JSON lines: durable in groups, repaired at its torn end, found by id."""

import asyncio
import errno
import logging
import os
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, compress, islice
from pathlib import Path
from typing import NamedTuple

from engine.closing import AsyncClosing
from engine.errors import DamagedLogError, StorageError
from engine.files.disk_reserve import DiskReserve
from engine.files.id_index import IdIndex
from engine.files.indexed_lines import IndexedLines
from engine.files.jsonl_lines import id_key, line_prefix
from engine.files.line_scan import KeyedLines, scan_lines
from engine.files.log_place import check_place

PACED_GATHER_S = 0.025  # where rate limits set the pace, so that it slows no request down
GATHER_S = 0.002  # a sync and its thread hop cost as much as 10 lines; replies take 100 times this
KEYS_AT_ONCE = 1_000  # orjson leaves 4 KB of memory to the shortest text that it writes

_KEY = re.compile(rb'"(?:[^"\\]|\\.)*"')  # an id as it stands in a line

_log = logging.getLogger(__name__)


class _Waiting(NamedTuple):
    keys: Sequence[bytes]
    sizes: Sequence[int]  # of as many lines, with their newlines
    data: bytes  # all of them
    written: asyncio.Future[None]


class JsonlLog(AsyncClosing):
    """One JSON object a line, each beginning with the same field, its id.

    `append` resolves once the line is on disk (fsync); lines that arrive while a group is being
    written form the next group and share its fsync. Where many come, a group waits GATHER_S for
    more; a line that comes alone is written at once, unless a limit paces them (`follow_pace`). A
    line counts once its newline is written: at opening, a last line without one is cut off with a
    note. Any other line that is damaged raises DamagedLogError. One process writes; any number
    may read the file at any time.

    With `has_reserve` lines are kept even where the disk has become full, in the room of a
    DiskReserve. Then `append` raises StorageError once a line is durable: the last should follow.
    """

    def __init__(self, path: Path, *, id_field: str, has_reserve: bool = False) -> None:
        self._path = path
        self._prefix = line_prefix(id_field)
        self._file = path.open("a+b", buffering=0)
        try:
            self.lines = IndexedLines(path, self._file, self._prefix, self._open_index())
            self._reserve = DiskReserve(path) if has_reserve else None
        except BaseException:
            self._file.close()
            raise
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="jsonl")
        self._waiting: list[_Waiting] = []
        self._group: asyncio.Future[None] | None = None
        self._group_size = 0
        self._timer: asyncio.TimerHandle | None = None
        self._full: StorageError | None = None
        self._broken: StorageError | DamagedLogError | None = None
        self._is_paced: Callable[[], bool] = bool

    def __len__(self) -> int:
        return len(self.lines.index)

    def __contains__(self, item_id: str) -> bool:
        return self.lines.find(id_key(item_id)) is not None

    def contains_each(self, keys: Sequence[bytes]) -> list[bool]:
        """Whether there is a line for each of many ids, written as in their lines (`id_key`)."""
        return self.lines.contains_each(keys)

    def those_in(self, item_ids: Collection[str]) -> set[str]:
        """Those of many ids for which there is a line."""
        there: set[str] = set()
        left = iter(item_ids if len(self) else ())
        while some := list(islice(left, KEYS_AT_ONCE)):
            there.update(compress(some, self.contains_each(list(map(id_key, some)))))
        return there

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def read(self, item_id: str) -> bytes | None:
        """The line of `item_id` without its newline, None if there is none."""
        return self.lines.read(id_key(item_id))

    def damaged(self, item_id: str, why: str) -> DamagedLogError:
        """The error for a line that was found by its id and turned out to be damaged."""
        return self.lines.damaged(id_key(item_id), why)

    def follow_pace(self, is_paced: Callable[[], bool]) -> None:
        """Ask `is_paced` whether lines come no faster than something else lets them.

        Then a group waits longer for more: each sync costs as much as the rest of a request.
        """
        self._is_paced = is_paced

    def append(self, item_id: str, line: bytes) -> asyncio.Future[None]:
        """Queue `line` (no newline); the future resolves when it is durable.

        The line is kept even if the caller is cancelled while it waits.

        Raises:
            StorageError: the disk refused this or an earlier line, or it is full and the line is
                kept in its reserve (also set on the future).
            DamagedLogError: the file was deleted, moved or changed by another program.
        """
        return self._queue((id_key(item_id),), (line,))

    async def append_each(self, lines: Iterable[tuple[str, bytes]]) -> None:
        """Write lines, each given with its id; returns when all are durable.

        Raises what `append` raises.
        """
        await self.append_keyed((id_key(item_id), line) for item_id, line in lines)

    async def append_keyed(self, lines: Iterable[tuple[bytes, bytes]]) -> None:
        """The same for ids as they stand in their lines (`id_key`)."""
        given = list(lines)
        if given:  # they go in one group
            await self._queue([key for key, _ in given], [line for _, line in given])

    async def append_block(self, lines: KeyedLines) -> None:
        """The same for whole lines of another such file, as they lie there."""
        await self._wait(lines.keys, lines.sizes, lines.data)

    def holds(self, line: bytes) -> bool:
        """Whether this is, to the letter, the line of its id here."""
        return self.lines.read(self._key_of(line)) == line

    async def adopt_each(self, lines: Sequence[bytes]) -> list[bytes]:
        """Write lines of another such file, as they are, whose ids have no line here.

        Returns those that had none, once all are durable.

        Raises:
            DamagedLogError: one does not begin with an id; and what `append` raises.
        """
        by_key: dict[bytes, bytes] = {}
        for line in lines:
            by_key.setdefault(self._key_of(line), line)
        are_here = self.contains_each(list(by_key))
        new = [each for each, is_here in zip(by_key.items(), are_here, strict=True) if not is_here]
        await self.append_keyed(new)
        return [line for _, line in new]

    async def aclose(self) -> None:
        """Wait for what is queued, then close the file."""
        while self._group is not None or self._waiting:
            await asyncio.wait([self._group or self._write_group()])
        self._writer.shutdown()
        self._file.close()
        if self._reserve is not None:
            self._reserve.release()

    def _key_of(self, line: bytes) -> bytes:
        found = _KEY.match(line, len(self._prefix)) if line.startswith(self._prefix) else None
        if found is None:
            raise DamagedLogError(
                f"{self._path}: a line to be added is not one of this log: {line[:40]!r}"
            )
        return found.group()

    def _queue(self, keys: Sequence[bytes], lines: Sequence[bytes]) -> asyncio.Future[None]:
        prefix = self._prefix
        for key, line in zip(keys, lines, strict=True):
            if not line.startswith(prefix + key):
                raise ValueError(f"a line of {self._path.name} must begin with {prefix!r} and id")
        return self._wait(keys, [len(line) + 1 for line in lines], b"\n".join([*lines, b""]))

    def _wait(
        self, keys: Sequence[bytes], sizes: Sequence[int], data: bytes
    ) -> asyncio.Future[None]:
        if self._broken is not None:
            raise self._broken
        written = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(keys, sizes, data, written))
        if self._group is None and self._timer is None:
            self._write_soon()
        return written

    def _write_soon(self) -> None:
        """Write now if lines come one by one; where many come, wait a moment for more."""
        gather_s = PACED_GATHER_S if self._is_paced() else GATHER_S if self._group_size > 1 else 0.0
        if gather_s:
            self._timer = asyncio.get_running_loop().call_later(gather_s, self._write_group)
        else:
            self._write_group()

    def _write_group(self) -> asyncio.Future[None]:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        group, self._waiting = self._waiting, []
        self._group_size = sum(len(item.sizes) for item in group)
        data = b"".join(item.data for item in group)
        loop = asyncio.get_running_loop()
        self._group = loop.run_in_executor(self._writer, self._write_durably, data)
        self._group.add_done_callback(lambda done: self._settle_group(group, done.exception()))
        return self._group

    def _write_durably(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._file.fileno(), view) :]
            except OSError as error:
                if not self._makes_room(error):
                    raise
        os.fsync(self._file.fileno())
        check_place(self._path, self._file.fileno(), self._end + len(data))

    def _makes_room(self, error: OSError) -> bool:
        """Whether the disk was full and no longer is, as the reserve is given up."""
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        if not is_full or self._reserve is None or not self._reserve.release():
            return False
        self._full = StorageError(
            f"{self._path}: the disk is full ({error}); replies in flight are kept in the room "
            "that was held for them. Free the disk, then run the same command again"
        )
        return True

    def _settle_group(self, group: list[_Waiting], error: BaseException | None) -> None:
        self._group = None
        if error is not None:
            self._fail(group, error)
            return
        sizes = (size for item in group for size in item.sizes)
        ends = list(accumulate(sizes, initial=self._end))
        self._end: int = ends[-1]
        self.lines.index.add_each([key for item in group for key in item.keys], ends[:-1])
        for item in group:
            if item.written.done():
                continue
            if self._full is None:
                item.written.set_result(None)
            else:
                item.written.set_exception(self._full)
        if self._waiting:
            self._write_soon()

    def _fail(self, group: list[_Waiting], error: BaseException) -> None:
        # Whole lines that were written count; a torn one is cut off.
        self._broken = self._storage_error(error)
        for item in [*group, *self._waiting]:
            if not item.written.done():
                item.written.set_exception(self._broken)
        self._waiting = []

    def _storage_error(self, error: BaseException) -> StorageError | DamagedLogError:
        if isinstance(error, DamagedLogError):
            return error
        ours = StorageError(
            f"{self._path}: cannot be written ({error}); free the disk or mend it, then run the "
            "same command again"
        )
        ours.__cause__ = error
        return ours

    def _open_index(self) -> IdIndex:
        lines = scan_lines(self._path, self._prefix)
        torn_bytes = os.fstat(self._file.fileno()).st_size - lines.end
        if torn_bytes:
            _log.warning(
                "%s: its last line was cut off by a crash (%d bytes without an end); it is "
                "removed and its work is done again",
                self._path,
                torn_bytes,
            )
            os.ftruncate(self._file.fileno(), lines.end)
        self._end = lines.end
        return IdIndex(lines.hashes, lines.offsets)
