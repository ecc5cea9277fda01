"""How many requests a second `distill send --on ray` sends, and the memory of each process.

    python scripts/benchmarks/on_ray.py [--count 1000000] [--workers 2]

Requests of 1 KB go to nginx on loopback, which answers 700 bytes and knows no limit, by one process
and by workers on a cluster of this machine. It runs on the same cores. Shown are requests a second
of the whole call and from the first reply on, and of each process its largest resident memory and
what it took of a processor, which says more than the time where others take most of the cores.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from scripts.benchmarks.bench.child_processes import API_KEY, ROOT_DIR, remove_results
from scripts.benchmarks.bench.nginx_server import nginx_server
from scripts.benchmarks.bench.request_files import write_requests
from scripts.benchmarks.bench.watched_processes import Taken, Watched, show

IN_FLIGHT = 256
LOOK_EVERY_S = 1.0


class Sent(NamedTuple):
    """Seconds of a call, and until the first reply; what each process took, by its name."""

    whole_s: float
    first_s: float
    taken: dict[str, Taken]


def send(in_path: Path, base_url: str, *flags: str) -> Sent:
    """Send a file, and look at the processes that do so once a second."""
    out_path = in_path.with_name("out.jsonl")
    remove_results(out_path)
    started_s = time.monotonic()
    first_s, watched = 0.0, Watched()
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "jobs", "send", in_path, "--out", out_path),
            *("--base-url", base_url, "--max-in-flight", str(IN_FLIGHT), *flags),
        ],
        cwd=ROOT_DIR,
        env={**os.environ, "OPENAI_API_KEY": API_KEY},
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None:
            if not first_s and _has_replies(out_path):
                first_s = time.monotonic() - started_s
            watched.look(process.pid)
            time.sleep(LOOK_EVERY_S)
    if process.returncode:
        raise RuntimeError(f"distill send ended with {process.returncode}")
    return Sent(time.monotonic() - started_s, first_s, watched.by_name())


def describe(sent: Sent, count: int) -> str:
    """How fast it was."""
    per_s, after_per_s = count / sent.whole_s, count / (sent.whole_s - sent.first_s)
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        f"{count} requests in {sent.whole_s:.0f} s, {per_s:.0f} a second, {after_per_s:.0f} from "
        f"the first reply on (load {load})"
    )


def _has_replies(out_path: Path) -> bool:
    """Whether a reply is there: in the file, or in what a worker writes."""
    shards = out_path.with_name(out_path.name + ".shards")
    found = (out_path, *shards.rglob("replies.jsonl"))
    return any(path.exists() and path.stat().st_size > 0 for path in found)


def main() -> None:
    """Print what one process does, and what workers do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        in_path = write_requests(folder / "in.jsonl", given.count)
        with nginx_server(folder) as base_url:
            for flags in ((), ("--on", "ray", "--workers", str(given.workers))):
                sent = send(in_path, base_url, *flags)
                print(f"{' '.join(flags) or 'one process'}: {describe(sent, given.count)}")
                show(sent.taken)


if __name__ == "__main__":
    main()
