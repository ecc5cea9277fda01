"""The main job in the batch lane, a process a round, with and without being killed."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from engine.batch.ledger import read_batches
from tests.crash.runs import TIMEOUT_S, comparable_files, finish, request_ids, start
from tests.forked import PIPE, STDOUT, ForkedProcess
from tests.openai_server import RunningServer, start_openai_server

MODEL = "gpt-4.1-mini"
IN_PROGRESS_S = 0.2
SERVER: dict[str, Any] = {
    "models": [{"id": MODEL, "caches_prompts": False}],
    "batches": {"in_progress_s": IN_PROGRESS_S, "others": 5, "others_between": 3},
    "files": {"others": 5, "others_between": 3},
}
SETTINGS = (
    *("--model", MODEL),
    *("--set", "batch.settle_s=0.3"),
    *("--set", "batch.max_requests=8"),
    *("--set", "chunks.target_tokens=384"),
)
MOST_ROUNDS = 2_000
TRY_LATER = 75
LONGER = 1.3


class Finished(NamedTuple):
    """How many rounds it took, and how long one was on average."""

    round_count: int
    round_s: float


class Job(NamedTuple):
    """A run in batches on a server of its own; `state_dir` is what its user's runs share."""

    server: RunningServer
    run_dir: Path
    documents: Path
    state_dir: Path

    def start(self, *prefix: str, flags: Sequence[str] = ()) -> ForkedProcess:
        """Begin a round; `prefix` is another program that is to run it."""
        arguments = ("--documents", str(self.documents), *SETTINGS, "--lane", "batch", "--no-wait")
        return self.call(*(prefix or ("-m", "jobs")), "run", str(self.run_dir), *arguments, *flags)

    def call(self, *command: str) -> ForkedProcess:
        """Begin any command."""
        return ForkedProcess(
            command,
            env={
                **os.environ,
                "OPENAI_API_KEY": self.server.api_key,
                "OPENAI_BASE_URL": self.server.base_url,
                "XDG_STATE_HOME": str(self.state_dir),
            },
            stdout=PIPE,
            stderr=STDOUT,
        )

    def finish(self) -> "Finished":
        """Round after round until the job is done."""
        began_s, slept_s = time.monotonic(), 0.0
        for round_count in range(1, MOST_ROUNDS):
            code, output = finish(self.start())
            if code != TRY_LATER:
                assert code == 0, output
                round_s = (time.monotonic() - began_s - slept_s) / round_count
                return Finished(round_count, round_s)
            time.sleep(IN_PROGRESS_S)
            slept_s += IN_PROGRESS_S
        raise AssertionError("the job does not come to its end")

    def kill_at_random(self, rng: random.Random, most_s: float, kill_count: int) -> int:
        """Rounds that are killed after up to `most_s` each; returns how many kills took place.

        With each kill that time grows, so that the later ones meet what a round does at its end. A
        round that ends before its kill tells how long rounds take here: the next is killed within
        that time. It ends after so many kills, or when the job is done before.
        """
        killed_count = 0
        while killed_count < kill_count:
            process, began_s = self.start(), time.monotonic()
            try:
                output, _ = process.communicate(timeout=rng.uniform(0.0, most_s))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate(timeout=TIMEOUT_S)
                killed_count += 1
                most_s *= LONGER
                continue
            if process.returncode == 0:
                break
            assert process.returncode == TRY_LATER, output.decode()
            most_s = min(most_s, time.monotonic() - began_s)
        return killed_count

    def faults(self, undisturbed: dict[str, list[bytes]]) -> dict[str, int]:
        """What went wrong in a job that is done; all are 0 for one that lost and repeated nothing.

        `undisturbed` are the files of the same run through the live lane.
        """
        totals = self.server.control.settled_totals()
        files, journal = comparable_files(self.run_dir), self.run_dir / "journal.jsonl"
        ids = request_ids(journal.read_bytes().splitlines())
        ledger = {batch.remote.batch_id for batch in read_batches(self.run_dir / "batches.jsonl")}
        at_provider = [b["id"] for b in self.server.control.batches() if b["number"]]
        bills = self.server.control.batch_bills()
        left_here = {path.name for path in (self.run_dir / "batches").iterdir()}
        return {
            "lost": len(bills.keys() - set(ids)) + len(set(ids) - bills.keys()),
            "settled_twice": len(ids) - len(set(ids)),
            "billed_twice": totals["custom_ids_billed_twice"],
            "sent_live": totals["calls"],
            "orphan_batches": len(set(at_provider) - ledger),
            "batches_twice": len(at_provider) - len(set(at_provider)),
            "orphan_files": sum(1 for file in self.server.control.files() if _is_ours(file)),
            "files_left_here": len(left_here - {"outbox.jsonl", "attempts.jsonl"}),
            "other_results": sum(
                rows_of(files, name) != rows_of(undisturbed, name)
                for name in files.keys() | undisturbed.keys()
                if name not in ("journal.jsonl", "batches.jsonl") and "batches/" not in name
            ),
        }


def run_live(documents: Path, run_dir: Path) -> dict[str, list[bytes]]:
    """The files of the same run through the live lane."""
    with start_openai_server(SERVER) as server:
        code, output = finish(start(server, run_dir, "--documents", str(documents), *SETTINGS))
        assert code == 0, output
    return comparable_files(run_dir)


def rows_of(files: dict[str, list[bytes]], name: str) -> list[bytes]:
    """The lines of a file of a run, without what they cost."""
    lines = files.get(name, [])
    if not name.endswith("provenance.jsonl"):
        return lines
    return [_without_cost(line) for line in lines]


def _without_cost(line: bytes) -> bytes:
    fields = orjson.loads(line)
    return orjson.dumps({k: v for k, v in fields.items() if not k.endswith("cost_usd")})


def _is_ours(file: dict[str, Any]) -> bool:
    return bool(file["purpose"] != "assistants")
