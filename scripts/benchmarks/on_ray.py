"""How many requests a second `distill send --on ray` sends, and the memory of each process.

    python scripts/benchmarks/on_ray.py [--count 1000000] [--workers 2]

Requests of 1 KB go to nginx on loopback, which answers 700 bytes and knows no limit, by one process
and by workers on a cluster of this machine. It runs on the same cores. Shown are requests a second
of the whole call and from the first reply on, and the largest resident memory of each process.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from scripts.benchmarks.bench.child_processes import API_KEY, ROOT_DIR, remove_results
from scripts.benchmarks.bench.nginx_server import nginx_server
from scripts.benchmarks.bench.request_files import write_requests

IN_FLIGHT = 256
LOOK_EVERY_S = 1.0
NAME_CHARS = 48


class Sent(NamedTuple):
    """Seconds of a call, and until the first reply; megabytes of each process by its name."""

    whole_s: float
    first_s: float
    peak_mb: dict[str, int]


def send(in_path: Path, base_url: str, *flags: str) -> Sent:
    """Send a file, and look at the processes that do so once a second."""
    out_path = in_path.with_name("out.jsonl")
    remove_results(out_path)
    started_s = time.monotonic()
    first_s, peaks = 0.0, defaultdict[tuple[int, str], int](int)
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
            for pid, name in _tree(process.pid):
                peaks[pid, name] = max(peaks[pid, name], _resident_mb(pid))
            time.sleep(LOOK_EVERY_S)
    if process.returncode:
        raise RuntimeError(f"distill send ended with {process.returncode}")
    by_name = {f"{name} ({pid})": peak for (pid, name), peak in peaks.items()}
    return Sent(time.monotonic() - started_s, first_s, by_name)


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


def _tree(root: int) -> list[tuple[int, str]]:
    """A process and all that it has started, with what they are called."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children[int(fields[1])].append(int(folder.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append((pid, _name_of(pid)))
        waiting += children[pid]
    return found


def _name_of(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "?"
    module = words[words.index("-m") + 1] if "-m" in words else Path(words[0]).name
    script = next((Path(word).name for word in words[1:3] if word.endswith(".py")), "")
    return f"{module} {script}".strip()[:NAME_CHARS]


def _resident_mb(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


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
                for process, peak_mb in sorted(sent.peak_mb.items(), key=lambda each: -each[1]):
                    print(f"  {peak_mb:6} MB  {process}")
                print(f"  {sum(sent.peak_mb.values()):6} MB  together", flush=True)


if __name__ == "__main__":
    main()
