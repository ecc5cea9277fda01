"""Requests whose replies come in every malformed form: each settled once, few bought twice."""

import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from engine.wire.lenient_json import parse_json
from jobs.send.result_files import result_paths
from scripts.benchmarks.bench.child_processes import ROOT_DIR, run_measured
from scripts.benchmarks.bench.request_files import write_requests
from tests.openai_server import RunningServer, start_openai_server
from tests.openai_server.malformed import MALFORMED_FAULTS, UNREADABLE

SHARE = 0.1
FORMS_AT_ONCE = 8
SETTINGS = (
    *("--set", "limits.max_reply_mb=1", "--set", "batch.settle_s=0"),
    *("--set", "batch.poll_s=0.2", "--set", "batch.max_poll_s=0.5"),
)
EXIT_FAILED = 1


class Settled(NamedTuple):
    """What one run came to: requests, then how often they were billed."""

    answered: int
    failed: Mapping[str, int]
    billed: Counter[int]
    seconds: float


def print_malformed(count: int) -> None:
    """Print what each half of the forms came to, in both lanes.

    Raises:
        RuntimeError: a request was lost, or bought more often than its replies explain.
    """
    print("lane    forms                          answered   failed   billed once, twice   seconds")
    for start in range(0, len(MALFORMED_FAULTS), FORMS_AT_ONCE):
        forms = MALFORMED_FAULTS[start : start + FORMS_AT_ONCE]
        for lane in ("live", "batch"):
            with tempfile.TemporaryDirectory() as name:
                settled = measure(Path(name), lane, forms, count)
            named = f"{forms[0]} ... {forms[-1]}"
            failed = sum(settled.failed.values())
            print(
                f"{lane:6}  {named:30} {settled.answered:8,}   {failed:6,}   "
                f"{settled.billed[1]:11,}, {settled.billed[2]:5,}   {settled.seconds:7.1f}   "
                f"{dict(settled.failed)}",
                flush=True,
            )
            _check(settled, forms, count)


def measure(folder: Path, lane: str, forms: tuple[str, ...], count: int) -> Settled:
    """One run of `distill send` to its end."""
    in_path, out_path = write_requests(folder / "in.jsonl", count), folder / "out.jsonl"
    shares = dict.fromkeys(forms, SHARE)
    config = {"faults": {"probabilities": shares}, "batches": {"line_faults": shares}}
    with start_openai_server(config) as server:
        measured = run_measured(
            [
                *("-m", "jobs", "send", str(in_path), "--out", str(out_path)),
                *("--base-url", server.base_url, "--lane", lane, *SETTINGS),
            ],
            {"OPENAI_API_KEY": server.api_key, "PYTHONPATH": str(ROOT_DIR)},
        )
        billed = _billed(server, lane)
    if measured.code not in (0, EXIT_FAILED):
        raise RuntimeError(f"distill send ended with {measured.code}:\n{measured.stderr}")
    paths = result_paths(out_path)
    answers, errors = _lines(paths.answers), _lines(paths.errors)
    failed = Counter(
        (line["error"] or line["response"]["body"]["error"])["code"] for line in errors
    )
    if len({line["custom_id"] for line in [*answers, *errors]}) != len(answers) + len(errors):
        raise RuntimeError("a request stands twice in the results")
    return Settled(len(answers), failed, billed, measured.wall_s)


def _billed(server: RunningServer, lane: str) -> Counter[int]:
    """How many requests were billed so often."""
    if lane == "live":
        return Counter(bill["billed"] for bill in server.control.bills().values())
    return Counter(bill["billed"] for bill in server.control.batch_bills().values())


def _lines(path: Path) -> list[Any]:
    return [parse_json(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def _check(settled: Settled, forms: tuple[str, ...], count: int) -> None:
    if settled.answered + sum(settled.failed.values()) != count:
        raise RuntimeError("a request was lost")
    if set(settled.billed) > {1, 2}:
        raise RuntimeError(f"a request was billed more than twice: {settled.billed}")
    if settled.billed[2] and not UNREADABLE & set(forms):
        raise RuntimeError("a request whose reply could be read was bought twice")
