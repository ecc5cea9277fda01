"""What went out and may have been billed without a settled request to show for it."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Literal

import orjson

from engine.errors import DamagedLogError, StorageError
from engine.files.jsonl_lines import id_key, unwritable, write_whole
from engine.files.replace import replace_file
from engine.files.sent_sums import Sends, read_sends
from engine.files.shared_sync import SharedSync

FOLD_ABOVE_BYTES = 1 << 20
_LINE = b'{"event_id":"%08d","step":"%b","request_id":%b,"usd":%b}\n'

_log = logging.getLogger(__name__)

SendStep = Literal[b"sent", b"unbilled", b"lost", b"paid", b"kept", b"missed"]


class SendLog:
    """An append-only log of sends. Written before a request goes out, so that no kill hides one.

    Sends of one turn of the event loop are written together: to write costs as much as all the
    rest that is done for a send here. With `is_synced` a send is on disk before it goes out;
    otherwise only a failure of the machine, not of the process, can lose what was noted last. What
    a request cost, or that it was refused, is written with the next send; until then its worst
    case counts. One process writes.
    """

    def __init__(
        self,
        path: Path,
        *,
        is_synced: bool,
        is_settled: Callable[[str], bool] = lambda _: False,
        known_count: int = 0,
    ) -> None:
        """Open `path`; what earlier processes left and is not settled was lost.

        `is_settled` tells the requests whose cost stands elsewhere. A large log is folded.
        `known_count` is the number of an event that is known to have been written; where the log
        is gone altogether, it goes on from there.

        Raises:
            DamagedLogError: a line is not one of ours, or with `is_synced` the last are missing.
            StorageError: the disk refused a line.
        """
        before = read_sends(path)
        last_count = max(known_count - before.event_count, 0) if path.exists() else 0
        if last_count or before.missing_count:
            _miss(path, last_count, before.missing_count, is_fatal=is_synced)
        unsettled = {id_: usd for id_, usd in before.out_usd.items() if not is_settled(id_)}
        self.lost_usd = sum(before.lost_usd.values()) + sum(unsettled.values())
        self.paid_usd = before.paid_usd
        self._path, self._is_synced = path, is_synced
        self._unkept_usd = before.unkept_usd or {}
        self._group_usd: dict[str, float] = {}  # what is being kept now
        self._notes_kept = before.unkept_usd is not None
        self._event_count = max(before.event_count, known_count)
        self._noted: list[bytes] = []
        self._going_out: list[asyncio.Future[None]] = []
        self._size_bytes, unsettled = self._fold_large(before, unsettled)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._written, self._is_torn = self._event_count, True  # its last line may be
        self._cut_torn()
        self._sync = SharedSync(path)
        self._write_missed(last_count, unsettled)

    @property
    def written_count(self) -> int:
        """The number of the last event that would outlive this process."""
        return self._written

    def close(self) -> None:
        """Close the file; nothing may be under way any more."""
        try:
            self._write_noted()
        finally:
            os.close(self._descriptor)

    def sent(self, request_id: str, usd: float) -> Awaitable[None]:
        """Note that a request goes out, once what is returned has ended.

        That raises StorageError where the disk refused it; the request must not go out then.
        """
        self._note(b"sent", request_id, usd)
        loop = asyncio.get_running_loop()
        if not self._going_out:
            loop.call_soon(self._write_sent)
        written = loop.create_future()
        self._going_out.append(written)
        return self._synced(written) if self._is_synced else written

    async def lost(self, request_id: str, usd: float) -> None:
        """Note that a reply did not come.

        Raises:
            StorageError: the disk refused it.
        """
        self.lost_usd += usd
        self._write(b"lost", request_id, usd)
        if self._is_synced:
            await self._sync.reach(self._descriptor)

    def unbilled(self, request_id: str, usd: float) -> None:
        """Note that nothing was billed. If this line is lost the send counts, to be safe."""
        self._note(b"unbilled", request_id, usd)

    def paid(self, request_id: str, usd: float) -> None:
        """Note what a settled request cost. If this line is lost its worst case counts."""
        self._note(b"paid", request_id, usd)

    @property
    def unkept(self) -> Collection[str]:
        """The requests whose cost an earlier process has written, and maybe no reply."""
        return self._unkept_usd

    def note_kept(self, request_ids: Iterable[str]) -> None:
        """Know that replies of an earlier process are kept: what they cost counts for good.

        Raises:
            StorageError: the disk refused it.
        """
        for request_id in request_ids:
            if self._unkept_usd.pop(request_id, None) is not None:
                self._note(b"kept", request_id, 0.0)
        self._write_noted()

    async def paid_unsent(self, usd_by_request: Iterable[tuple[str, float]]) -> float:
        """Write what was paid for requests of which no send stands here, as those of a batch.

        Returns what of it an earlier process has written, which was killed before it had kept the
        replies: that is paid once. Once they are kept, `kept_unsent` is to be called.

        Raises:
            StorageError: the disk refused it.
        """
        known_usd = 0.0
        self._unkept_usd |= self._group_usd
        self._group_usd = {}
        if not self._notes_kept:
            self._note(b"kept", "", 0.0)
            self._notes_kept = True
        for request_id, usd in usd_by_request:
            if self._unkept_usd.get(request_id) == usd:
                known_usd += self._unkept_usd.pop(request_id)
            else:
                self._note(b"paid", request_id, usd)
            self._group_usd[request_id] = usd
        self._write_noted()
        if self._is_synced:
            await self._sync.reach(self._descriptor)
        return known_usd

    def kept_unsent(self) -> None:
        """Note that the replies are kept whose cost was last written."""
        for request_id in self._group_usd if self._unkept_usd else ("",):
            self._note(b"kept", request_id, 0.0)
        self._group_usd = {}
        self._write_noted()

    async def _synced(self, written: asyncio.Future[None]) -> None:
        await written
        await self._sync.reach(self._descriptor)

    def _write_sent(self) -> None:
        with suppress(StorageError):  # those that wait get the error
            self._write_noted()

    def _note(self, step: SendStep, request_id: str, usd: float) -> None:
        """Keep a line that may be lost until the next one that may not."""
        self._event_count += 1
        fields = (self._event_count, step, id_key(request_id), orjson.dumps(usd))
        self._noted.append(_LINE % fields)

    def _write(self, step: SendStep, request_id: str, usd: float) -> None:
        self._note(step, request_id, usd)
        self._write_noted()

    def _write_noted(self) -> None:
        noted, self._noted = b"".join(self._noted), []
        going_out, self._going_out = self._going_out, []
        try:
            if self._is_torn:
                self._cut_torn()
            write_whole(self._descriptor, noted, self._path)
        except StorageError as error:
            self._is_torn = True
            self._event_count = self._written  # no line stands behind a gap
            for each in going_out:
                if not each.done():
                    each.set_exception(error)
            with suppress(StorageError):  # it is cut off before the next one
                self._cut_torn()
            raise
        self._size_bytes += len(noted)
        self._written = self._event_count
        self._sync.note_written()
        for each in going_out:
            if not each.done():
                each.set_result(None)

    def _cut_torn(self) -> None:
        """Cut off what a crash or a refused write has left: no line stands behind a torn one."""
        try:
            os.ftruncate(self._descriptor, self._size_bytes)
        except OSError as error:
            raise unwritable(self._path, error) from error
        self._is_torn = False

    def _write_missed(self, last_count: int, unsettled: Mapping[str, float]) -> None:
        if last_count:
            self._write(b"missed", "", 0.0)
        for request_id, usd in unsettled.items():
            self._write(b"lost", request_id, usd)

    def _fold_large(
        self, before: Sends, unsettled: dict[str, float]
    ) -> tuple[int, dict[str, float]]:
        """The bytes of the log, and what is still to be written in it: a fold has written all."""
        if before.size_bytes <= FOLD_ABOVE_BYTES:
            return before.size_bytes, unsettled
        self._fold(before, unsettled)
        return read_sends(self._path).size_bytes, {}

    def _fold(self, before: Sends, unsettled: dict[str, float]) -> None:
        for request_id, usd in chain(before.lost_usd.items(), unsettled.items()):
            self._note(b"lost", request_id, usd)
        unkept_usd = before.unkept_usd or {}
        self._note(b"paid", "", before.paid_usd - sum(unkept_usd.values()))
        if before.unkept_usd is not None:
            self._note(b"kept", "", 0.0)
        for request_id, usd in unkept_usd.items():
            self._note(b"paid", request_id, usd)
        replace_file(self._path, [line.rstrip(b"\n") for line in self._noted])
        self._noted = []


def fold_sends(path: Path) -> None:
    """Have a large log, which nobody writes any more, add itself up: who reads it need not.

    Raises:
        DamagedLogError: a line is not one of ours.
        StorageError: the disk refused it.
    """
    SendLog(path, is_synced=False).close()


def _miss(path: Path, last_count: int, other_count: int, *, is_fatal: bool) -> None:
    """Say that events are missing. Without `is_fatal` the machine may have failed."""
    which = "its last lines" if last_count else "lines between others"
    count = last_count + other_count
    what = f"{path}: {which} are missing, events that were there: {count:,}"
    if is_fatal:
        raise DamagedLogError(
            f"{what}. So it is not known how much is spent. Restore it from a backup; or, "
            "to count nothing of what was spent before, delete it and lower the budget by that"
        )
    _log.warning("%s; what they cost is not counted", what)
