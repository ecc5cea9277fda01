from datetime import UTC, datetime
from pathlib import Path

import orjson

from engine.stats.counters import Stats
from engine.stats.snapshots import snapshots_written
from engine.testing.calls import chat_request, completed


class SetClock:
    """Shows the time that it was set to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic_s(self) -> float:
        return self.now_s

    def utc_now(self) -> datetime:
        return datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


async def test_last_line_has_the_counters_and_the_rate_since_the_line_before(
    tmp_path: Path,
) -> None:
    path, stats, clock = tmp_path / "stats.jsonl", Stats(), SetClock()

    with snapshots_written(path, stats, clock):
        for number in range(30):
            stats.count_settled(completed(chat_request(str(number)), cost_usd=0.5))
        clock.now_s += 2.0

    [line] = map(orjson.loads, path.read_bytes().splitlines())
    assert line["at"] == "2026-11-25T12:00:00.000+00:00"
    assert line["settled"] == 30
    assert line["settled_per_s"] == 15.0
    assert line["usd"] == 15.0
