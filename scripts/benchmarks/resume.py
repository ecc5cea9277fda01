"""Going on with a large file of results: the index, and the time to the first new request.

    python scripts/benchmarks/resume.py [--lines N] [--rounds N] [--folder DIR]

The index of N lines of 1,500 bytes (in all 1.5 GB for a million) is built beside an mmap scan that
puts the ids into a set. Then `distill send` is given those N requests and 1,000 new ones; the
time is from the start of its process to its first connection. Needs 3 GB of disk.
"""

import argparse
import mmap
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.files.id_index import IdIndex
from engine.files.jsonl_lines import line_prefix
from engine.files.line_scan import scan_lines
from jobs.send.result_files import ID_FIELD
from scripts.benchmarks.bench.child_processes import peak_bytes, spread, start_send
from scripts.benchmarks.bench.request_files import write_requests

LINE_BYTES = 1_500
NEW_COUNT = 1_000
TIMEOUT_S = 120.0


def write_results(path: Path, count: int) -> None:
    """Write `count` lines as `distill send` writes them."""
    head = '{"custom_id":"request-%09d","id":"req_0123abcd_%d","response":{"status_code":200,'
    head += '"request_id":"","body":{"content":"'
    tail = '"}},"error":null}\n'
    fill = "x" * (LINE_BYTES - len(head % (0, 0)) - len(tail))
    with path.open("w", buffering=1 << 20) as file:
        for number in range(count):
            file.write(head % (number, number) + fill + tail)


def scan_mmap(path: Path) -> int:
    """The baseline: every id into a set, found by the newline before it."""
    start = len(line_prefix(ID_FIELD)) + 1
    ids = set()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        position, size = 0, len(view)
        while position < size:
            id_start = position + start
            ids.add(view[id_start : view.find(b'"', id_start)])
            position = view.find(b"\n", position) + 1
    return len(ids)


def measure_index(path: Path, rounds: int) -> None:
    """Print how long both take, and the memory of the index."""
    index_s, scan_s = [], []
    for _ in range(rounds):
        started_s = time.process_time()
        scan_mmap(path)
        scan_s.append(time.process_time() - started_s)
        started_s = time.process_time()
        lines = scan_lines(path, line_prefix(ID_FIELD))
        index = IdIndex(lines.hashes, lines.offsets)
        index_s.append(time.process_time() - started_s)
    ratio = statistics.median(ours / base for ours, base in zip(index_s, scan_s, strict=True))
    print(f"{len(index):,} lines, {path.stat().st_size / 1e9:.2f} GB; median of {rounds}")
    print(f"  mmap scan into a set    {spread(scan_s)} s of processor")
    print(f"  index                   {spread(index_s)} s of processor, ratio {ratio:.2f}")
    print(f"  memory of the index     {index.size_bytes / len(index):.1f} bytes an id")


def measure_first_request(folder: Path, out_path: Path, count: int, rounds: int) -> None:
    """Print how long it takes until something new is sent; the process is killed then."""
    in_path = write_requests(folder / "in.jsonl", count + NEW_COUNT)
    first_s, peak_mb = [], []
    for _ in range(rounds):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(TIMEOUT_S)
            base_url = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
            started_s = time.monotonic()
            process = start_send(in_path, out_path, base_url)
            server.accept()[0].close()
            first_s.append(time.monotonic() - started_s)
            peak_mb.append(peak_bytes(process.pid) / 1e6)
            process.kill()
            process.wait()
    print(f"  first new request after {spread(first_s)} s; peak memory {spread(peak_mb, 0)} MB")


def main() -> None:
    """Write the files, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where 3 GB may be written for a while")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        out_path = Path(name) / "out.jsonl"
        write_results(out_path, arguments.lines)
        measure_index(out_path, arguments.rounds)
        measure_first_request(Path(name), out_path, arguments.lines, arguments.rounds)


if __name__ == "__main__":
    main()
