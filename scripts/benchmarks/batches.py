"""Packing and collecting of `distill send --lane batch`: requests a second of processor, memory.

    python scripts/benchmarks/batches.py [--requests N] [--rounds N] [--folder DIR]

The stand-in server of the tests takes the batches, and answers each request with 400 characters.
The first call packs and submits everything, the second one collects everything; only the
processor time of these two processes counts. The baseline reads the same lines with orjson and
writes them again. A million requests of 1 KB take minutes and 5 GB of disk.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

import orjson

from scripts.benchmarks.bench.child_processes import Measured, remove_results, run_measured, spread
from scripts.benchmarks.bench.request_files import write_requests
from tests.openai_server.client import RunningServer, start_openai_server

EXIT_TRY_LATER = 75


class Round(NamedTuple):
    """What the two calls took."""

    packed: Measured
    collected: Measured


def main() -> None:
    """Print rates and peaks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where 5 GB may be written for a while")
    arguments = parser.parse_args()
    rules = {"in_progress_s": 0.1, "fixed_reply": "a reply " * 50, "keeps_bills": False}
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        in_path = write_requests(Path(name) / "in.jsonl", arguments.requests)
        baseline_s = measure_baseline(in_path)
        with start_openai_server({"batches": rules}) as server:
            rounds = [run_round(in_path, server) for _ in range(arguments.rounds)]
    count = arguments.requests
    print(f"baseline: {count / baseline_s:,.0f} lines/s read, parsed and written with orjson")
    for what in Round._fields:
        measured: list[Measured] = [getattr(one, what) for one in rounds]
        rates = [count / one.cpu_s for one in measured]
        per_100_000_s = statistics.median(one.cpu_s for one in measured) * 100_000 / count
        peaks_mb = [one.peak_bytes / 1e6 for one in measured]
        print(
            f"{what}: {spread(rates, 0)} requests a second of processor, "
            f"{per_100_000_s:.2f} s per 100,000, wall {spread([m.wall_s for m in measured], 1)} s, "
            f"peak {spread(peaks_mb, 0)} MB"
        )


def measure_baseline(in_path: Path) -> float:
    """Seconds of processor for reading, parsing and writing all lines."""
    started_s = time.process_time()
    with in_path.open("rb") as lines, in_path.with_name("copy").open("wb") as copy:
        for line in lines:
            copy.write(orjson.dumps(orjson.loads(line)) + b"\n")
    return time.process_time() - started_s


def run_round(in_path: Path, server: RunningServer) -> Round:
    """Pack and submit in one call, collect in the next."""
    out_path = in_path.with_name("out.jsonl")
    remove_results(out_path)
    arguments = ["-m", "jobs", "send", str(in_path), "--out", str(out_path)]
    arguments += ["--base-url", server.base_url, "--lane", "batch", "--no-wait"]
    environment = {"OPENAI_API_KEY": server.api_key, "XDG_STATE_HOME": str(in_path.parent)}
    packed = run_measured(arguments, environment)
    if packed.code != EXIT_TRY_LATER:
        raise RuntimeError(f"packing ended with {packed.code}:\n{packed.stderr}")
    while any(batch["status"] not in ("completed",) for batch in server.control.batches()):
        time.sleep(0.5)
    collected = run_measured(arguments, environment)
    if collected.code != 0:
        raise RuntimeError(f"collecting ended with {collected.code}:\n{collected.stderr}")
    return Round(packed, collected)


if __name__ == "__main__":
    main()
