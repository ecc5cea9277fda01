"""Keeps what the counters say every few seconds, for whoever watches a run."""

from pathlib import Path

import orjson

from engine.clock import Clock
from engine.stats import Stats

SNAPSHOT_EVERY_S = 5.0


async def write_snapshots(path: Path, stats: Stats, clock: Clock) -> None:
    """Append a line of counters every few seconds, and a last one when cancelled.

    The counters begin with the process; a line is not synced, losing one loses nothing.
    """
    with path.open("ab", buffering=0) as file:
        try:
            while True:
                await clock.sleep(SNAPSHOT_EVERY_S)
                file.write(_line(stats, clock))
        finally:
            file.write(_line(stats, clock))


def _line(stats: Stats, clock: Clock) -> bytes:
    at = clock.utc_now().isoformat(timespec="milliseconds")
    return orjson.dumps({"at": at, **stats.snapshot().model_dump()}) + b"\n"
