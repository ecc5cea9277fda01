"""How fast a budget is spent, beside the same requests without one.

    python scripts/benchmarks/budget.py [--rounds N] [--requests N] [--worst-factor X]

The stand-in (tests/openai_server) answers each request after the same time and with a few tokens,
while the request's output limit lets its worst case be so many times its cost. The budget pays for
all requests but the last hundredth. Printed are the seconds of both, their ratio, what was spent,
and how many requests were in flight at tenths of the time.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.wire.prices import COMMON_PRICES, TOKENS_PER_PRICE
from scripts.benchmarks.bench.child_processes import ROOT_DIR, run_measured
from scripts.benchmarks.bench.request_files import MODEL, write_requests
from tests.openai_server import start_openai_server

LATENCY_S = 0.4
IN_FLIGHT = 64
BUDGET_SHARE = 0.99
EXIT_FATAL = 3


class Spent(NamedTuple):
    """One run: how long it sent, what the server billed, how many were in flight over time."""

    seconds: float
    billed_usd: float
    billed_count: int
    in_flight: list[int]


def main() -> None:
    """Print each round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--worst-factor", type=float, default=45.0)
    arguments = parser.parse_args()
    ratios = []
    for _ in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as name:
            ratios.append(measure(Path(name), arguments.requests, arguments.worst_factor))
    print(f"ratio of seconds, median of {arguments.rounds}: {statistics.median(ratios):.2f}")


def measure(folder: Path, count: int, worst_factor: float) -> float:
    """One round: all without a budget, then within one; returns the ratio of the seconds."""
    sample = write_requests(folder / "sample.jsonl", 100)
    one_usd = spend(sample, None).billed_usd / 100
    price = COMMON_PRICES[MODEL]
    limit = round(one_usd * worst_factor * TOKENS_PER_PRICE / price.output)
    in_path = write_requests(folder / "in.jsonl", count, output_limit=limit)
    free = spend(in_path, None)
    capped = spend(in_path, BUDGET_SHARE * free.billed_usd)
    ratio = capped.seconds / free.seconds
    print(f"a request costs ${one_usd:.6f}, at most {worst_factor:g} times that")
    for name, run in (("no budget", free), ("a budget", capped)):
        print(
            f"  {name:9}  {run.seconds:6.1f} s   {run.billed_count:5,} billed   "
            f"${run.billed_usd:.4f}   in flight {' '.join(map(str, run.in_flight))}"
        )
    print(f"  of the budget ${BUDGET_SHARE * free.billed_usd:.4f}; ratio {ratio:.2f}", flush=True)
    assert capped.billed_usd <= BUDGET_SHARE * free.billed_usd
    return ratio


def spend(in_path: Path, budget_usd: float | None) -> Spent:
    """Send all of a file, or as much as the budget allows."""
    out_path = in_path.with_suffix(f".{budget_usd}.out")
    flags = [] if budget_usd is None else ["--budget-usd", f"{budget_usd:.9f}"]
    config = {
        "latency": {"median_s": LATENCY_S},
        "models": [{"id": MODEL, "caches_prompts": False}],
    }
    with start_openai_server(config) as server:
        measured = run_measured(
            [
                *("-m", "jobs", "send", str(in_path), "--out", str(out_path)),
                *("--base-url", server.base_url, "--max-in-flight", str(IN_FLIGHT), *flags),
            ],
            {"OPENAI_API_KEY": server.api_key, "PYTHONPATH": str(ROOT_DIR)},
        )
        calls = list(server.control.requests())
    if measured.code not in (0, EXIT_FATAL):
        raise RuntimeError(f"distill send ended with {measured.code}:\n{measured.stderr}")
    starts = sorted(call["at_s"] for call in calls if call["is_billed"])
    seconds = starts[-1] + LATENCY_S - starts[0]
    price = COMMON_PRICES[MODEL]
    billed_usd = sum(
        (call["prompt_tokens"] * price.input + call["completion_tokens"] * price.output)
        for call in calls
    )
    moments = [starts[0] + seconds * (tenth + 0.5) / 10 for tenth in range(10)]
    in_flight = [sum(at - LATENCY_S < start <= at for start in starts) for at in moments]
    return Spent(seconds, billed_usd / TOKENS_PER_PRICE, len(starts), in_flight)


if __name__ == "__main__":
    main()
