"""Starts the real command on a real folder, kills it, and reads what it left."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from tests.forked import PIPE, STDOUT, ForkedProcess
from tests.openai_server import RunningServer

ROOT_DIR = Path(__file__).parents[2]
TIMEOUT_S = 120.0
POLL_S = 0.002
# What of a journal line tells of the sending, not of what was sent and answered.
LIVE_FIELDS = ("settled_at", "latency_s", "attempts", "server_request_id")


TEXTS_DIR = ROOT_DIR / "tests" / "fixtures" / "texts"  # not docs/: an edit there moves no chunk
TEXTS = ("LICENSE", "README.md", "how-it-works.md", "changing-a-run.md")


def write_documents(folder: Path, names: Sequence[str] = TEXTS) -> None:
    """A small corpus: former texts of this project."""
    folder.mkdir()
    for name in names:
        source = TEXTS_DIR / name
        (folder / source.name).with_suffix(".md").write_bytes(source.read_bytes())


def start(server: RunningServer, run_dir: Path, *arguments: str) -> ForkedProcess:
    return start_command(server, "run", str(run_dir), *arguments)


def start_command(server: RunningServer, *arguments: str) -> ForkedProcess:
    environment = {
        **os.environ,
        "OPENAI_API_KEY": server.api_key,
        "OPENAI_BASE_URL": server.base_url,
    }
    return ForkedProcess(
        ["-m", "jobs", *arguments],
        env=environment,
        stdout=PIPE,
        stderr=STDOUT,
    )


def finish(process: ForkedProcess) -> tuple[int, str]:
    output, _ = process.communicate(timeout=TIMEOUT_S)
    return process.wait(), output.decode()


def kill_when(process: ForkedProcess, is_time: Callable[[], object]) -> bool:
    """SIGKILL the process as soon as `is_time`; False if it ended before that."""
    deadline_s = time.monotonic() + TIMEOUT_S
    while process.poll() is None:
        if is_time():
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return True
        if time.monotonic() > deadline_s:
            process.kill()
            raise TimeoutError("the run neither ended nor came to the point of the kill")
        time.sleep(POLL_S)
    process.communicate()
    return False


def size_of(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def comparable_files(run_dir: Path) -> dict[str, list[bytes]]:
    """The lines of every file of a run's results, sorted; the dataset's files as they stand."""
    files = {}
    for path in sorted(run_dir.rglob("*.jsonl")):
        name = str(path.relative_to(run_dir))
        if name in ("stats.jsonl", "sends.jsonl", "log.jsonl"):
            continue
        lines = path.read_bytes().splitlines()
        if name == "journal.jsonl":
            lines = [_without_live_fields(line) for line in lines]
        files[name] = lines if name.startswith("dataset/") else sorted(lines)
    return files


def paid_twice(server: RunningServer) -> int:
    """How many billed calls bought again what an earlier billed call had bought."""
    server.control.settled_totals()
    return sum(max(0, bill["billed"] - 1) for bill in server.control.bills().values())


def request_ids(lines: Sequence[bytes]) -> list[str]:
    return [orjson.loads(line)["request_id"] for line in lines]


def _without_live_fields(line: bytes) -> bytes:
    fields = orjson.loads(line)
    for name in LIVE_FIELDS:
        fields.pop(name, None)
    return orjson.dumps(fields)
