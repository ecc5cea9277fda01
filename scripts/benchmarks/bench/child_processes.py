"""Runs commands as processes of their own and measures them: processor, wall time, peak memory."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT_DIR = Path(__file__).parents[3]
API_KEY = "sk-benchmark"
EXIT_FAILED = 1  # all is settled, some of it as failed for good
WITHOUT_UVLOOP = (
    "-c",
    "import sys; sys.modules['uvloop'] = None; from jobs.__main__ import main; main()",
)


class Measured(NamedTuple):
    """What one process took. `cpu_s` is user and system time together."""

    code: int
    cpu_s: float
    wall_s: float
    peak_bytes: int
    stderr: str


def run_measured(
    arguments: Sequence[str], environment: Mapping[str, str] | None = None
) -> Measured:
    """Run a Python program to its end."""
    with tempfile.TemporaryFile() as stderr:
        started_s = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT_DIR,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.monotonic() - started_s
        stderr.seek(0)
        text = stderr.read().decode(errors="replace")
    cpu_s = usage.ru_utime + usage.ru_stime
    return Measured(process.returncode, cpu_s, wall_s, usage.ru_maxrss * 1024, text)


def run_send(
    in_path: Path,
    out_path: Path,
    base_url: str,
    *flags: str,
    api_key: str = API_KEY,
    has_uvloop: bool = True,
    may_fail: bool = False,
) -> Measured:
    """Run `distill send` to its end; with `may_fail` some requests may have failed for good.

    Raises:
        RuntimeError: it ended otherwise.
    """
    program = ("-m", "jobs") if has_uvloop else WITHOUT_UVLOOP
    arguments = [*program, *_send_arguments(in_path, out_path, base_url), *flags]
    measured = run_measured(arguments, {"OPENAI_API_KEY": api_key})
    if measured.code not in ((0, EXIT_FAILED) if may_fail else (0,)):
        raise RuntimeError(f"distill send ended with {measured.code}:\n{measured.stderr}")
    return measured


def start_send(
    in_path: Path, out_path: Path, base_url: str, *, api_key: str = API_KEY
) -> "subprocess.Popen[bytes]":
    """Start `distill send`; whoever calls ends it."""
    return subprocess.Popen(
        [sys.executable, "-m", "jobs", *_send_arguments(in_path, out_path, base_url)],
        cwd=ROOT_DIR,
        env={**os.environ, "OPENAI_API_KEY": api_key},
        stderr=subprocess.DEVNULL,
    )


def _send_arguments(in_path: Path, out_path: Path, base_url: str) -> list[str]:
    return ["send", str(in_path), "--out", str(out_path), "--base-url", base_url]


def peak_bytes(pid: int) -> int:
    """The largest memory that a running process had so far (VmHWM, proc(5))."""
    return _memory_bytes(pid, "VmHWM:")


def memory_bytes(pid: int) -> int:
    """The memory that a running process has now (VmRSS, proc(5))."""
    return _memory_bytes(pid, "VmRSS:")


def _memory_bytes(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/{pid}/status names no {name}")


def remove_results(out_path: Path) -> None:
    """Remove what `distill send` has written."""
    for path in out_path.parent.glob(f"{out_path.name}*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def spread(values: Iterable[float], digits: int = 2) -> str:
    """The median of some values, with the smallest and the largest."""
    values = sorted(values)
    median = statistics.median(values)
    return f"{median:.{digits}f} ({values[0]:.{digits}f}-{values[-1]:.{digits}f})"
