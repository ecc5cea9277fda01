"""Peak memory of `distill send`: a large input beside a small one.

    python scripts/benchmarks/costs/memory.py [--small N] [--large N] [--rounds N] [--folder DIR]

Requests of 1 KB go to nginx on loopback. What grows with them is the index (16 bytes a reply) and
a byte a line of the input; both are taken off. A million requests take minutes and 2.5 GB of disk.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))

from scripts.benchmarks.bench.child_processes import remove_results, run_send, spread
from scripts.benchmarks.bench.nginx_server import nginx_server
from scripts.benchmarks.bench.request_files import write_requests

INDEX_BYTES = 16 + 1  # of the results; a verdict on each line of the input


def main() -> None:
    """Print a line for each size and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where 2.5 GB may be written for a while")
    arguments = parser.parse_args()
    sizes = (arguments.small, arguments.large)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name, nginx_server(Path(name)) as url:
        peaks_mb = [measure(Path(name), url, size, arguments.rounds) for size in sizes]
    without_index_mb = [
        statistics.median(peaks) - INDEX_BYTES * size / 1e6
        for size, peaks in zip(sizes, peaks_mb, strict=True)
    ]
    for size, peaks, rest_mb in zip(sizes, peaks_mb, without_index_mb, strict=True):
        print(f"{size:>9,} requests: peak {spread(peaks, 1)} MB, {rest_mb:.1f} without the index")
    print(f"ratio of the peaks without the index: {without_index_mb[1] / without_index_mb[0]:.2f}")


def measure(folder: Path, base_url: str, size: int, rounds: int) -> list[float]:
    """The peak of each round in MB."""
    in_path, out_path = write_requests(folder / "in.jsonl", size), folder / "out.jsonl"
    peaks_mb = []
    for _ in range(rounds):
        remove_results(out_path)
        measured = run_send(in_path, out_path, base_url, "--max-in-flight", "256")
        peaks_mb.append(measured.peak_bytes / 1e6)
    return peaks_mb


if __name__ == "__main__":
    main()
