"""Calls a command of the user's when a run has come to an end, whichever."""

import logging
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import EngineError, InterruptedRunError, RunInUseError
from engine.run_folder import RunFolder
from engine.wire.server_text import without_controls

TIMEOUT_S = 60.0

_log = logging.getLogger(__name__)


@contextmanager
def notifying(command: str | None, folder: RunFolder, name: str) -> Iterator[None]:
    """After the block, run `command` in a shell, told by its environment what became of the run.

    DISTILL_COMMAND is `name`, DISTILL_RUN the folder, DISTILL_STATE `complete`, `left`,
    `interrupted` or `failed`, DISTILL_REASON why. It is not called where another process holds
    the run. That it fails is said, and changes nothing.
    """
    try:
        yield
    except RunInUseError:
        raise
    except EngineError as error:
        state = "interrupted" if isinstance(error, InterruptedRunError) else "failed"
        _notify(command, folder, name, state, str(error))
        raise
    else:
        from engine.last_call import read_last_call

        call = read_last_call(folder.last_call_path)
        if call is not None and call.ending is not None:
            _notify(command, folder, name, call.ending, call.message)


def _notify(command: str | None, folder: RunFolder, name: str, state: str, reason: str) -> None:
    if command is None:
        return
    told = {
        "DISTILL_COMMAND": name,
        "DISTILL_RUN": os.fspath(folder.run_dir.resolve()),
        "DISTILL_STATE": state,
        "DISTILL_REASON": without_controls(reason).replace("\0", ""),
    }
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command
            ["/bin/sh", "-c", command],
            env={**os.environ, **told},
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        _log.warning("--notify: the command did not end well: %s", error)
        return
    if done.returncode:
        _log.warning("--notify: the command ended with exit code %d", done.returncode)
