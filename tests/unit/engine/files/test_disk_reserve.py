"""What is in flight when the disk becomes full is kept all the same."""

import errno
import os
import re
from pathlib import Path

import pytest

from engine.errors import StorageError
from engine.files.disk_reserve import RESERVE_BYTES, DiskReserve
from engine.files.jsonl import JsonlLog
from engine.files.jsonl_lines import read_lines

LINES = [b'{"item_id":"%d","text":"a line of some length"}' % number for number in range(4)]
ROOM_BYTES = len(LINES[0]) + 20  # the second line does not fit


def fill_disk(monkeypatch: pytest.MonkeyPatch, reserve_path: Path) -> None:
    """Let no file grow beyond ROOM_BYTES as long as the reserve is there."""
    write = os.write

    def write_on_a_small_disk(descriptor: int, data: memoryview) -> int:
        if not reserve_path.exists():
            return write(descriptor, data)
        room = ROOM_BYTES - os.fstat(descriptor).st_size
        if room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[:room])

    monkeypatch.setattr(os, "write", write_on_a_small_disk)


async def test_lines_in_flight_are_kept_in_the_reserve_of_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, reserve_path = tmp_path / "log.jsonl", tmp_path / "log.jsonl.reserve"
    async with JsonlLog(path, id_field="item_id", has_reserve=True) as log:
        assert reserve_path.stat().st_blocks * 512 >= RESERVE_BYTES
        fill_disk(monkeypatch, reserve_path)
        await log.append("0", LINES[0])
        for number in (1, 2, 3):  # those that were in flight land one after the other
            with pytest.raises(StorageError, match=r"the disk is full .* are kept in the room"):
                await log.append(str(number), LINES[number])
            assert str(number) in log

    assert list(read_lines(path)) == LINES
    assert not reserve_path.exists()


async def test_a_log_holds_its_reserve_until_it_is_closed(tmp_path: Path) -> None:
    async with JsonlLog(tmp_path / "log.jsonl", id_field="item_id", has_reserve=True) as log:
        await log.append("0", LINES[0])
        assert [path.name for path in sorted(tmp_path.iterdir())] == [
            "log.jsonl",
            "log.jsonl.reserve",
        ]

    assert [path.name for path in tmp_path.iterdir()] == ["log.jsonl"]


def test_what_a_killed_process_held_is_held_by_the_next(tmp_path: Path) -> None:
    DiskReserve(tmp_path / "log.jsonl", 1000)

    again = DiskReserve(tmp_path / "log.jsonl", 1000)

    assert again.release()
    assert not again.release()


def test_disk_without_the_room_is_named_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int, offset: int, length: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", refuse)

    with pytest.raises(StorageError, match=re.escape(f"{tmp_path}: there are not 16 MB of room")):
        DiskReserve(tmp_path / "log.jsonl")

    assert list(tmp_path.iterdir()) == []
