"""How much faster documents become chunks on several cores.

    python scripts/benchmarks/documents/all_cores.py FOLDER [--cores 1 2] [--rounds 3]

Each measurement is a process of its own that may use so many cores; they take turns, so that other
work on the machine harms all alike. Shown are the medians, stage by stage; and in seconds of CPU
what the fewest cores took, and of the most cores the process itself (nothing divides that) and its
workers. On a machine that does other work besides, these tell what the wall clock cannot: `bound`
is the ratio that they allow where every core is free.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from hashlib import blake2b
from pathlib import Path

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[3]))

from engine.files.journal import Journal
from engine.files.jsonl_lines import read_lines
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from jobs.dataset.stages import DATASET
from jobs.documents.list_sources import list_sources
from jobs.documents.whole_corpus.check_held_out import HELD_OUT_CHECK
from jobs.processes.work_pool import WorkPool
from jobs.processes.worker_process import core_count
from jobs.run.run_stages import run_stages
from jobs.run.stages import StageContext
from schemas.outcomes import Outcome
from schemas.requests import Request
from schemas.settings import RunSettings

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
TO_CHUNKS = DATASET[: DATASET.index(HELD_OUT_CHECK) + 1]


async def measure(documents_dir: Path) -> dict[str, float | str]:
    """The seconds of each stage, and what tells whether the chunks are the same."""
    with tempfile.TemporaryDirectory() as run_dir:
        folder = RunFolder(Path(run_dir))
        folder.create()
        await list_sources(folder, documents_dir, Stopping())
        settings = RunSettings.model_validate(
            {"documents_dir": documents_dir, "teacher": {"model": "none"}}
        )
        measured: dict[str, float | str] = {}
        async with (
            Journal(folder.journal_path) as journal,
            WorkPool(worker_count=core_count()) as pool,
        ):
            context = StageContext(
                folder=folder,
                settings=settings,
                ask=_ask_no_model,
                journal=journal,
                stopping=Stopping(),
                order=None,
                pool=pool,
            )
            for stage in TO_CHUNKS:
                started, own, workers = time.perf_counter(), _own_cpu_s(), _workers_cpu_s()
                await run_stages((stage,), context)
                measured[stage.name] = time.perf_counter() - started
                measured[f"{stage.name} own"] = _own_cpu_s() - own
                measured[f"{stage.name} workers"] = _workers_cpu_s() - workers
        digest = blake2b(digest_size=8)
        for line in sorted(read_lines(folder.results_path("chunks"))):
            digest.update(line)
        return {**measured, "chunks_hash": digest.hexdigest()}


async def _ask_no_model(request: Request, /) -> Outcome:
    raise AssertionError(request)


def measure_on(core_count: int, documents_dir: Path) -> dict[str, float | str]:
    """The same in a process that may use `core_count` cores."""
    done = subprocess.run(
        [sys.executable, __file__, documents_dir, "--measure", str(core_count)],
        check=True,
        stdout=subprocess.PIPE,
    )
    measured: dict[str, float | str] = json.loads(done.stdout)
    return measured


def _print_table(rounds: dict[int, list[dict[str, float | str]]]) -> None:
    most = max(rounds)
    cores = "".join(f"{cores:>5} cores" for cores in rounds)
    print(f"stage          {cores}   ratio       CPU       own   workers   bound")
    for name in (*(stage.name for stage in TO_CHUNKS), "all"):
        medians = [_median(results, name) for results in rounds.values()]
        own, workers = (_median(rounds[most], f"{name} {of}") for of in ("own", "workers"))
        least = sum(_median(rounds[min(rounds)], f"{name} {of}") for of in ("own", "workers"))
        bound = least / _ideal_s(rounds[most], name, most)
        cells = "".join(f"{seconds:>10.2f}s" for seconds in medians)
        ratio = medians[0] / medians[-1]
        print(
            f"{name:15}{cells}{ratio:>7.2f}x{least:>9.2f}s{own:>9.2f}s{workers:>9.2f}s{bound:>7.2f}x"
        )
    hashes = {measured["chunks_hash"] for results in rounds.values() for measured in results}
    print("all chunks are the same" if len(hashes) == 1 else "THE CHUNKS DIFFER")


def _ideal_s(results: list[dict[str, float | str]], name: str, cores: int) -> float:
    """How long it takes where nothing waits for a core. Stages follow each other."""
    stages = [stage.name for stage in TO_CHUNKS] if name == "all" else [name]
    own = [_median(results, f"{stage} own") for stage in stages]
    workers = [_median(results, f"{stage} workers") for stage in stages]
    return sum(max(a, (a + b) / cores) for a, b in zip(own, workers, strict=True))


def _median(results: list[dict[str, float | str]], name: str) -> float:
    return statistics.median(_seconds(measured, name) for measured in results)


def _seconds(measured: dict[str, float | str], name: str) -> float:
    stage, _, of = name.partition(" ")
    names = [each.name for each in TO_CHUNKS] if stage == "all" else [stage]
    return sum(float(measured[f"{each} {of}".strip()]) for each in names)


def _own_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _workers_cpu_s() -> float:
    """Of the processes that have ended and of those that wait for more work."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    running = 0
    for children in Path("/proc/self/task").glob("*/children"):
        for pid in children.read_text().split():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            running += int(fields[11]) + int(fields[12])  # proc(5): utime, stime
    return ended.ru_utime + ended.ru_stime + running / TICKS_PER_S


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.measure])
        print(json.dumps(asyncio.run(measure(given.folder))))
        return
    rounds: dict[int, list[dict[str, float | str]]] = {cores: [] for cores in given.cores}
    for _ in range(given.rounds):
        for cores, results in rounds.items():
            results.append(measure_on(cores, given.folder))
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{given.rounds} rounds, {os.cpu_count()} cores, load {load}")
    _print_table(rounds)


if __name__ == "__main__":
    main()
