"""RUN/log.jsonl: what a command reports, a JSON object a line, for programs that watch it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import orjson

from engine.files.bounded_log import BoundedLog
from engine.wire.server_text import without_controls


@contextmanager
def logged_to(path: Path) -> Iterator[None]:
    """While the block runs, everything from INFO on that is logged is also a line in `path`."""
    log = BoundedLog(path)
    handler = _JsonLines(log)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        log.close()


class _JsonLines(logging.Handler):
    """A line a record: time, level, the part of the program, and the message."""

    def __init__(self, log: BoundedLog) -> None:
        super().__init__(logging.INFO)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        at = datetime.fromtimestamp(record.created, UTC)
        line = {
            "at": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "part": record.name,
            "message": without_controls(record.getMessage()),
        }
        with suppress(OSError):  # a full disk ends the run where it matters: at the journal
            self._log.write_line(orjson.dumps(line))
