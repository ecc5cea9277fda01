"""Two manuals through the whole pipeline: is each chunk asked about, and what do we take for it.

    python scripts/benchmarks/documents/whole_corpus.py [--folder DIR] [--set KEY=VALUE ...]

The manuals are those of the packages debian-policy and python3.11-doc. The teacher and the judge
are the stand-in of the tests, in a process of its own that is not counted, so that what is measured
is all but the model's share. Needs some 500 MB of disk.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))

from scripts.benchmarks.bench.child_processes import Measured, run_measured
from tests.openai_server import RunningServer, start_openai_server

BOOKS = {
    "debian-policy": Path("/usr/share/doc/debian-policy"),
    "python3.11-doc": Path("/usr/share/doc/python3.11/html"),
}
SERVER = {"models": [{"id": "gpt-6.1-terra", "caches_prompts": False}]}
PER_CHUNKS = 10_000


def copy_books(folder: Path) -> int:
    """Copy what can be read of both manuals; the count of HTML files."""
    for name, source in BOOKS.items():
        if not source.is_dir():
            raise SystemExit(f"{source} is missing: apt-get install {name}")
        shutil.copytree(source, folder / name, ignore=_ignore)
    return sum(1 for _ in folder.rglob("*.html"))


def _ignore(folder: str, names: list[str]) -> set[str]:
    """All but HTML and folders: the manuals come in several formats, with pictures and scripts."""
    return {
        name for name in names if not name.endswith(".html") and not Path(folder, name).is_dir()
    }


def run(server: RunningServer, documents: Path, run_dir: Path, flags: list[str]) -> Measured:
    """One call of `distill run`, with all that belongs to it."""
    command = ["-m", "jobs", "run", str(run_dir), "--documents", str(documents), *flags]
    environment = {"OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.base_url}
    before = os.times()
    measured = run_measured(command, environment)
    after = os.times()
    cpu_s = after.children_user + after.children_system
    cpu_s -= before.children_user + before.children_system
    return measured._replace(cpu_s=cpu_s)  # with the processes that the command starts


def describe(run_dir: Path, measured: Measured) -> None:
    """Print what became of the chunks, and what they took."""
    counts: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    for line in (run_dir / "coverage.jsonl").read_bytes().splitlines():
        chunk = json.loads(line)
        counts["chunks"] += 1
        counts["asked about"] += chunk["is_asked"]
        for name in ("questions", "kept_questions", "answers", "rows"):
            counts[name] += chunk[name]
        accounted = chunk["questions"] or sum(chunk["dropped"].values())
        counts["chunks of which nothing is known"] += not accounted
        dropped.update(chunk["dropped"])
    for name, count in counts.items():
        print(f"  {name:34}{count:9,}")
    print(f"  dropped: {dict(dropped.most_common())}")
    share = PER_CHUNKS / counts["chunks"]
    print(
        f"  for {PER_CHUNKS:,} chunks: {measured.cpu_s * share:,.0f} s of processor, "
        f"{measured.wall_s * share:,.0f} s; peak memory {measured.peak_bytes / 1e6:,.0f} MB"
    )


def main() -> int:
    """Run twice: the second call finds nothing to do, and asks nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where 500 MB may be written for a while")
    parser.add_argument("--set", action="append", default=[], dest="assignments")
    arguments = parser.parse_args()
    flags = [flag for each in arguments.assignments for flag in ("--set", each)]
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        documents, run_dir = Path(name) / "documents", Path(name) / "run"
        print(f"{copy_books(documents):,} HTML files")
        with start_openai_server(SERVER) as server:
            for call in ("first call", "again, finished"):
                asked = server.control.settled_totals()["calls"]
                measured = run(server, documents, run_dir, flags)
                calls = server.control.settled_totals()["calls"] - asked
                print(f"{call}: exit code {measured.code}, {calls:,} requests")
                if measured.code not in (0, 1):
                    print(measured.stderr, file=sys.stderr)
                    return 1
                describe(run_dir, measured)
    return 0


if __name__ == "__main__":
    sys.exit(main())
