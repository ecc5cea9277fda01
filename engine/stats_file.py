"""Keeps what the counters say every few seconds, for whoever watches a run."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson

from engine.clock import Clock
from engine.stats import Stats

SNAPSHOT_EVERY_S = 5.0


@contextmanager
def snapshots_written(path: Path, stats: Stats, clock: Clock) -> Iterator[None]:
    """While the block runs, a line of counters is appended every few seconds, and one at its end.

    The counters begin with the process. A line is not synced, and left out when the disk refuses
    it: losing one loses nothing.
    """
    loop = asyncio.get_running_loop()
    with path.open("ab", buffering=0) as file:
        timer: asyncio.TimerHandle | None = None

        def write_line() -> None:
            at = clock.utc_now().isoformat(timespec="milliseconds")
            with suppress(OSError):
                file.write(orjson.dumps({"at": at, **stats.snapshot().model_dump()}) + b"\n")

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
