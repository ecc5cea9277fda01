"""Notes in the run's folder which command writes it, and how that ended."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from engine.batch.ledger import read_batches
from engine.clock import Clock
from engine.errors import DamagedLogError, EngineError, InterruptedRunError
from engine.files.records import first_problem
from engine.files.replace import replace_file
from engine.files.run_log import logged_to
from engine.run_folder import RunFolder
from schemas.last_call import CommandEnding, LastCall

MAX_MESSAGE_CHARS = 2000  # a server's words may be long
BATCH_TIME = timedelta(hours=26)  # a batch has a day, and its end may be seen late


class CallNote:
    """How a command ends, as far as it knows by itself."""

    def __init__(self) -> None:
        self.ending: CommandEnding = "complete"
        self.message = ""

    def leave(self, why: str) -> None:
        """Say that something is left, and why."""
        self.ending, self.message = "left", why


@contextmanager
def noted_call(folder: RunFolder, command: str, clock: Clock) -> Iterator[CallNote]:
    """Keep in the run that `command` is at work, and how it ended: by itself, or by which error.

    What it logs meanwhile is also in log.jsonl. The caller holds the run's lock. Of a killed
    command only the beginning is kept.

    Raises:
        StorageError: the disk refused the file.
    """
    former = _former(folder.last_call_path)
    began = LastCall(
        command=command,
        process=os.getpid(),
        host=socket.gethostname(),
        began_at=clock.utc_now().isoformat(timespec="seconds"),
        idle_rounds=former.idle_rounds if former else 0,
        size_bytes=former.size_bytes if former else 0,
    )
    path, note = folder.last_call_path, CallNote()
    _write(path, began)
    try:
        with logged_to(folder.log_path):
            yield note
    except BaseException as error:
        note.ending, note.message = _ending(error)
        with suppress(EngineError):  # the disk may be what ended the command: that is raised
            _write(path, _ended(folder, began, note, clock))
        raise
    _write(path, _ended(folder, began, note, clock))


def _former(path: Path) -> LastCall | None:
    """The note of the call before; one that is damaged is replaced, as it says nothing else."""
    try:
        return read_last_call(path)
    except DamagedLogError:
        return None


def read_last_call(path: Path) -> LastCall | None:
    """The last command that wrote the run; None where none was noted (by earlier versions).

    Raises:
        DamagedLogError: the file is not what distill writes.
    """
    if not path.exists():
        return None
    try:
        return LastCall.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise DamagedLogError(
            f"{path}: {first_problem(error)}. It only says how the last command ended: delete it"
        ) from error


def _ending(error: BaseException) -> tuple[CommandEnding, str]:
    if isinstance(error, InterruptedRunError):
        return "interrupted", f"it received {signal.Signals(error.signum).name}"
    return "failed", str(error) if isinstance(error, EngineError | OSError) else repr(error)


def _ended(folder: RunFolder, began: LastCall, note: CallNote, clock: Clock) -> LastCall:
    changes = {
        "idle_rounds": _count_idle(folder, began, note, clock.utc_now()),
        "size_bytes": _settled_bytes(folder),
        "ended_at": clock.utc_now().isoformat(timespec="seconds"),
        "ending": note.ending,
        "message": note.message[:MAX_MESSAGE_CHARS],
    }
    return began.model_copy(update=changes)


def _count_idle(folder: RunFolder, began: LastCall, note: CallNote, now: datetime) -> int:
    """Calls in a row that have brought the run no further, this one included."""
    if note.ending == "complete":
        return 0
    if note.ending == "interrupted":
        return began.idle_rounds
    if _settled_bytes(folder) != began.size_bytes:
        return 0
    return began.idle_rounds if _is_waiting(folder, now) else began.idle_rounds + 1


def _settled_bytes(folder: RunFolder) -> int:
    """The size of what only progress changes: settled requests, and items that have ended."""
    paths = [folder.journal_path, *folder.finished_dir.rglob("*.jsonl")]
    return sum(path.stat().st_size for path in paths if path.exists())


def _is_waiting(folder: RunFolder, now: datetime) -> bool:
    """Whether a batch is out that has still time to come back."""
    try:
        batches = read_batches(folder.batches_path)
    except DamagedLogError:  # which is what has ended the call
        return False
    return any(
        not batch.has_ended and now - datetime.fromisoformat(batch.intended_at) < BATCH_TIME
        for batch in batches
    )


def _write(path: Path, call: LastCall) -> None:
    replace_file(path, [call.model_dump_json().encode()])
