"""What a kept row costs by each way, from what the stand-in for the API billed.

    python scripts/benchmarks/dollars_per_row.py [--chunks N] [--documents FOLDER]

The same sample of the same documents is asked by each way, in a run of its own. The stand-in
charges what is written to its prompt cache, as the gpt-6 models do; it serves flex and batches at
half the price.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.openai_server import RunningServer, start_openai_server
from tests.openai_server.bill import bill_usd

ROOT = Path(__file__).parents[2]
MODEL = "gpt-6.1-terra"
PLAIN = ("--set", "teacher.prompt_cache=off")
CACHED = ("--set", "teacher.prompt_cache=on")
CHUNK = ("--set", "answers.layout=chunk", "--set", "questions.kinds=chosen")
BATCH = ("--lane", "batch", "--set", "batch.poll_s=0.2", "--set", "batch.settle_s=0")

# By the name in the table: flags of `distill run`.
WAYS: Mapping[str, tuple[str, ...]] = {
    "live, no cache asked for": PLAIN,
    "live, explicit cache": CACHED,
    "flex, explicit cache": (*CACHED, "--lane", "flex"),
    "batch": BATCH,
    "live, one call a chunk": (*CHUNK, *CACHED),
    "flex, one call a chunk": (*CHUNK, *CACHED, "--lane", "flex"),
    "batch, one call a chunk": (*CHUNK, *BATCH),
}


def measure(name: str, flags: tuple[str, ...], documents: Path, folder: Path, chunks: int) -> None:
    """Print a line of the table; the bill is that of a server of its own."""
    model = {"id": MODEL, "charges_cache_writes": True, "tiers": ["flex"]}
    with start_openai_server({"models": [model], "batches": {"in_progress_s": 0.2}}) as server:
        run_dir = folder / name.replace(" ", "_").replace(",", "")
        _run(run_dir, server, "--documents", str(documents), "--limit-chunks", str(chunks), *flags)
        usd = bill_usd(server)
    rows = sum(_lines(run_dir / "dataset" / each) for each in ("train.jsonl", "validation.jsonl"))
    print(f"| {name} | {rows:,} | {usd:.4f} | {1000 * usd / rows:.3f} |", flush=True)


def _run(run_dir: Path, server: RunningServer, *flags: str) -> None:
    keys = {"OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.base_url}
    state = {"XDG_STATE_HOME": str(run_dir.parent / "state")}
    subprocess.run(
        [sys.executable, "-m", "jobs", "run", str(run_dir), "--model", MODEL, "--quiet", *flags],
        cwd=ROOT,
        env={**os.environ, **keys, **state},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _lines(path: Path) -> int:
    return len(path.read_bytes().splitlines()) if path.exists() else 0


def main() -> None:
    """Ask by each way, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=100)
    parser.add_argument("--documents", type=Path, default=ROOT / "docs")
    arguments = parser.parse_args()
    print("| way | rows kept | billed dollars | dollars for 1,000 rows |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for way, flags in WAYS.items():
            measure(way, flags, arguments.documents.resolve(), Path(name), arguments.chunks)


if __name__ == "__main__":
    main()
