"""Processor time of a request where a limit sets the pace, beside the same without a limit.

    python scripts/benchmarks/costs/paced_processor.py [--rounds N] [--rpm N]

`distill send` sends 1,000 and 4,000 requests of 1 KB to the stand-in (tests/openai_server), which
answers after 0.4 s, always or in the median. Time is user and system time of the whole process;
the difference of the two sizes leaves the start-up out. The bar is twice the time without a limit.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))

from scripts.benchmarks.bench.child_processes import remove_results, run_send, spread
from scripts.benchmarks.bench.request_files import write_requests
from tests.openai_server import start_openai_server

SIZES = (1_000, 4_000)
MEDIAN_S = 0.4
SIGMAS = {"always after 0.4 s": 0.0, "after 0.4 s in the median": 0.4}
UNLIMITED = 100_000_000


def measure(in_paths: Mapping[int, Path], sigma: float, requests_per_minute: int) -> float:
    """Microseconds of processor a request."""
    cpu_s = []
    config = {"latency": {"median_s": MEDIAN_S, "sigma": sigma}, "kept_bodies": 0}
    with start_openai_server(config) as server:
        for in_path in in_paths.values():
            out_path = in_path.with_name("out.jsonl")
            remove_results(out_path)
            flags = ("--rpm", str(requests_per_minute), "--tpm", "100000000000")
            measured = run_send(in_path, out_path, server.base_url, *flags, api_key=server.api_key)
            cpu_s.append(measured.cpu_s)
    small, large = SIZES
    return 1e6 * (cpu_s[1] - cpu_s[0]) / (large - small)


def main() -> None:
    """Measure round by round, print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rpm", type=int, default=12_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        in_paths = {size: write_requests(Path(name) / f"in.{size}.jsonl", size) for size in SIZES}
        for answered, sigma in SIGMAS.items():
            free_us, paced_us = [], []
            for _ in range(arguments.rounds):
                free_us.append(measure(in_paths, sigma, UNLIMITED))
                paced_us.append(measure(in_paths, sigma, arguments.rpm))
            ratio = statistics.median(
                paced / free for paced, free in zip(paced_us, free_us, strict=True)
            )
            print(
                f"{answered:26} no limit {spread(free_us, 0)} us, "
                f"{arguments.rpm:,} a minute {spread(paced_us, 0)} us, ratio {ratio:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
