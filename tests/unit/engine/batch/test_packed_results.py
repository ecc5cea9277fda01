"""Files of results that are no JSON lines as they come, and were paid for all the same."""

import gzip
import json
from pathlib import Path

from engine.batch.collecting.as_lines import make_lines
from engine.testing.calls import chat_request
from tests.rows import each_row
from tests.unit.engine.batch.desks import make_place, submit

MB = 1 << 20
ROWS = [{"custom_id": f"r{number}", "text": "half \ud800 and ü"} for number in range(3)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
ARRAY = json.dumps(ROWS).encode()
BROKEN_ARRAY = b"[" + b",\n".join(json.dumps(row).encode() for row in ROWS) + b",\n"


def made(path: Path, data: bytes, *, max_bytes: int = MB, max_parsed_bytes: int = MB) -> bytes:
    path.write_bytes(data)
    make_lines(path, max_bytes=max_bytes, max_parsed_bytes=max_parsed_bytes)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    return path.read_bytes()


@each_row(
    "data",
    [
        LINES,
        gzip.compress(LINES, mtime=0),
        gzip.compress(LINES[:50], mtime=0) + gzip.compress(LINES[50:], mtime=0),
        LINES.decode().encode("utf-16"),
        b"\xfe\xff" + LINES.decode().encode("utf-16-be"),
        LINES.decode().encode("utf-32"),
        gzip.compress(LINES.decode().encode("utf-16"), mtime=0),
        ARRAY,
        b"\xef\xbb\xbf\n " + ARRAY,
        json.dumps(ROWS, indent=2).encode(),
        gzip.compress(ARRAY, mtime=0),
    ],
)
def test_file_that_holds_lines_becomes_lines(tmp_path: Path, data: bytes) -> None:
    lines = made(tmp_path / "o.jsonl", data).splitlines()

    assert [json.loads(line)["custom_id"] for line in lines] == ["r0", "r1", "r2"]


def test_large_array_is_taken_apart_at_its_lines(tmp_path: Path) -> None:
    lines = made(tmp_path / "o.jsonl", BROKEN_ARRAY, max_parsed_bytes=10).splitlines()

    assert [json.loads(line) for line in lines] == ROWS


@each_row(
    "data",
    [
        b"",
        b"<html>[",
        LINES[:70],
        gzip.compress(LINES, mtime=0)[:-9],
        gzip.compress(b"a" * 2 * MB, mtime=0),
        b"\x1f\x8b not packed",
        b"[1, 2",
    ],
)
def test_what_is_none_or_too_large_stays_as_it_came(tmp_path: Path, data: bytes) -> None:
    kept = made(tmp_path / "o.jsonl", data)

    assert kept == data or (data.startswith(b"\x1f\x8b") and LINES.startswith(kept))


@each_row("kind", ["gzip", "array"])
async def test_batch_whose_results_are_packed_is_collected_and_bought_once(
    tmp_path: Path, kind: str
) -> None:
    place = make_place(tmp_path)
    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"), chat_request("b"))
        place.provider.end_all()
        (batch,) = place.provider.batches.values()
        output_id = batch.remote.output_file_id
        plain = place.provider.files[output_id]
        array = b"[" + b",".join(plain.splitlines()) + b"]"
        place.provider.files[output_id] = gzip.compress(plain) if kind == "gzip" else array

        await bench.desk.collect()

    assert place.settled.keys() == {"a", "b"}
