"""Outcomes a second that the log makes durable: group commit beside one fsync a line.

    python scripts/benchmarks/journal.py [--lines N] [--rounds N] [--folder DIR]

256 writers append lines of 1,500 bytes, each waiting until its own is on disk. The folder decides
what an fsync costs: give one on the disk that counts.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.files.jsonl import JsonlLog
from scripts.benchmarks.bench.child_processes import spread

WRITERS = 256
LINE_BYTES = 1_500
ALONE_COUNT = 500


async def append_all(path: Path, count: int) -> float:
    """Lines a second through the log."""
    numbers = iter(range(count))
    fill = b"x" * (LINE_BYTES - 40)
    started_s = time.perf_counter()
    async with JsonlLog(path, id_field="custom_id") as log, asyncio.TaskGroup() as group:
        for _ in range(WRITERS):
            group.create_task(_append(log, numbers, fill))
    return count / (time.perf_counter() - started_s)


async def _append(log: JsonlLog, numbers: Iterator[int], fill: bytes) -> None:
    for number in numbers:
        line = b'{"custom_id":"%012d","reply":"%b"}' % (number, fill)
        await log.append(f"{number:012d}", line)


def append_alone(path: Path, count: int) -> float:
    """Lines a second with an fsync for each."""
    line = b"x" * LINE_BYTES
    started_s = time.perf_counter()
    with path.open("wb", buffering=0) as file:
        for _ in range(count):
            file.write(line)
            os.fsync(file.fileno())
    return count / (time.perf_counter() - started_s)


def main() -> None:
    """Print both rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    grouped, alone = [], []
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        for number in range(arguments.rounds):
            path = Path(name) / f"{number}.jsonl"
            grouped.append(asyncio.run(append_all(path, arguments.lines)))
            path.unlink()
            alone.append(append_alone(path, ALONE_COUNT))
            path.unlink()
    print(f"durable lines a second, median of {arguments.rounds} (least-most)")
    print(f"  group commit, {WRITERS} writers   {spread(grouped, 0)}")
    print(f"  an fsync for each line      {spread(alone, 0)}")


if __name__ == "__main__":
    main()
