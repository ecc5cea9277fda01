"""Puts the folder of a stored run together on another machine, to look at or to go on with."""

import asyncio
import logging
import secrets
import shutil
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from engine.clock import Clock
from engine.errors import (
    ConfigError,
    DamagedLogError,
    OutageError,
    StorageError,
    TransientError,
)
from engine.lease.leases import TTL_S
from engine.run_folder import OWNER_ONLY, RunFolder
from jobs.send.sharded.outside.stores import StoreOrder, open_store
from jobs.stored.note import StoredFile, StoreNote, write_store_note
from jobs.stored.part_log import PartLog, read_through
from jobs.stored.parts import Part, PartNote
from jobs.stored.places import Place, place_in
from jobs.stored.session import Session, make_note, new_token

OUTLASTING_S = TTL_S + 1.0  # in which a machine that is superseded has stopped sending

_log = logging.getLogger(__name__)


class Fetched(NamedTuple):
    """What was put together. `unsealed_usd` may have been spent without a trace in the store."""

    last: PartNote
    file_count: int
    size_bytes: int
    unsealed_usd: float


async def fetch_run(
    order: StoreOrder, folder: RunFolder, *, takes_over: bool, clock: Clock
) -> Fetched:
    """Make the folder of a stored run; with `takes_over` it is the one that goes on with the run.

    A file of replies, and what goes with it, is put into the folder.

    Then whoever wrote the run until now sends nothing any more once this returns.

    Raises:
        ConfigError: there is something in that folder, or no run in the store.
        OutageError: the store does not answer.
        DamagedLogError: a part is damaged.
    """
    run_dir = folder.run_dir
    if run_dir.exists() and (not run_dir.is_dir() or any(run_dir.iterdir())):
        raise ConfigError(f"{run_dir}: is there already; name a folder that is new")
    new_dir = run_dir.with_name(f".{run_dir.name}.{secrets.token_hex(4)}")
    try:
        new_dir.mkdir(mode=OWNER_ONLY, parents=True)
    except OSError as error:
        raise ConfigError(f"{run_dir}: cannot be made: {error.strerror}") from error
    fetching = _Fetching(order, new_dir, clock)
    try:
        fetched = await (fetching.take_over() if takes_over else fetching.copy())
        if run_dir.exists():
            run_dir.rmdir()
        new_dir.rename(run_dir)
    except TransientError as error:
        raise OutageError(f"{error}; nothing is lost: the same command again tries it") from error
    finally:
        shutil.rmtree(new_dir, ignore_errors=True)
    return fetched


class _Fetching:
    """One call: the folder is made under another name, and has its own when it is whole."""

    def __init__(self, order: StoreOrder, folder: Path, clock: Clock) -> None:
        self._url, self._folder, self._clock = order.url, folder, clock
        self._log = PartLog(open_store(order))

    async def copy(self) -> Fetched:
        """A copy as of now, of which the store knows nothing."""
        built = await asyncio.to_thread(self._build, "")
        return built.fetched(0.0)

    async def take_over(self) -> Fetched:
        """The folder that goes on with the run from now on."""
        writer = new_token()
        before = await asyncio.to_thread(self._claim, writer)
        until_s = self._clock.monotonic_s() + OUTLASTING_S
        built = await asyncio.to_thread(self._build, writer)
        if not before.is_closed:
            left_s = max(0.0, until_s - self._clock.monotonic_s())
            _log.info("waiting %.0f s for %s to send no more", left_s, before.holder)
            await self._clock.sleep(left_s)
        unsealed_usd = await built.place.count_unsealed(built.last.lent_usd)
        await asyncio.to_thread(self._close_session, built)
        return built.fetched(unsealed_usd)

    def _claim(self, writer: str) -> PartNote:
        """Write the next part; the last note before it. Others notice it at their next one."""
        while True:
            number, before = self._log.last(), self._last_note()
            note = make_note(writer, new_token(), self._clock).model_copy(
                update={
                    "begins": True,
                    "is_after_close": before.is_closed,
                    "lent_usd": 0.0 if before.is_closed else before.lent_usd,
                    "out_name": before.out_name,
                }
            )
            if self._log.put(number + 1, Part(note, [])) and self._log.is_last(number + 1):
                return before

    def _last_note(self) -> PartNote:
        last = read_through(lambda: list(self._log.parts(after=max(0, self._log.last() - 1))))
        if not last:
            raise self._nothing()
        return last[-1].part.note

    def _nothing(self) -> ConfigError:
        return ConfigError(
            f"{self._url}: holds no run; name the address that `distill run --store` was given"
        )

    def _build(self, writer: str) -> "_Built":
        """Put all files together."""
        return read_through(lambda: self._build_once(writer))

    def _build_once(self, writer: str) -> "_Built":
        shutil.rmtree(self._folder)
        self._folder.mkdir(mode=OWNER_ONLY)
        building, last, number = _Building(self._folder, self._log), None, 0
        for name, part in self._log.parts():
            try:
                building.add(part)
            except OSError as error:
                raise StorageError(
                    f"{self._folder}: cannot be written ({error}); free the disk, then run "
                    "the same command again"
                ) from error
            last, number = part.note, name.last
        if last is None:
            raise self._nothing()
        building.check()
        note = StoreNote(url=self._url, writer=writer, number=number, files=building.states())
        place = place_in(self._folder, last.out_name)
        place.make()  # folders without a file are stored nowhere
        write_store_note(place.note_path, note)
        return _Built(place, note, last)

    def _close_session(self, built: "_Built") -> None:
        Session(built.place, built.note, self._log, self._clock).close()


class _Built(NamedTuple):
    place: Place
    note: StoreNote
    last: PartNote

    def fetched(self, unsealed_usd: float) -> Fetched:
        files = self.note.files.values()
        return Fetched(self.last, len(files), sum(each.size_bytes for each in files), unsealed_usd)


class _Building:
    """Files as they grow by one part after the other."""

    def __init__(self, run_dir: Path, log: PartLog) -> None:
        self._run_dir = run_dir
        self._log = log
        self._expected: dict[str, StoredFile] = {}
        self._found: dict[str, StoredFile] = {}

    def add(self, part: Part) -> None:
        """Do to the files what a part says."""
        for change, extents in part.changed():
            path = self._run_dir / change.name
            if change.base == "gone":
                path.unlink(missing_ok=True)
                self._expected.pop(change.name, None)
                self._found.pop(change.name, None)
                continue
            path.parent.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
            is_kept = change.base == "kept"
            before = self._found.get(change.name) if is_kept else None
            crc, size_bytes = (0, 0) if before is None else (before.crc, before.size_bytes)
            with path.open("ab" if is_kept else "wb") as file:
                for extent, data in extents:
                    written = data
                    if written is None:
                        written = self._log.get_object(extent.object_name)
                    file.write(written)
                    crc, size_bytes = zlib.crc32(written, crc), size_bytes + len(written)
            self._found[change.name] = StoredFile(size_bytes=size_bytes, crc=crc)
            self._expected[change.name] = StoredFile(size_bytes=change.size_bytes, crc=change.crc)

    def check(self) -> None:
        """Raise DamagedLogError if a file is not what it was."""
        for name, state in self._expected.items():
            if self._found[name] != state:
                raise DamagedLogError(
                    f"{name}: its parts do not make the file that was stored; restore them from a "
                    "backup of the store"
                )

    def states(self) -> Mapping[str, StoredFile]:
        """How far each file is stored, and what it is like here."""
        return {name: self._state(name, state) for name, state in self._found.items()}

    def _state(self, name: str, state: StoredFile) -> StoredFile:
        status = (self._run_dir / name).stat()
        seen = {
            "inode": status.st_ino,
            "mtime_ns": status.st_mtime_ns,
            "seen_bytes": status.st_size,
        }
        return state.model_copy(update=seen)
