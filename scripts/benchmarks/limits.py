"""How much of an account's allowance is used, and how many calls are refused.

    python scripts/benchmarks/limits.py [--rounds N] [--at-once N] [--only NAME]

Each run has its own server, so that some can be made at once: they wait nearly all the time. The
stand-in (tests/openai_server) enforces the limits in windows of a second. Used: what was answered,
over what the limit allows from the start of the process to its end, start-up included.
"""

import argparse
import itertools
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from scripts.benchmarks.bench.child_processes import remove_results, run_send, spread, start_send
from scripts.benchmarks.bench.request_files import write_requests
from scripts.benchmarks.bench.side_by_side import run_side_by_side
from tests.openai_server import RunningServer, start_openai_server

RPM, RPM_REQUESTS = 1_200, 2_000
TPM, TPM_REQUESTS = 240_000, 1_000
LATENCY = {"median_s": 0.4, "sigma": 0.4}
WINDOW_S = 5.0
NEAR = 0.1  # a rate within a tenth of the new limit follows it


class Result(NamedTuple):
    """What one run came to."""

    settled: int
    used: float
    calls: int
    refused: int
    note: str = ""


def requests_given(folder: Path) -> Result:
    """1,200 requests a minute, given by --rpm."""
    return _run(folder, {"requests_per_minute": RPM}, RPM_REQUESTS, "--rpm", str(RPM))


def requests_learnt(folder: Path) -> Result:
    """The same, read from the replies."""
    return _run(folder, {"requests_per_minute": RPM}, RPM_REQUESTS)


def tokens_given(folder: Path) -> Result:
    """240,000 tokens a minute, given by --tpm."""
    return _run(folder, {"tokens_per_minute": TPM}, TPM_REQUESTS, "--tpm", str(TPM))


def tokens_learnt(folder: Path) -> Result:
    """The same, read from the replies."""
    return _run(folder, {"tokens_per_minute": TPM}, TPM_REQUESTS)


def two_processes(folder: Path) -> Result:
    """Two processes share 1,200 requests a minute without knowing of each other."""
    in_paths = [
        write_requests(folder / f"in{number}.jsonl", RPM_REQUESTS // 2, first=number * 10_000)
        for number in range(2)
    ]
    out_paths = [folder / f"out{number}.jsonl" for number in range(2)]
    with _server({"requests_per_minute": RPM}) as server:
        started_s = time.monotonic()
        processes = [
            start_send(in_path, out_path, server.base_url, api_key=server.api_key)
            for in_path, out_path in zip(in_paths, out_paths, strict=True)
        ]
        codes = [process.wait() for process in processes]
        elapsed_s = time.monotonic() - started_s
        assert codes == [0, 0], codes
        return _result(server, RPM / 60.0 * elapsed_s, out_paths)


def limits_moved(folder: Path) -> Result:
    """The server halves its limit after 30 s and doubles it again after 60 s."""
    in_path, out_path = write_requests(folder / "in.jsonl", RPM_REQUESTS), folder / "out.jsonl"
    with _server({"requests_per_minute": RPM}) as server:
        process = start_send(in_path, out_path, server.base_url, api_key=server.api_key)
        moves = []
        for rate in (RPM // 2, RPM):
            _sleep_while(process, 30.0)
            moves.append(_Move(time.monotonic(), rate))
            server.control.configure(limits={"*": {"requests_per_minute": rate}})
        code = process.wait()
        assert code == 0, code
        allowed = RPM / 60.0 * 30.0 + RPM / 120.0 * 30.0
        allowed += RPM / 60.0 * (time.monotonic() - moves[1].at_s)
        times_s = [call["at_s"] for call in server.control.requests()]
        late = ", ".join(f"{_followed_after_s(times_s, move):.0f} s" for move in moves)
        return _result(server, allowed, [out_path])._replace(note=f"followed after {late}")


SCENARIOS: dict[str, Callable[[Path], Result]] = {
    scenario.__name__: scenario
    for scenario in (
        requests_given,
        tokens_given,
        requests_learnt,
        tokens_learnt,
        two_processes,
        limits_moved,
    )
}


class _Move(NamedTuple):
    at_s: float
    rate: float


def _run(folder: Path, limits: dict[str, Any], count: int, *flags: str) -> Result:
    in_path, out_path = write_requests(folder / "in.jsonl", count), folder / "out.jsonl"
    with _server(limits) as server:
        measured = run_send(in_path, out_path, server.base_url, *flags, api_key=server.api_key)
        (per_minute,) = limits.values()
        allowed = per_minute / 60.0 * measured.wall_s
        return _result(server, allowed, [out_path], is_about_tokens="tokens_per_minute" in limits)


def _server(limits: dict[str, Any]) -> AbstractContextManager[RunningServer]:
    return start_openai_server({"limits": {"*": limits}, "latency": LATENCY})


def _result(
    server: RunningServer, allowed: float, out_paths: list[Path], *, is_about_tokens: bool = False
) -> Result:
    totals = server.control.settled_totals()
    settled = sum(path.read_bytes().count(b"\n") for path in out_paths)
    used = totals["prompt_tokens"] + totals["completion_tokens"] if is_about_tokens else settled
    for path in out_paths:
        remove_results(path)
    return Result(settled, used / allowed, totals["calls"], totals["refused"])


def _sleep_while(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """Sleep, but not longer than the process lives."""
    deadline_s = time.monotonic() + seconds
    while time.monotonic() < deadline_s and process.poll() is None:
        time.sleep(0.1)


def _followed_after_s(times_s: list[float], move: _Move) -> float:
    """Seconds from a move to the first window from which on the rate is near the new limit."""
    start_s = move.at_s
    while start_s < times_s[-1]:
        count = sum(start_s <= at_s < start_s + WINDOW_S for at_s in times_s)
        if abs(count / WINDOW_S / (move.rate / 60.0) - 1.0) <= NEAR:
            return start_s - move.at_s
        start_s += 0.5
    return float("inf")


def main() -> None:
    """Print a row for each scenario: medians of the rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--only", choices=SCENARIOS, action="append")
    arguments = parser.parse_args()
    names, rounds = arguments.only or list(SCENARIOS), arguments.rounds
    print(f"median of {rounds} (least-most)    settled   used    refused of calls")
    runs = [SCENARIOS[name] for name in names for _ in range(rounds)]
    results = run_side_by_side(runs, arguments.at_once)
    for name in names:
        show(name, list(itertools.islice(results, rounds)))


def show(name: str, results: list[Result]) -> None:
    """Print the row of one scenario."""
    settled = min(result.settled for result in results)
    used = spread([100.0 * result.used for result in results], 1)
    refused = spread([100.0 * result.refused / result.calls for result in results])
    notes = "; ".join(result.note for result in results if result.note)
    print(f"{name:<16} {settled:>6,}   {used} %   {refused} %   {notes}", flush=True)


if __name__ == "__main__":
    main()
