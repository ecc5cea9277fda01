"""A large file of requests is checked by several processes as by one."""

import asyncio
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.stopping import Stopping
from engine.testing.calls import chat_request, completed
from jobs.processes.work_pool import WorkPool
from jobs.send import check_ranges
from jobs.send.check_batch_file import CheckedFile, check_batch_file
from jobs.send.check_ranges import check_on_cores
from jobs.send.result_files import ResultFiles, result_paths
from tests.unit.jobs.send.batch_file_texts import line, write

SETTLED = ("7", "250", "bad-settled")


def make_lines(count: int) -> list[bytes]:
    """Requests of many sizes, with what is wrong with a line now and then."""
    lines = [line(f"{number}", model="m" * (1 + number % 900)) for number in range(count)]
    lines[11], lines[90] = b"{", b" \t"
    lines[200] = line("bad-settled", method="PUT")
    lines[301] = line("bad", method="PUT")
    lines[-1] = line("5")
    return lines


async def check(path: Path, pool: WorkPool | None, *, skips: bool) -> CheckedFile:
    async with ResultFiles(result_paths(path.with_name("out.jsonl"))) as results:
        await asyncio.gather(*(results.keep(completed(chat_request(each))) for each in SETTLED))
        if pool is None:
            return check_batch_file(path, results, Stopping(), skips_bad_lines=skips)
        return await check_on_cores(path, results, Stopping(), pool, skips_bad_lines=skips)


@pytest.mark.parametrize("ending", [b"", b"\n"])
async def test_file_is_checked_by_processes_as_by_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: bytes
) -> None:
    monkeypatch.setattr(check_ranges, "LEAST_BYTES", 1 << 20)
    monkeypatch.setattr(check_ranges, "RANGE_BYTES", 1 << 16)
    path = write(tmp_path / "in.jsonl", *make_lines(5_000))
    path.write_bytes(path.read_bytes().rstrip(b"\n") + ending)

    async with WorkPool(worker_count=2) as pool:
        there = await check(path, pool, skips=True)
        with pytest.raises(ConfigError) as refused_there:
            await check(path, pool, skips=False)
    here = await check(path, None, skips=True)
    with pytest.raises(ConfigError) as refused_here:
        await check(path, None, skips=False)

    assert path.stat().st_size > 1 << 21
    assert there == here
    assert (here.bad_count, here.answered_count, here.wanted_count) == (3, 3, 4_993)
    assert str(refused_there.value) == str(refused_here.value)
    assert f"{path}:302: method: found" in str(refused_there.value)


async def test_line_that_is_too_long_and_a_file_that_is_not_there_are_told_as_by_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_ranges, "LEAST_BYTES", 1)
    monkeypatch.setattr(check_ranges, "MAX_LINE_BYTES", 1_000)
    path = write(tmp_path / "in.jsonl", line("1"), line("2", model="m" * 2_000))

    async with WorkPool(worker_count=2) as pool:
        assert (await check(path, pool, skips=False)).wanted_count == 2  # by this process
        with pytest.raises(ConfigError, match=r"nowhere\.jsonl: cannot be read: No such file"):
            await check(tmp_path / "nowhere.jsonl", pool, skips=False)
