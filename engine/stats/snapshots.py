"""Writes the counters to a file every few seconds, for watching a run."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from engine.clock import Clock
from engine.files.bounded_log import BoundedLog
from engine.stats.counters import Stats

SNAPSHOT_EVERY_S = 5.0
TAIL_BYTES = 1 << 17  # more than ten minutes of lines


@contextmanager
def snapshots_written(path: Path, stats: Stats, clock: Clock) -> Iterator[None]:
    """While the block runs, a line of counters is appended every few seconds, and one at its end.

    The counters begin with the process; the oldest lines go when there are many. A line is not
    synced, and left out when the disk refuses it: losing one loses nothing.
    """
    loop = asyncio.get_running_loop()
    rate = _Rate(clock.monotonic_s())
    with closing(BoundedLog(path)) as log:
        timer: asyncio.TimerHandle | None = None

        def write_line() -> None:
            line = {
                "at": clock.utc_now().isoformat(timespec="milliseconds"),
                "settled_per_s": rate.per_s(stats.settled, clock.monotonic_s()),
                **stats.snapshot().model_dump(),
            }
            with suppress(OSError):
                log.write_line(orjson.dumps(line))

        def tick() -> None:
            nonlocal timer
            write_line()
            timer = loop.call_later(SNAPSHOT_EVERY_S, tick)

        timer = loop.call_later(SNAPSHOT_EVERY_S, tick)
        try:
            yield
        finally:
            timer.cancel()
            write_line()


def read_snapshots(path: Path, *, since: str) -> list[dict[str, Any]]:
    """The last lines of counters that were written from `since` (ISO 8601) on, oldest first."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        lines = file.read().split(b"\n")[:-1]
    found = []
    for line in lines:
        with suppress(orjson.JSONDecodeError):  # cut off by the seek or a crash: none is synced
            found.append(orjson.loads(line))
    begin = datetime.fromisoformat(since)
    return [line for line in found if datetime.fromisoformat(line["at"]) >= begin]


class _Rate:
    """How fast a count grows, from one look to the next."""

    def __init__(self, now_s: float) -> None:
        self._last_s = now_s
        self._last_count = 0

    def per_s(self, count: int, now_s: float) -> float:
        grown, elapsed_s = count - self._last_count, now_s - self._last_s
        self._last_count, self._last_s = count, now_s
        return round(grown / elapsed_s, 2) if elapsed_s > 0 else 0.0
