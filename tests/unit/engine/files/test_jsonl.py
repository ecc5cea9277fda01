import asyncio
import os
from pathlib import Path

import pytest

from engine.errors import DamagedLogError
from engine.files.jsonl import JsonlLog
from engine.files.jsonl_lines import (
    BLOCK_BYTES,
    id_key,
    line_prefix,
    read_blocks,
    read_lines,
    read_lines_by_id,
)
from engine.files.line_scan import KeyedLines
from tests.unit.engine.files.items import make_line, write_items


async def test_what_was_appended_is_found_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    ids = ["a", 'quote"inside', "back\\slash\\", "ünïcödé 🙂", "", 'ends\\"', "x" * 20_000]

    await write_items(path, *ids)

    async with JsonlLog(path, id_field="item_id") as log:
        assert [log.read(item_id) for item_id in ids] == [make_line(item_id) for item_id in ids]
        assert len(log) == len(ids)
        assert "b" not in log


async def test_line_is_on_disk_when_append_returns(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"

    async with JsonlLog(path, id_field="item_id") as log:
        await log.append("a", make_line("a"))

        assert path.read_bytes() == make_line("a") + b"\n"


def count_syncs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The file descriptors that are synced from now on."""
    syncs: list[int] = []
    sync = os.fsync

    def count(fd: int) -> None:
        syncs.append(fd)
        sync(fd)

    monkeypatch.setattr(os, "fsync", count)
    return syncs


async def test_lines_that_wait_share_one_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs = count_syncs(monkeypatch)

    async with JsonlLog(tmp_path / "log.jsonl", id_field="item_id") as log:
        written = [log.append(str(n), make_line(str(n))) for n in range(100)]
        await asyncio.gather(*written)

    assert len(syncs) == 2  # the first line, then the 99 that came while it was written


async def test_lines_given_together_share_one_sync_and_are_told_among_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.jsonl"
    await write_items(path, "before")
    syncs = count_syncs(monkeypatch)

    async with JsonlLog(path, id_field="item_id") as log:
        await log.append_each((item_id, make_line(item_id)) for item_id in "abc")
        on_disk = list(read_lines(path))
        await log.append_each(())
        there = log.those_in(["x", "b", "before", "c"])

    assert on_disk == [make_line(item_id) for item_id in ("before", *"abc")]
    assert len(syncs) == 1
    assert there == {"b", "before", "c"}


async def test_where_many_lines_come_those_a_moment_apart_share_one_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs = count_syncs(monkeypatch)

    async with JsonlLog(tmp_path / "log.jsonl", id_field="item_id") as log:
        await asyncio.gather(*[log.append(str(n), make_line(str(n))) for n in range(9)])
        before = len(syncs)
        written = []
        for number in range(10, 14):
            written.append(log.append(str(number), make_line(str(number))))
            await asyncio.sleep(0)
        await asyncio.gather(*written)

    assert len(syncs) == before + 1


async def test_lines_that_wait_are_written_when_the_log_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"

    async with JsonlLog(path, id_field="item_id") as log:
        await asyncio.gather(*[log.append(str(n), make_line(str(n))) for n in range(9)])
        log.append("last", make_line("last"))

    assert list(read_lines(path))[-1] == make_line("last")


async def test_line_of_a_cancelled_caller_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"

    async with JsonlLog(path, id_field="item_id") as log:
        log.append("a", make_line("a"))
        log.append("b", make_line("b")).cancel()

    assert list(read_lines(path)) == [make_line("a"), make_line("b")]


async def test_lines_by_id_come_in_the_order_of_ids(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    ids = [f"{n * 7919 % 1000:016x}" + "0" * 16 for n in range(100)]
    await write_items(path, *ids)

    lines = list(read_lines_by_id(path, line_prefix("item_id")))

    assert [line.data for line in lines] == [make_line(item_id) for item_id in sorted(ids)]
    assert all(ids[line.number - 1] in line.data.decode() for line in lines)


async def test_more_ids_than_one_merge_are_all_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.files.id_index.RECENT_COUNT", 8)
    path = tmp_path / "log.jsonl"
    ids = [str(n) for n in range(300)]

    async with JsonlLog(path, id_field="item_id") as log:
        await asyncio.gather(*[log.append(item_id, make_line(item_id)) for item_id in ids])

        assert [log.read(item_id) for item_id in ids] == [make_line(item_id) for item_id in ids]
        assert len(log) == 300


async def test_lines_of_another_log_are_adopted_as_they_are_and_once(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    await write_items(path, "a")
    lines = [make_line(each, text="other") for each in ("a", "b", 'quo"te', "b")]

    async with JsonlLog(path, id_field="item_id") as log:
        adopted = await log.adopt_each(lines)
        again = await log.adopt_each(lines)

        assert adopted == lines[1:3]
        assert again == []
        assert log.holds(lines[1])
        assert not log.holds(lines[0])
    assert path.read_bytes().splitlines() == [make_line("a"), *lines[1:3]]


async def test_block_of_lines_is_written_as_it_is_and_each_is_found_among_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, ids = tmp_path / "log.jsonl", ["b", "c", "d"]
    lines = [make_line(item_id) + b"\n" for item_id in ids]
    block = KeyedLines(b"".join(lines), list(map(id_key, ids)), list(map(len, lines)))

    async with JsonlLog(path, id_field="item_id") as log:
        await log.append("a", make_line("a"))
        syncs = count_syncs(monkeypatch)
        await log.append_block(block)
        assert len(syncs) == 1
        await log.append("e", make_line("e"))

        assert [log.read(item_id) for item_id in "abcde"] == list(map(make_line, "abcde"))
    assert list(read_lines(path)) == list(map(make_line, "abcde"))


async def test_line_without_an_id_is_not_adopted(tmp_path: Path) -> None:
    async with JsonlLog(tmp_path / "log.jsonl", id_field="item_id") as log:
        with pytest.raises(DamagedLogError, match="a line to be added is not one of this log"):
            await log.adopt_each([b'{"other_id":"a"}'])

        assert len(log) == 0


def test_blocks_hold_the_whole_lines_between_two_offsets(tmp_path: Path) -> None:
    path, long = tmp_path / "log.jsonl", b"x" * (2 * BLOCK_BYTES)
    path.write_bytes(b"one\n" + long + b"\ntwo\nthree\nto")

    blocks = list(read_blocks(path, 4))
    bounded = list(read_blocks(path, 0, 4 + len(long) + 3))

    assert [line for block in blocks for line in block.lines] == [long, b"two", b"three"]
    assert blocks[-1].end == path.stat().st_size - len(b"to")
    assert [line for block in bounded for line in block.lines] == [b"one", long]
    assert list(read_blocks(path, blocks[-1].end)) == []
    assert list(read_blocks(tmp_path / "none", 0)) == []
