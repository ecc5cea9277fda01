"""For tests: start the stand-in as a process of its own, and ask it what it served."""

import contextlib
import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.forked import PIPE, ForkedProcess
from tests.openai_server.config import API_KEY

Totals = dict[str, Any]

_STOP_S = 10.0
_POLL_S = 0.02


class ControlClient:
    """Asks the control port, synchronously, also while the API itself is out."""

    def __init__(self, control_url: str) -> None:
        self._url = control_url

    def totals(self) -> Totals:
        """Sums over all calls; see Ledger.totals for their names."""
        totals: Totals = call_control(f"{self._url}/ledger?bills=no")["totals"]
        return totals

    def settled_totals(self, timeout_s: float = 30.0) -> Totals:
        """The totals once nothing is in flight any more: for a client that was killed.

        Raises:
            TimeoutError: something was still in flight after `timeout_s`.
        """
        deadline_s = time.monotonic() + timeout_s
        while (totals := self.totals())["in_flight"]:
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"{totals['in_flight']} calls in flight after {timeout_s} s")
            time.sleep(_POLL_S)
        return totals

    def bills(self) -> dict[str, dict[str, int]]:
        """What each body cost, by its hash: `calls`, `billed`, `lost`, `tokens`."""
        bills: dict[str, dict[str, int]] = call_control(f"{self._url}/ledger")["bills"]
        return bills

    def requests(self, page_size: int = 5_000) -> Iterator[dict[str, Any]]:
        """Every call in order of arrival, the fields of ledger.Call; lazy, page by page."""
        offset = 0
        while True:
            url = f"{self._url}/requests?offset={offset}&limit={page_size}"
            page = call_control(url)["requests"]
            yield from page
            offset += len(page)
            if len(page) < page_size:
                return

    def files(self) -> list[dict[str, Any]]:
        """Every file that is not deleted, oldest first, also hidden and other people's."""
        files: list[dict[str, Any]] = call_control(f"{self._url}/files")["files"]
        return files

    def batches(self) -> list[dict[str, Any]]:
        """Every batch, oldest first; `number` counts ours, other people's have none."""
        batches: list[dict[str, Any]] = call_control(f"{self._url}/batches")["batches"]
        return batches

    def batch_bills(self) -> dict[str, dict[str, Any]]:
        """By custom_id: `billed` (how often), `batches` (ids), model, tokens and body_hash."""
        bills: dict[str, dict[str, Any]] = call_control(f"{self._url}/batch_bills")["bills"]
        return bills

    def jobs(self) -> list[dict[str, Any]]:
        """Every fine-tuning job, oldest first; `number` counts ours, other people's have none."""
        jobs: list[dict[str, Any]] = call_control(f"{self._url}/jobs")["jobs"]
        return jobs

    def slow_calls(self) -> dict[str, dict[str, int]]:
        """By operation: `calls`, and how many of them ended with each status (0: no reply)."""
        operations: dict[str, dict[str, int]]
        operations = call_control(f"{self._url}/slow_calls")["operations"]
        return operations

    def configure(self, **changes: Any) -> dict[str, Any]:
        """Replace top-level entries of ServerConfig at once; returns what now holds."""
        return call_control(f"{self._url}/config", changes)

    def rename(self, ids: Mapping[str, str]) -> None:
        """Have files, batches and jobs known by other ids: old id to new one."""
        call_control(f"{self._url}/ids", ids)


class RunningServer(NamedTuple):
    """A stand-in that runs as a process of its own."""

    base_url: str
    api_key: str
    control: ControlClient
    pid: int


@contextlib.contextmanager
def start_openai_server(config: Mapping[str, Any] | None = None) -> Iterator[RunningServer]:
    """Run `python -m tests.openai_server` while the block lasts, then stop it by its pid.

    `config` are entries of ServerConfig as JSON. The process also ends when its parent is gone.
    """
    config = dict(config or {})
    process = ForkedProcess(
        ["-m", "tests.openai_server", "--with-parent", "--config", "-"], stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(config).encode())
        process.stdin.close()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the stand-in ended with {process.wait()}; see its stderr")
        ready = json.loads(line)
        api_key = config.get("api_keys", [API_KEY])[0]
        control = ControlClient(ready["control_url"])
        yield RunningServer(ready["base_url"], api_key, control, process.pid)
    finally:
        _stop(process)


def call_control(url: str, payload: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """GET `url`, or POST `payload` to it; the JSON object it answers.

    Raises:
        urllib.error.HTTPError: it was refused; the body says what was expected.
    """
    data = None if payload is None else json.dumps(payload).encode()
    request = urllib.request.Request(url, data=data)
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def _stop(process: ForkedProcess) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    assert process.stdout is not None
    process.stdout.close()
