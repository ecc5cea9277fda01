"""A long run that is operated: a budget that ends in the middle, raised, killed, gone on with.

    python scripts/benchmarks/long_run.py [--chunks N] [--folder DIR]

A corpus of N small chunks is made, and `distill run` asks about it at the stand-in for the API.
After each step: the exit code, what `distill status` says, what the run and the provider count in
dollars, the cap, the memory at a quarter of the step, at its end and at most, and whether
`distill audit` finds nothing wrong. At moments in between status is read too: it must say
`running`, and spend no more than the cap.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from scripts.benchmarks.bench.child_processes import memory_bytes, peak_bytes
from tests.openai_server import RunningServer, start_openai_server
from tests.openai_server.bill import bill_usd

ROOT = Path(__file__).parents[2]
MODEL = "gpt-6.1-terra"
CHUNKS_PER_DOCUMENT = 50
WORDS_PER_CHUNK = 30
SAMPLE = 50
LOOK_EVERY_S = 5.0
SETTINGS = (
    *("--model", MODEL, "--max-in-flight", "64"),
    *("--set", "chunks.target_tokens=96", "--set", "chunks.min_tokens=20"),
    *("--set", "questions.per_chunk=1", "--set", "limits.burst_s=1"),
)


class Step(NamedTuple):
    """How a command ended, and what was seen of it while it ran; its memory at each look in MB."""

    name: str
    code: int
    seconds: float
    peak_mb: float
    looks: list[dict[str, Any]]
    memory_mb: list[float]

    def describe_memory(self) -> str:
        """At a quarter of its looks, at its last, and the most of all."""
        seen = self.memory_mb or [0.0]
        return f"{seen[len(seen) // 4]:.0f} {seen[-1]:.0f} {self.peak_mb:.0f} MB"


def write_corpus(folder: Path, chunks: int) -> None:
    """Sections of about a chunk each, of words that no other has, so that all are kept."""
    folder.mkdir()
    uniform = random.Random(0)  # noqa: S311 - no secret
    syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "or")]

    def word() -> str:
        return "".join(uniform.choice(syllables) for _ in range(uniform.randint(2, 4)))

    for number in range(-(-chunks // CHUNKS_PER_DOCUMENT)):
        sections = []
        for section in range(CHUNKS_PER_DOCUMENT):
            names = [word() for _ in range(WORDS_PER_CHUNK // 10)]
            told = [
                f"The {one} of {word()} holds {uniform.randint(10, 9999)} {word()} for {word()}."
                for one in names
            ]
            sections.append(f"## {word()} {section}\n\n{' '.join(told)}\n")
        (folder / f"{number:05}.md").write_text(f"# Book {number}\n\n" + "\n".join(sections))


class Operated:
    """A run that is operated by its commands alone, beside the provider that bills it."""

    def __init__(self, run_dir: Path, server: RunningServer) -> None:
        self.run_dir = run_dir
        self.server = server
        keys = {"OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.base_url}
        self._environment = {**os.environ, **keys, "PYTHONPATH": str(ROOT)}

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """A command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "jobs", *arguments],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def status(self) -> dict[str, Any]:
        """What `distill status` says."""
        done = subprocess.run(
            [sys.executable, "-m", "jobs", "status", str(self.run_dir), "--json"],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            check=True,
        )
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def step(self, name: str, *arguments: str, kill_at: int | None = None) -> Step:
        """Run to the end, or until so many items are done in all stages; look now and then."""
        began_s, peak, looks = time.monotonic(), 0, []
        memory_mb = []
        process = self.start("run", str(self.run_dir), *arguments)
        while process.poll() is None:
            time.sleep(LOOK_EVERY_S if kill_at is None else 0.5)
            if process.poll() is None:
                with suppress(RuntimeError, OSError):  # it has just ended
                    peak = max(peak, peak_bytes(process.pid))
                    memory_mb.append(memory_bytes(process.pid) / 1e6)
                if (self.run_dir / "config.toml").exists():
                    looks.append(self.status())
            if kill_at is not None and looks and _settled(looks[-1]) >= kill_at:
                process.kill()
        process.wait()
        took_s = time.monotonic() - began_s
        return Step(name, process.returncode, took_s, peak / 1e6, looks, memory_mb)

    def audit(self) -> int:
        """The exit code of `distill audit`: 0, nothing is wrong."""
        return self.start("audit", str(self.run_dir)).wait()

    def show(self, step: Step, cap_usd: float | None) -> None:
        """A line of the table, and what must hold at each step."""
        told, billed = self.status(), bill_usd(self.server)
        cap = f"{cap_usd:.4f}" if cap_usd is not None else "none"
        audit = {0: "clean"}.get(self.audit(), "NOT CLEAN")
        print(
            f"{step.name:<16}{step.code:>5}{step.seconds:>8.0f} s{_settled(told):>9,}"
            f"{told['cost_usd']:>10.4f}{billed:>10.4f}{cap:>10}{step.describe_memory():>17}"
            f"  {told['state']['name']:<12}{audit}",
            flush=True,
        )
        inner = step.looks[1:-1]  # the first may come before its lock, the last after it
        wrong = [look for look in inner if look["state"]["name"] != "running"]
        dear = [look for look in step.looks if cap_usd and look["cost_usd"] > cap_usd + 1e-9]
        if wrong or dear or (cap_usd is not None and billed > cap_usd + 1e-9):
            print(f"  WRONG: {len(wrong)} looks not running, {len(dear)} above the cap")


def _settled(status: dict[str, Any]) -> int:
    return sum(each["completed"] + each["failed"] for each in status["requests"].values())


def operate(run: Operated, documents: Path) -> None:
    """The steps, a line each."""
    print(
        f"{'step':<16}{'exit':>5}{'time':>10}{'settled':>9}{'run $':>10}{'bill $':>10}{'cap $':>10}"
        f"{'memory, peak':>17}  state       audit"
    )
    sample = run.step(
        "sample", "--documents", str(documents), *SETTINGS, "--limit-chunks", str(SAMPLE)
    )
    run.show(sample, None)
    chunks, per_chunk = run.status()["usable_chunks"], run.status()["cost_usd"] / SAMPLE
    whole_usd = chunks * per_chunk
    half, enough = 0.4 * whole_usd, 1.5 * whole_usd
    everything = ("--set", "limit_chunks=")
    run.show(run.step("budget ends", *everything, "--budget-usd", f"{half:.4f}"), half)
    kill_at = round(_settled(run.status()) * 1.5)
    run.show(run.step("raised, killed", "--budget-usd", f"{enough:.4f}", kill_at=kill_at), enough)
    run.show(run.step("gone on with"), enough)
    print(f"{chunks:,} chunks, {_settled(run.status()):,} requests; rows {run.status()['rows']}")


def main() -> None:
    """Make a corpus, operate a run of it, print a line a step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=200_000)
    parser.add_argument("--folder", type=Path, help="where the corpus and the run are made")
    arguments = parser.parse_args()
    rules = {"models": [{"id": MODEL, "caches_prompts": False}]}
    with (
        tempfile.TemporaryDirectory(dir=arguments.folder) as name,
        start_openai_server(rules) as server,
    ):
        documents = Path(name) / "documents"
        write_corpus(documents, arguments.chunks)
        operate(Operated(Path(name) / "run", server), documents)


if __name__ == "__main__":
    main()
