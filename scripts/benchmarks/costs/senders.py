"""How much faster `distill send` is by several processes: processor and wall time a request.

    python scripts/benchmarks/costs/senders.py [--workers 1 2] [--rounds N] [--sizes 20000 60000]

Requests of 1 KB go to nginx on loopback, which answers 700 bytes and knows no limit. It runs on the
same cores, so wall time shows less than there is. Shown are medians without the start-up, which is
the difference of the two sizes: microseconds a request of user and system time of the command's own
process and of its senders, of wall time, and `bound`: the ratio to one process that processor time
allows on so many free cores. What the command does before anything is sent (checking the file and
putting it into shards, measured apart) nothing divides.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))

from engine.stopping import Stopping
from jobs.processes.work_pool import WorkPool
from jobs.processes.worker_process import core_count
from jobs.send.check_batch_file import check_batch_file
from jobs.send.check_ranges import check_on_cores
from jobs.send.result_files import ResultFiles, result_paths
from jobs.send.sharded.write_shards import write_shards_on_cores
from scripts.benchmarks.bench.child_processes import API_KEY, ROOT_DIR, remove_results, spread
from scripts.benchmarks.bench.nginx_server import nginx_server
from scripts.benchmarks.bench.request_files import write_requests

IN_FLIGHT = 256
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Taken(NamedTuple):
    """Seconds of one call, or microseconds a request: processor of both kinds, and wall."""

    own: float
    senders: float
    wall: float


def measure(in_paths: Sequence[Path], base_url: str, workers: int) -> Taken:
    """Microseconds a request by so many processes, without the start-up."""
    small, large = (_send(in_path, base_url, workers) for in_path in in_paths)
    more = _line_count(in_paths[1]) - _line_count(in_paths[0])
    return Taken(*(1e6 * (b - a) / more for a, b in zip(small, large, strict=True)))


def measure_before(in_path: Path, workers: int) -> float:
    """Microseconds a request, of this process, until all is checked and stands in shards."""
    out_path = in_path.with_name("before.jsonl")
    taken_s, count = asyncio.run(_before(in_path, out_path, workers))
    remove_results(out_path)
    return 1e6 * taken_s / count


async def _before(in_path: Path, out_path: Path, workers: int) -> tuple[float, int]:
    """Seconds of this process, and how many requests."""
    stopping, started_s = Stopping(), time.process_time()
    async with ResultFiles(result_paths(out_path)) as results:
        if workers == 1:
            checked = check_batch_file(in_path, results, stopping, skips_bad_lines=False)
        else:
            async with WorkPool(worker_count=core_count()) as pool:
                checked = await check_on_cores(
                    in_path, results, stopping, pool, skips_bad_lines=False
                )
                await write_shards_on_cores(checked, out_path, 4 * workers, pool, stopping)
    return time.process_time() - started_s, checked.wanted_count


def _send(in_path: Path, base_url: str, workers: int) -> Taken:
    out_path = in_path.with_name("out.jsonl")
    remove_results(out_path)
    started_s = time.monotonic()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "jobs", "send", in_path, "--out", out_path),
            *("--base-url", base_url, "--max-in-flight", str(IN_FLIGHT)),
            *("--workers", str(workers)),
        ],
        cwd=ROOT_DIR,
        env={**os.environ, "OPENAI_API_KEY": API_KEY},
        stderr=subprocess.DEVNULL,
    )
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    wall_s = time.monotonic() - started_s
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    ticks = [int(field) for field in fields[11:15]]  # proc(5): utime, stime, cutime, cstime
    if code := process.wait():
        raise RuntimeError(f"distill send ended with {code}")
    return Taken(sum(ticks[:2]) / TICKS_PER_S, sum(ticks[2:]) / TICKS_PER_S, wall_s)


def _line_count(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def _ideal_us(taken: Taken, before_us: float, workers: int) -> float:
    """Wall time where no process waits for a core: what comes before, then all at once."""
    meanwhile_us = taken.own - before_us
    return before_us + max(meanwhile_us, (meanwhile_us + taken.senders) / workers)


def main() -> None:
    """Print a line for each number of processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs=2, default=[20_000, 60_000])
    given = parser.parse_args()
    rounds: dict[int, list[Taken]] = {workers: [] for workers in given.workers}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        in_paths = [write_requests(folder / f"{size}.jsonl", size) for size in given.sizes]
        with nginx_server(folder) as base_url:
            for _ in range(given.rounds):
                for workers, taken in rounds.items():
                    taken.append(measure(in_paths, base_url, workers))
        before_us = {workers: measure_before(in_paths[1], workers) for workers in rounds}
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{given.rounds} rounds, {os.cpu_count()} cores, load {load}")
    print(f"{'processes':<11}{'before':<9}{'own':<18}{'senders':<18}{'wall':<18}ratio  bound")
    one = rounds[min(rounds)]
    for workers, taken in rounds.items():
        ratio = statistics.median(a.wall / b.wall for a, b in zip(one, taken, strict=True))
        bound = statistics.median(
            a.own / _ideal_us(b, before_us[workers], workers)
            for a, b in zip(one, taken, strict=True)
        )
        columns = "".join(f"{spread(each, 0):<18}" for each in zip(*taken, strict=True))
        print(f"{workers:<11}{before_us[workers]:<9.1f}{columns}{ratio:<7.2f}{bound:.2f}")


if __name__ == "__main__":
    main()
