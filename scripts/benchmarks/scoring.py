"""Processor time of the two metrics of every answer, through the engine's `ask`.

    python scripts/benchmarks/scoring.py [--samples N] [--rounds N] [--scorer builtin|ragas]

Nothing is sent: every reply is there at once, or a batch round later, so what is measured is the
scorer and the engine's side of it. Each of the batch lane's passes goes over
all samples that are not scored yet.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.errors import Deferred
from jobs.evaluation.score_answers import Scoring, load_scoring, score_answer
from jobs.evaluation.score_tasks import ScoreTask
from schemas.evaluation import ALWAYS
from schemas.settings import Scorer
from scripts.benchmarks.bench.child_processes import spread
from tests.integration.jobs.evaluation.scoring import RoundsAsk, make_tasks
from tests.unit.jobs.evaluation.made_run import make_settings


async def score_in_rounds(tasks: Sequence[ScoreTask], scoring: Scoring) -> list[float]:
    """Processor seconds of each pass, the last of which leaves nothing."""
    left, ask, passes = list(tasks), RoundsAsk(), []
    while left:
        ask.settle_round()
        deferred = []
        began_s = time.process_time()
        for task in left:
            try:
                await score_answer(task, ask, scoring)
            except Deferred:
                deferred.append(task)
        passes.append(time.process_time() - began_s)
        left = deferred
    return passes


async def measure(sample_count: int, round_count: int, scorer: str) -> None:
    """Print the time of the import and of each pass."""
    settings = make_settings(f"evaluation.scorer={scorer}")
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    scoring = await load_scoring(settings)
    cpu_s = time.process_time() - began_cpu_s
    print(f"loading the scorer: {time.perf_counter() - began_s:.1f} s, {cpu_s:.1f} s of processor")
    tasks = make_tasks(settings, sample_count, metrics=ALWAYS)
    runs = [await score_in_rounds(tasks, scoring) for _ in range(round_count)]
    print(
        f"{sample_count} samples, both metrics: {len(runs[0]) - 1} batch rounds; processor ms a "
        f"sample, median of {round_count} (least-most)"
    )
    for number, seconds in enumerate(zip(*runs, strict=True), start=1):
        print(f"  pass {number}   {spread([1e3 * s / sample_count for s in seconds], 2)}")
    last = [1e3 * run[-1] / sample_count for run in runs]
    print(f"  live     {spread(last, 2)}   (the last pass finds every reply)")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scorer", choices=get_args(Scorer), default="builtin")
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.samples, arguments.rounds, arguments.scorer))


if __name__ == "__main__":
    main()
