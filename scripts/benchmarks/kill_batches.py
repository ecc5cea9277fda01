"""Kills the main job in the batch lane again and again, and counts what that lost or repeated.

    python scripts/benchmarks/kill_batches.py [KILLS] [SEED]

Runs of a small corpus, a process a round as from a crontab, each process killed after a random
time of up to the length of a round. When a run is done it is compared with the same run through
the live lane, and the next one begins. The provider is the stand-in of the tests, its time
compressed.
"""

import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT_DIR = Path(__file__).parents[2]


def main() -> None:
    """Read the arguments and kill."""
    sys.path.insert(0, str(ROOT_DIR))
    from tests.crash.batch_jobs import SERVER, Job, run_live
    from tests.crash.runs import write_documents
    from tests.openai_server import start_openai_server

    kills_wanted, seed = (int(text) for text in (*sys.argv[1:], "200", "7")[:2])
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    began_s = time.monotonic()
    kills, runs, batches, faults = 0, 0, 0, Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        documents = folder / "documents"
        write_documents(documents)
        undisturbed = run_live(documents, folder / "live")
        with start_openai_server(SERVER) as server:
            job = Job(server, folder / "run0", documents, folder / "state")
            round_count, round_s = job.finish()
        print(f"undisturbed: {round_count} rounds of {round_s:.1f} s", flush=True)
        while kills < kills_wanted:
            runs += 1
            with start_openai_server(SERVER) as server:
                job = Job(server, folder / f"run{runs}", documents, folder / "state")
                kills += job.kill_at_random(rng, round_s, kills_wanted - kills)
                job.finish()
                found = job.faults(undisturbed)
                batches += sum(1 for batch in server.control.batches() if batch["number"])
            faults.update(found)
            print(f"run {runs}: {kills} kills so far, faults {dict(+Counter(found))}", flush=True)
    print(f"kills {kills}, runs {runs}, batches {batches}, {time.monotonic() - began_s:.0f} s")
    print(", ".join(f"{name} {count}" for name, count in sorted(faults.items())))


if __name__ == "__main__":
    main()
