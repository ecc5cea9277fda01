"""How much of what could be read from the provider's prompt cache is read, in virtual time.

    python scripts/benchmarks/prompt_cache.py [--chunks N] [--per-chunk N] [--in-flight N]

tests/simulations/prompt_cache.py says what is simulated.
"""

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.simulations.prompt_cache import Corpus, settings_for, simulate

RATES = (60, 500, 3_000)  # requests a minute


def main() -> None:
    """Print a line for each choice and rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=300)
    parser.add_argument("--per-chunk", type=int, default=3)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    print("layout  rpm    read of what could be   written    dollars   minutes")
    for rpm in RATES:
        for choice in ("off", "auto"):
            runs = []
            for seed in range(given.seeds):
                corpus = Corpus(given.chunks, given.per_chunk, given.in_flight, seed)
                runs.append(simulate(corpus, settings_for(choice, rpm)))
            shares = [run["read"] / run["could"] for run in runs if run["could"]]
            mean = {name: sum(run[name] for run in runs) / len(runs) for name in runs[0]}
            share = f"{min(shares):6.1%} to {max(shares):6.1%}" if shares else "-"
            print(
                f"{choice:6}  {rpm:<5} {share:>21}  {mean['written'] / mean['prompt']:8.1%}"
                f"   {mean['usd']:8.3f}   {mean['minutes']:7.1f}"
            )


if __name__ == "__main__":
    main()
