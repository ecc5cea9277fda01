"""Opens the store of a run for a command that writes it, and seals the last of it at the end."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from engine.clock import SystemClock
from engine.errors import ConfigError, EngineError, OutageError, TransientError
from engine.files.lock import WriterLock
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from jobs.run.stored import SealingLender
from jobs.send.sharded.outside.depot import reach_store, reached
from jobs.send.sharded.outside.sealing import FINISH_S, RETRY_S
from jobs.send.sharded.outside.stores import StoreOrder, open_store, read_store
from jobs.stored.lending import StoredLender
from jobs.stored.note import StoreNote, read_store_note, write_store_note
from jobs.stored.part_log import PartLog
from jobs.stored.places import Place, RunPlace
from jobs.stored.session import Session, new_token

FLAG = "--store"

_log = logging.getLogger(__name__)


class SessionStore(NamedTuple):
    """The session of a command, as jobs.run.stored.StoredRun has it."""

    session: Session

    def open_lender(self, budget_usd: float | None, stopping: Stopping) -> SealingLender:
        """As StoredRun.open_lender."""
        return StoredLender(self.session, budget_usd=budget_usd, stopping=stopping)


@contextmanager
def stored_run(
    folder: RunFolder, url: str | None, environment: Mapping[str, str]
) -> Iterator[SessionStore | None]:
    """The store of a run. It does and raises what `stored_in` does."""
    with stored_in(RunPlace(folder), url, environment) as store:
        yield store


@contextmanager
def stored_in(
    place: Place, url: str | None, environment: Mapping[str, str]
) -> Iterator[SessionStore | None]:
    """The store of what is at a place, if it has one or gets one (`url`), while the block runs.

    At its end all that is written is sealed, also if an error ends it.

    Raises:
        RunInUseError: another process, or another folder, goes on with the run.
        ConfigError: the store refuses, holds another run, or is another than that of the run.
        OutageError: the store does not answer; at the end: for FINISH_S.
        EngineError: what the block raises.
    """
    note = read_store_note(place.note_path)
    if note is None and url is None:
        yield None
        return
    order = _read_order(place, note, url, environment)
    place.make()
    with WriterLock(place.lock_path, guarded=place.target):
        with reached():
            log = PartLog(open_store(order))
            note = note or _attach(place, log, order)
            session = Session(place, note, log, SystemClock())
        try:
            yield SessionStore(session)
        except EngineError:
            if not session.is_superseded:
                _close_after(session)
            raise
        _close(session)


def _read_order(
    place: Place, note: StoreNote | None, url: str | None, environment: Mapping[str, str]
) -> StoreOrder:
    if note is not None and url is not None and url.rstrip("/") != note.url.rstrip("/"):
        raise ConfigError(
            f"{FLAG} {url}: {place.target} is kept at {note.url}; leave {FLAG} out, or go on in a "
            f"copy without the file {place.note_path.name}"
        )
    if note is not None and not note.writer:
        raise ConfigError(
            f"{place.target}: is a copy of the run at {note.url}, to look at; `distill fetch "
            f"{note.url} ANOTHER-FOLDER --take-over` makes one that goes on with it"
        )
    order = read_store(url or (note.url if note else ""), environment, flag=FLAG)
    if note is None:
        reach_store(order)
    return order


def _attach(place: Place, log: PartLog, order: StoreOrder) -> StoreNote:
    """Note in the folder where it is stored from now on."""
    if log.last():
        raise ConfigError(
            f"{FLAG} {order.url}: holds a run already: name another prefix, or go on with that "
            f"run: `distill fetch {order.url} ANOTHER-FOLDER --take-over`"
        )
    note = StoreNote(url=order.url, writer=new_token())
    write_store_note(place.note_path, note)
    return note


def _close_after(session: Session) -> None:
    """Seal the last of a session that an error ends: that is told, whatever the store says."""
    try:
        session.close()
    except EngineError as error:
        _log.warning("the last of the run is in its folder alone: %s", error)


def _close(session: Session) -> None:
    until_s = time.monotonic() + FINISH_S
    while True:
        try:
            session.close()
        except TransientError as error:
            if time.monotonic() > until_s:
                raise OutageError(
                    f"the last of the run could not be stored ({error}); its folder has it: the "
                    "same command again stores it"
                ) from error
            time.sleep(RETRY_S)
        else:
            return
