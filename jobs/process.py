"""What the process of a command needs: its event loop, its log lines, its exit codes."""

import asyncio
import gc
import logging
import sys
from collections.abc import Callable, Coroutine
from contextlib import closing
from importlib.util import find_spec
from typing import Any, TypeVar

from engine.wire.server_text import without_controls

EXIT_OK = 0
EXIT_INCOMPLETE = 1
EXIT_CONFIG = 2
EXIT_FATAL = 3
EXIT_DAMAGED = 4
EXIT_NO_PROGRESS = 69  # EX_UNAVAILABLE of sysexits.h
EXIT_TRY_LATER = 75  # EX_TEMPFAIL of sysexits.h
EXIT_SIGNAL = 128  # plus the signal's number


PROGRESS = "engine.progress"  # the logger of progress

T = TypeVar("T")


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on an event loop; returns or raises what it does."""
    gc.freeze()  # what was imported stays: it is no longer searched for garbage
    with closing(work), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(work)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop


def log_to_stderr() -> None:
    """Show what the engine and the jobs report, a line each, from INFO on."""
    handler = _BesideBars(logging.INFO)  # some libraries set the level of their own logger lower
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    # What it warns of (a child process reaped elsewhere) is nothing that a user can act on.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    for library in (
        "httpx",
        "httpx2",
        "openai",
    ):  # one line for each call would hide everything else
        logging.getLogger(library).setLevel(logging.WARNING)


def show_less() -> None:
    """Show warnings and errors alone, and no progress; log.jsonl has all as ever."""
    for handler in _own_handlers():
        handler.setLevel(logging.WARNING)
    logging.getLogger(PROGRESS).setLevel(logging.WARNING)


def show_more() -> None:
    """Show debug messages too, with times."""
    for handler in _own_handlers():
        handler.setLevel(logging.DEBUG)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for room in ("engine", "jobs"):
        logging.getLogger(room).setLevel(logging.DEBUG)


def _own_handlers() -> list[logging.Handler]:
    return [each for each in logging.getLogger().handlers if isinstance(each, _BesideBars)]


class _BesideBars(logging.Handler):
    """Writes log lines to standard error without tearing a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        from tqdm import tqdm

        tqdm.write(without_controls(self.format(record)), file=sys.stderr)
