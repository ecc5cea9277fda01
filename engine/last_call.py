"""Notes in the run's folder which command writes it, and how that ended."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import ValidationError

from engine.clock import Clock
from engine.errors import DamagedLogError, EngineError, InterruptedRunError
from engine.files.records import first_problem
from engine.files.replace import replace_file
from engine.idle_rounds import count_idle, settled_bytes
from engine.run_folder import RunFolder
from engine.run_log import logged_to
from schemas.last_call import Ending, LastCall

MAX_MESSAGE_CHARS = 2000  # a server's words may be long


class CallNote:
    """How a command ends, as far as it knows by itself."""

    def __init__(self) -> None:
        self.ending: Ending = "complete"
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


def _ending(error: BaseException) -> tuple[Ending, str]:
    if isinstance(error, InterruptedRunError):
        return "interrupted", f"somebody sent it {signal.Signals(error.signum).name}"
    return "failed", str(error) if isinstance(error, EngineError | OSError) else repr(error)


def _ended(folder: RunFolder, began: LastCall, note: CallNote, clock: Clock) -> LastCall:
    idle = began.idle_rounds
    if note.ending != "interrupted":
        now, size = clock.utc_now(), began.size_bytes
        idle = count_idle(folder, before=idle, size_bytes=size, now=now)
    changes = {
        "idle_rounds": 0 if note.ending == "complete" else idle,
        "size_bytes": settled_bytes(folder),
        "ended_at": clock.utc_now().isoformat(timespec="seconds"),
        "ending": note.ending,
        "message": note.message[:MAX_MESSAGE_CHARS],
    }
    return began.model_copy(update=changes)


def _write(path: Path, call: LastCall) -> None:
    replace_file(path, [call.model_dump_json().encode()])
