"""Processor time of a request: `distill send` beside a bare aiohttp + orjson loop.

    python scripts/benchmarks/costs/processor.py [--rounds N]

Both send 5,000 and 20,000 requests of 1 KB, 256 in flight, to nginx on loopback, which answers
700 bytes. `distill send` has its limits, retries and durable results on. Time is user and system
time of the whole process; the difference of the two sizes leaves the start-up out.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))

from scripts.benchmarks.bench.child_processes import remove_results, run_measured, run_send, spread
from scripts.benchmarks.bench.nginx_server import nginx_server
from scripts.benchmarks.bench.request_files import write_requests

SIZES = (5_000, 20_000)
IN_FLIGHT = 256
LIMIT_FLAGS = ("--rpm", "100000000", "--tpm", "100000000000")  # on, and never reached


class Cost(NamedTuple):
    """Microseconds a request: of the whole process at both sizes, and without its start-up."""

    small_us: float
    large_us: float
    marginal_us: float


def measure_loop(in_paths: Mapping[int, Path], base_url: str, *, has_uvloop: bool) -> Cost:
    """What the bare loop costs."""
    script = str(Path(__file__).parents[1] / "bench" / "bare_loop.py")
    cpu_s = []
    for in_path in in_paths.values():
        out_path = in_path.with_name("bare.jsonl")
        loop = ["uvloop"] if has_uvloop else []
        arguments = [script, str(in_path), str(out_path), base_url, str(IN_FLIGHT), *loop]
        measured = run_measured(arguments)
        if measured.code != 0:
            raise SystemExit(measured.stderr)
        cpu_s.append(measured.cpu_s)
    return _cost(cpu_s)


def measure_send(in_paths: Mapping[int, Path], base_url: str, *, has_uvloop: bool) -> Cost:
    """What `distill send` costs."""
    cpu_s = []
    for in_path in in_paths.values():
        out_path = in_path.with_name("out.jsonl")
        remove_results(out_path)
        flags = ("--max-in-flight", str(IN_FLIGHT), *LIMIT_FLAGS)
        cpu_s.append(run_send(in_path, out_path, base_url, *flags, has_uvloop=has_uvloop).cpu_s)
    return _cost(cpu_s)


def _cost(cpu_s: list[float]) -> Cost:
    small, large = SIZES
    return Cost(
        1e6 * cpu_s[0] / small,
        1e6 * cpu_s[1] / large,
        1e6 * (cpu_s[1] - cpu_s[0]) / (large - small),
    )


def main() -> None:
    """Print one table a kind of event loop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        in_paths = {size: write_requests(folder / f"{size}.jsonl", size) for size in SIZES}
        with nginx_server(folder) as base_url:
            for has_uvloop in (True, False):
                bare, send = [], []
                for _ in range(rounds):
                    bare.append(measure_loop(in_paths, base_url, has_uvloop=has_uvloop))
                    send.append(measure_send(in_paths, base_url, has_uvloop=has_uvloop))
                show("uvloop" if has_uvloop else "asyncio", bare, send)


def show(loop: str, bare: list[Cost], send: list[Cost]) -> None:
    """Print the medians of all rounds and of their ratios."""
    print(f"{loop}: us of processor a request, median of {len(bare)} (least-most)")
    print(f"  {'':<22}{'bare loop':<22}{'distill send':<22}ratio")
    for field, title in (
        ("marginal_us", "without start-up"),
        ("large_us", f"{SIZES[1]:,} requests"),
        ("small_us", f"{SIZES[0]:,} requests"),
    ):
        bare_us = [getattr(cost, field) for cost in bare]
        send_us = [getattr(cost, field) for cost in send]
        ratio = statistics.median(ours / base for ours, base in zip(send_us, bare_us, strict=True))
        print(f"  {title:<22}{spread(bare_us, 0):<22}{spread(send_us, 0):<22}{ratio:.2f}")


if __name__ == "__main__":
    main()
