"""2,000 requests against a server that does everything wrong: each settled once, none paid twice.

    python scripts/benchmarks/faults.py [--rounds N] [--at-once N] [--requests N] [--malformed]

The stand-in (tests/openai_server) answers 10% 429, 5% 500, 5% 503, 3% resets, 3% cut-off bodies,
2% that are not JSON and 1% that hang for 30 s, and is away altogether for 10 s after a third of
the requests.

With `--malformed` it answers instead a tenth in each form of tests/openai_server/malformed.py, of
which so many come in one round as add up to eight tenths: live, then the same in batches.
"""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

import orjson

from scripts.benchmarks.bench.child_processes import run_send, spread
from scripts.benchmarks.bench.request_files import write_requests
from scripts.benchmarks.bench.side_by_side import run_side_by_side
from scripts.benchmarks.malformed_replies import print_malformed
from tests.openai_server import start_openai_server

PROBABILITIES = {
    "rate_limit_exceeded": 0.10,
    "server_error": 0.05,
    "server_is_overloaded": 0.05,
    "reset_before": 0.015,
    "reset_after": 0.015,
    "cut_off": 0.03,
    "html": 0.02,
    "hang": 0.01,
}
OUTAGE_S = 10.0
MEDIAN_S = 0.2
IN_FLIGHT = "64"


class Round(NamedTuple):
    """What one round came to: requests, then calls of the server.

    A request may fail for good when two pages in a row are no reply.
    """

    settled: int
    failed: int
    calls: int
    refused: int
    billed_twice: int
    delivered_twice: int
    seconds: float


def main() -> None:
    """Print what each round came to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--malformed", action="store_true")
    arguments = parser.parse_args()
    if arguments.malformed:
        print_malformed(arguments.requests)
        return
    count = arguments.requests
    print("settled once   failed   calls   refused   paid twice   of these not lost   seconds")
    measures = [partial(measure, count, seed) for seed in range(arguments.rounds)]
    seconds = []
    for each in run_side_by_side(measures, arguments.at_once):
        seconds.append(each.seconds)
        print(
            f"{each.settled:6,} of {count:,}   {each.failed:6,}   {each.calls:5,}   "
            f"{each.refused:7,}   {each.billed_twice:10,}   {each.delivered_twice:17,}   "
            f"{each.seconds:7.1f}",
            flush=True,
        )
    print(f"seconds, median of {arguments.rounds} (least-most): {spread(seconds, 1)}")


def measure(count: int, seed: int, folder: Path) -> Round:
    """One round."""
    in_path, out_path = write_requests(folder / "in.jsonl", count), folder / "out.jsonl"
    config = {
        "faults": {"probabilities": PROBABILITIES, "seed": seed, "hang_s": 30.0},
        "latency": {"median_s": MEDIAN_S, "sigma": 0.4, "seed": seed},
        "outage": {"after_calls": count // 3, "duration_s": OUTAGE_S},
    }
    with start_openai_server(config) as server:
        measured = run_send(
            in_path,
            out_path,
            server.base_url,
            "--max-in-flight",
            IN_FLIGHT,
            api_key=server.api_key,
            may_fail=True,
        )
        totals = server.control.settled_totals(60.0)
    results = [orjson.loads(line) for line in out_path.read_bytes().splitlines()]
    ids = {result["custom_id"] for result in results}
    assert len(ids) == len(results)
    return Round(
        len(ids),
        sum(result["error"] is not None for result in results),
        totals["calls"],
        totals["refused"],
        totals["billed_twice"],
        totals["delivered_twice"],
        measured.wall_s,
    )


if __name__ == "__main__":
    main()
