"""Logs that a crash, a full disk or another program has spoilt."""

import errno
import logging
import os
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import pytest

from engine.errors import DamagedLogError, StorageError
from engine.files import line_scan
from engine.files.jsonl import JsonlLog
from engine.files.jsonl_lines import line_prefix, read_lines, read_lines_by_id
from engine.files.line_scan import scan_lines
from tests.rows import each_row
from tests.unit.engine.files.items import make_line, write_items


async def test_torn_last_line_is_cut_off_with_a_note(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "log.jsonl"
    await write_items(path, "a", "b")
    whole = path.read_bytes()
    path.write_bytes(whole + make_line("c")[:-3])

    with caplog.at_level(logging.WARNING):
        async with JsonlLog(path, id_field="item_id") as log:
            assert "c" not in log
            await log.append("c", make_line("c"))

    assert "cut off by a crash" in caplog.text
    assert path.read_bytes() == whole + make_line("c") + b"\n"


async def test_torn_line_can_be_torn_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    await write_items(path, "first", "second")
    whole = path.read_bytes()
    first = len(make_line("first")) + 1

    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        async with JsonlLog(path, id_field="item_id") as log:
            assert len(log) == (0 if cut < first else 1 if cut < len(whole) else 2)
        assert len(path.read_bytes()) in (0, first, len(whole))


@each_row(
    "damage",
    [
        b"\n",
        b"\x00\x00\x00\x00\n",
        b'{"other_id":"b"}\n',
        b'{"item_id":"b"\n',
        b'{"item_id":"b\n',
        b'{"item_id":7}\n',
        b'item_id":"b"}\n',
    ],
)
async def test_damage_before_the_last_line_names_file_and_line(
    tmp_path: Path, damage: bytes
) -> None:
    path = tmp_path / "log.jsonl"
    content = make_line("a") + b"\n" + damage + make_line("c") + b"\n"
    path.write_bytes(content)

    with pytest.raises(DamagedLogError, match=r"log\.jsonl:2: this line is damaged"):
        JsonlLog(path, id_field="item_id")

    assert path.read_bytes() == content


@each_row("block_bytes", [1, 2, 3, 17, 64])
@each_row("small_bytes", [line_scan.SMALL_BYTES, 0])
async def test_lines_that_straddle_blocks_are_found(
    tmp_path: Path, block_bytes: int, small_bytes: int
) -> None:
    path = tmp_path / "log.jsonl"
    ids = [f"{n}" * (n % 7 + 1) + 'q"' * (n % 2) for n in range(50)]
    await write_items(path, *ids)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_scan, "BLOCK_BYTES", block_bytes)
        patch.setattr(line_scan, "SMALL_BYTES", small_bytes)
        scanned = scan_lines(path, line_prefix("item_id"))

    starts = accumulate((len(make_line(item_id)) + 1 for item_id in ids), initial=0)
    assert [*scanned.offsets, scanned.end] == list(starts)


async def test_full_disk_stops_everything_and_keeps_every_whole_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.jsonl"
    write = os.write

    def write_on_a_small_disk(fd: int, data: memoryview) -> int:
        room = 50 - os.fstat(fd).st_size
        if room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data[:room])

    monkeypatch.setattr(os, "write", write_on_a_small_disk)
    async with JsonlLog(path, id_field="item_id") as log:
        written = [log.append(item_id, make_line(item_id)) for item_id in ("a", "b", "c", "d")]
        await written[0]
        for line in written[1:]:
            with pytest.raises(StorageError, match="No space left"):
                await line
        with pytest.raises(StorageError):
            log.append("e", make_line("e"))
    monkeypatch.undo()
    async with JsonlLog(path, id_field="item_id"):
        pass

    assert list(read_lines(path)) == [make_line(item_id) for item_id in ("a", "b", "c")]


async def test_line_whose_id_is_no_content_id_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    await write_items(path, "0" * 32, "edited by hand")

    with pytest.raises(DamagedLogError, match=r"log\.jsonl:2: .* id has another form"):
        list(read_lines_by_id(path, line_prefix("item_id")))


def delete(path: Path) -> None:
    path.unlink()


def move(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))


def replace(path: Path) -> None:
    move(path)
    path.write_bytes(b"")


def shorten(path: Path) -> None:
    os.truncate(path, 3)


def lengthen(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"{}\n")


@each_row(
    "meddle, told",
    [
        (delete, "was deleted while it was written"),
        (move, "was moved while it was written"),
        (replace, "was moved while it was written"),
        (shorten, "was changed by another program"),
        (lengthen, "was changed by another program"),
    ],
)
async def test_a_file_that_others_meddle_with_takes_no_further_line(
    meddle: Callable[[Path], None], told: str, tmp_path: Path
) -> None:
    path = tmp_path / "log.jsonl"
    async with JsonlLog(path, id_field="item_id") as log:
        await log.append("a", make_line("a"))
        meddle(path)

        with pytest.raises(DamagedLogError, match=told):
            await log.append("b", make_line("b"))
        with pytest.raises(DamagedLogError, match=told):
            await log.append("c", make_line("c"))


async def test_what_a_deleted_file_held_is_kept_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    async with JsonlLog(path, id_field="item_id") as log:
        await log.append("a", make_line("a"))
        path.unlink()
        with pytest.raises(DamagedLogError, match=r"log\.jsonl\.rescued"):
            await log.append("b", make_line("b"))

    rescued = (tmp_path / "log.jsonl.rescued").read_bytes()
    assert rescued == make_line("a") + b"\n" + make_line("b") + b"\n"
