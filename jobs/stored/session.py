"""A command that writes a stored run: nobody else does meanwhile, and what it writes is sealed."""

import os
import secrets
import socket
import threading
from contextlib import suppress
from pathlib import Path

from engine.clock import Clock
from engine.errors import DamagedLogError, RunInUseError, TransientError
from jobs.stored.note import StoredFile, StoreNote, write_store_note
from jobs.stored.part_log import PartLog, merge_if_possible, read_through
from jobs.stored.parts import FileChange, Part, PartNote
from jobs.stored.places import Place
from jobs.stored.stored_files import Changes, StoredFiles

TOKEN_BYTES = 8


def new_token() -> str:
    """A name that nothing else has."""
    return secrets.token_hex(TOKEN_BYTES)


def make_note(writer: str, session: str, clock: Clock) -> PartNote:
    """The note of a part of this process."""
    return PartNote(
        writer=writer,
        session=session,
        holder=f"process {os.getpid()} on {socket.gethostname()}",
        at=clock.utc_now().isoformat(timespec="seconds"),
    )


class Session:
    """One command that writes a stored run. `seal` may be called from any thread."""

    def __init__(self, place: Place, note: StoreNote, log: PartLog, clock: Clock) -> None:
        """Begin a session of the folder that goes on with the run; blocks.

        What has changed in the folder since the session before is sealed with its beginning.

        Raises:
            RunInUseError: another folder goes on with the run, or this one is a copy.
            TransientError: the store does not answer.
            ConfigError: it refuses.
            DamagedLogError: a part is damaged.
        """
        self._place, self._url, self._log, self._clock = place, note.url, log, clock
        self._writer, self._session = note.writer, new_token()
        self._files = StoredFiles(place, note.files)
        self._number = note.number
        self._pending: tuple[Part, Changes | None] | None = None
        self._turn = threading.Lock()
        self._lent_usd: float | None = 0.0
        self._loose: list[str] = []  # objects that no part refers to yet
        self.is_superseded = False
        before = self._catch_up()
        self._begin(before)

    def seal(self, lent_usd: float | None = None) -> None:
        """Seal what files have gained, and that so many dollars may be spent in all; blocks.

        Once it returns, everything written before is sealed, and nobody else goes on with the run.

        Raises:
            RunInUseError: another does. Nothing may be sent any more.
            TransientError: the store does not answer. The next call tries the same again.
            ConfigError: it refuses.
        """
        with self._turn:
            self._seal(lent_usd)

    def seal_more(self) -> None:
        """Seal what files have gained; what may be spent is as before. Raises what `seal` does."""
        with self._turn:
            self._seal(self._lent_usd)

    def close(self) -> None:
        """Seal all that there is, and that nothing was spent but what it tells; blocks.

        Where workers have left what is not part of the run yet, what was lent to them may be spent.
        Raises what `seal` raises.
        """
        with self._turn:
            self._finish_pending()
            changes = self._files.read_changes(self._put_object, is_last=True)
            is_left = self._place.is_left()
            end = {"lent_usd": self._lent_usd} if is_left else {"is_closed": True}
            self._put(self._note().model_copy(update=end), changes)
            self._files.close()

    def _seal(self, lent_usd: float | None) -> None:
        self._finish_pending()
        changes = self._files.read_changes(self._put_object, is_last=False)
        if (changes is None or not changes.changes) and not self._exceeds(lent_usd):
            if self._log.has(self._number + 1):
                raise self._superseded()
            return
        self._put(self._note().model_copy(update={"lent_usd": lent_usd}), changes)

    def _catch_up(self) -> PartNote | None:
        """The note of the last part; what this folder has sealed last is known afterwards."""
        last, after = None, max(0, self._number - 1)
        for name, part in read_through(lambda: list(self._log.parts(after))):
            self._number = max(self._number, name.last)
            for change in part.note.changes:
                self._learn(change)
            last = part.note
        if last is None and self._number:
            raise DamagedLogError(
                f"{self._url}: nothing of this run is there any more. Restore it; or, to keep the "
                f"run in its folder alone, delete {self._place.note_path}"
            )
        if last is not None and last.writer != self._writer:
            raise self._superseded(last)
        return last

    def _learn(self, change: FileChange) -> None:
        if change.base == "gone":
            self._files.states.pop(change.name, None)
            return
        known = self._files.states.get(change.name)
        if known is None or (known.size_bytes, known.crc) != (change.size_bytes, change.crc):
            state = StoredFile(size_bytes=change.size_bytes, crc=change.crc)
            self._files.states[change.name] = state

    def _begin(self, before: PartNote | None) -> None:
        """Take the next number: whoever had a session before notices it at its next part."""
        is_after_close = before is None or before.is_closed
        self._lent_usd = 0.0 if before is None or before.is_closed else before.lent_usd
        self._log.remove_unsealed(self._number + 1)
        changes = self._files.read_changes(self._put_object, is_last=True)
        beginning = {
            "begins": True,
            "is_after_close": is_after_close,
            "lent_usd": self._lent_usd,
        }
        self._put(self._note().model_copy(update=beginning), changes)
        if not self._log.is_last(self._number):
            raise self._superseded()
        self._log.tidy()

    def _exceeds(self, lent_usd: float | None) -> bool:
        """Whether more is to be lent than was sealed; None: anything, as there is no budget."""
        if lent_usd is None or self._lent_usd is None:
            return lent_usd is not self._lent_usd
        return lent_usd > self._lent_usd

    def _note(self) -> PartNote:
        note = make_note(self._writer, self._session, self._clock)
        return note.model_copy(update={"out_name": self._place.out_name})

    def _put_object(self, data: bytes) -> str:
        name = self._log.put_object(self._number + 1, new_token(), data)
        self._loose.append(name)
        return name

    def _put(self, note: PartNote, changes: Changes | None) -> None:
        if changes is not None:
            note = note.model_copy(update={"changes": tuple(changes.changes)})
        inline = [] if changes is None else changes.inline
        self._pending = (Part(note, inline), changes)
        self._finish_pending()

    def _finish_pending(self) -> None:
        """Write the part that waits; where that failed before, it is the same once more."""
        if self._pending is None:
            return
        part, changes = self._pending
        if self.is_superseded or not self._log.put(self._number + 1, part):
            raise self._superseded()
        self._pending = None
        self._number += 1
        self._lent_usd = part.note.lent_usd
        if changes is not None:
            self._files.note_stored(changes)
        stored = StoreNote(
            url=self._url, writer=self._writer, number=self._number, files=self._files.states
        )
        write_store_note(self._place.note_path, stored)
        self._remove_loose(part)
        if not part.note.begins:  # it is first looked at whether that is the last
            merge_if_possible(self._log, self._number)

    def _remove_loose(self, part: Part) -> None:
        """Remove objects that were written when a part could not be: there are others now."""
        used = {each.object_name for change in part.note.changes for each in change.extents}
        with suppress(TransientError):
            self._log.remove_objects([name for name in self._loose if name not in used])
        self._loose = []

    def _superseded(self, note: PartNote | None = None) -> RunInUseError:
        self.is_superseded = True
        return other_writer(self._place.target, self._url, note or self._next_note())

    def _next_note(self) -> PartNote | None:
        parts = read_through(lambda: list(self._log.parts(after=self._number)))
        return parts[-1].part.note if parts else None


def other_writer(target: Path, url: str, note: PartNote | None) -> RunInUseError:
    """The error for a folder that another has superseded, by the last part of the run."""
    who = "another" if note is None else f"{note.holder}, which sealed its last part at {note.at},"
    return RunInUseError(
        f"{target}: {who} goes on with this run, which is kept at {url}. Go on there; or, if that "
        f"machine is lost, `distill fetch {url} ANOTHER-FOLDER --take-over` takes it over"
    )
