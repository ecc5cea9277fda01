"""What deciding which questions repeat others takes, of one machine and of workers on a cluster.

    python scripts/benchmarks/documents/repeats_on_ray.py [--count 1000000] [--workers 2]

The questions are those of near_duplicates.py beside this, in a run of which only this stage is
done. The cluster is two raylets of this machine. Shown are, of each process, its largest resident
memory and what it took of a processor, and whether both have kept the same questions.
"""

import argparse
import asyncio
import gzip
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))

from engine.files.records import encode_record
from engine.files.replace import replacing
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from engine.wire.endpoints import Endpoint
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.dataset.questions.sift_drafts import STAGE as QUESTIONS_NAME
from jobs.run.run_engine import open_run_engine
from jobs.run.run_stages import run_stages
from jobs.run.servers import OtherServers
from jobs.run.spread_parts import SpreadParts
from jobs.run.stages import StageContext
from jobs.send.sharded.cluster_process import ClusterPlace
from jobs.settings.resolve import read_assignments, resolve_settings
from jobs.spread.ray_spread import RaySpread, SpreadOrder
from schemas.dataset import Question
from scripts.benchmarks.bench.child_processes import ROOT_DIR
from scripts.benchmarks.bench.watched_processes import Watched, show
from scripts.benchmarks.documents.near_duplicates import BOOK_PATH, make_questions
from tests.integration.ray.cluster import RunningCluster, open_starter

QUESTIONS_A_CHUNK = 3
MACHINES = 2  # beside the head
LOOK_EVERY_S = 0.5
NOBODY = Endpoint("http://127.0.0.1:9/v1", "no-key")  # is asked


def write_run(run_dir: Path, count: int) -> None:
    """A run with so many questions, and nothing else."""
    words = re.findall(r"[A-Za-z][\w.'-]*", gzip.decompress(BOOK_PATH.read_bytes()).decode())
    folder = RunFolder(run_dir)
    folder.create()
    with replacing(folder.results_path(QUESTIONS_NAME)) as write_line:
        for number, text in enumerate(make_questions(words, count)):
            write_line(encode_record(_question(number, text)))


def _question(number: int, text: str) -> Question:
    return Question(
        question_id=_id_of(f"question {number}"),
        chunk_id=_id_of(f"chunk {number // QUESTIONS_A_CHUNK}"),
        document_id=_id_of("document"),
        side="train",
        kind="factual",
        text=text,
        evidence=(),
        scores={},
        request_id=_id_of(f"request {number // QUESTIONS_A_CHUNK}"),
    )


def _id_of(what: str) -> str:
    return hashlib.blake2b(what.encode(), digest_size=16).hexdigest()


async def keep(run_dir: Path, place: ClusterPlace | None) -> None:
    """Do the stage, with the workers of a place if there is one."""
    settings = resolve_settings([read_assignments(["teacher.model=gpt-4.1-mini"])])
    folder, stopping = RunFolder(run_dir), Stopping()
    async with AsyncExitStack() as opened:
        engine = await opened.enter_async_context(
            open_run_engine(folder, settings, [NOBODY], stopping)
        )
        spread = None
        if place is not None:
            order = SpreadOrder(folder, settings, [NOBODY], place)
            spread = await opened.enter_async_context(
                RaySpread(order, SpreadParts(engine.parts, OtherServers(), stopping, None))
            )
        context = StageContext(
            folder=folder,
            settings=settings,
            ask=engine.ask,
            journal=engine.journal,
            stopping=stopping,
            order=None,
            spread=spread,
        )
        await run_stages((KEPT_QUESTIONS,), context)


def measure(what: str, run_dir: Path, *flags: str, environment: dict[str, str]) -> None:
    """Do the stage in a process of its own, and look at all of this one's children meanwhile."""
    watched, started_s = Watched(), time.monotonic()
    command = [sys.executable, __file__, "--stage", str(run_dir), *flags]
    with subprocess.Popen(command, cwd=ROOT_DIR, env={**os.environ, **environment}) as process:
        while process.poll() is None:
            watched.look(os.getpid())
            time.sleep(LOOK_EVERY_S)
    if process.returncode:
        raise RuntimeError(f"{what} ended with {process.returncode}")
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{what}: {time.monotonic() - started_s:.0f} s (load {load})")
    show(watched.by_name())


def compare(count: int, workers: int) -> None:
    """Print what one machine takes, and what workers do."""
    with tempfile.TemporaryDirectory() as name:
        here, there = Path(name) / "here", Path(name) / "there"
        for run_dir in (here, there):
            write_run(run_dir, count)
        measure("one machine", here, environment={})
        with open_starter() as starter:
            starter.order(MACHINES)
            cluster = RunningCluster(**starter.hear(), starter=starter)
            at = ("--address", cluster.address, "--workers", str(workers))
            measure(f"{workers} workers", there, *at, environment=cluster.environment)
        names = [f"{KEPT_QUESTIONS.name}.jsonl", "rejected.jsonl"]
        are_same = all((here / each).read_bytes() == (there / each).read_bytes() for each in names)
        print("the same questions are kept" if are_same else "OTHER QUESTIONS ARE KEPT")


def main() -> None:
    """Do what flags say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--stage", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--address", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.stage is None:
        compare(given.count, given.workers)
    else:
        place = ClusterPlace(given.address, given.workers) if given.address else None
        asyncio.run(keep(given.stage, place))


if __name__ == "__main__":
    main()
