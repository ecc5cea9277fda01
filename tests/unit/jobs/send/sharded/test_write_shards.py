"""Requests are put into shards, each wanted one into one of them."""

from collections import Counter
from pathlib import Path

import orjson
import pytest

from engine.errors import ConfigError, InterruptedRunError
from engine.stopping import Stopping
from jobs.processes.work_pool import WorkPool
from jobs.send.check_batch_file import MARK_LINES, CheckedFile, check_batch_file
from jobs.send.result_files import ResultFiles, result_paths, shards_root
from jobs.send.sharded import write_shards as writing
from jobs.send.sharded.shards import ShardedCall
from jobs.send.sharded.write_shards import write_shard, write_shards, write_shards_on_cores
from tests.integration.jobs.send.sending import read_lines, write_requests
from tests.unit.jobs.send.sharded.test_shards import answer, write_call

LINES = 12 * MARK_LINES + 7


class LargeFile:
    """A file of requests that several processes would put into shards; this one does, here."""

    def __init__(self, tmp_path: Path) -> None:
        self.ids = [f"r{number}" for number in range(LINES)]
        self.path = write_requests(tmp_path / "in.jsonl", self.ids)
        self.out_path = tmp_path / "out.jsonl"
        self.stopping = Stopping()

    async def check(self) -> CheckedFile:
        async with ResultFiles(result_paths(self.out_path)) as results:
            return check_batch_file(self.path, results, self.stopping, skips_bad_lines=False)

    async def split(self, checked: CheckedFile, count: int) -> ShardedCall:
        async with WorkPool() as pool:
            return await write_shards_on_cores(checked, self.out_path, count, pool, self.stopping)


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LargeFile:
    monkeypatch.setattr(writing, "LEAST_BYTES", 1)
    return LargeFile(tmp_path)


async def test_every_wanted_request_stands_in_one_shard_whatever_stands_around_it(
    tmp_path: Path,
) -> None:
    ids = [f"r{number}" for number in range(200)] + ['odd "one"', "Ünï"]
    (tmp_path / "out.jsonl").write_bytes(answer("r7"))

    call = await write_call(tmp_path, ids, 5)

    shards = [read_lines(shard.requests_path) for shard in call.shards()]
    assert Counter(name for each in shards for name in each) == Counter(set(ids) - {"r7"})
    assert min(map(len, shards)) > 20


async def test_shard_is_the_same_for_a_request_wherever_it_stands(tmp_path: Path) -> None:
    ids = [f"r{number}" for number in range(50)]
    for name in ("a", "b"):
        (tmp_path / name).mkdir()

    here = await write_call(tmp_path / "a", ids, 3)
    there = await write_call(tmp_path / "b", ids[::-1], 3)

    for one, other in zip(here.shards(), there.shards(), strict=True):
        assert read_lines(one.requests_path) == read_lines(other.requests_path)


async def test_file_that_changed_since_it_was_checked_is_refused(tmp_path: Path) -> None:
    in_path, out_path = write_requests(tmp_path / "in.jsonl", ["a", "b"]), tmp_path / "out.jsonl"
    async with ResultFiles(result_paths(out_path)) as results:
        checked = check_batch_file(in_path, results, Stopping(), skips_bad_lines=False)
    write_requests(in_path, ["a", "b", "c"])

    with pytest.raises(ConfigError, match="was changed while it was sent"):
        write_shards(checked, out_path, 2)


@pytest.mark.parametrize("has_newline", [True, False])
async def test_shards_of_a_large_file_have_each_wanted_request_once_from_all_over_it(
    large: LargeFile, has_newline: bool
) -> None:
    settled = {large.ids[0], *large.ids[MARK_LINES : 2 * MARK_LINES], large.ids[-2]}
    large.out_path.write_bytes(b"".join(map(answer, settled)))
    if not has_newline:
        large.path.write_bytes(large.path.read_bytes().rstrip())

    call = await large.split(await large.check(), 5)

    shards = [list(read_lines(shard.requests_path)) for shard in call.shards()]
    assert Counter(name for each in shards for name in each) == Counter(set(large.ids) - settled)
    assert len(shards) == 5
    numbers = [sorted(int(name[1:]) for name in each) for each in shards]
    assert all(each[0] < LINES // 2 < each[-1] for each in numbers)


async def test_no_more_of_a_large_file_is_held_at_once_than_a_few_megabytes(
    large: LargeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked, most = await large.check(), 2 * MARK_LINES
    monkeypatch.setattr(writing, "STRIPES_PER_SHARD", 1)
    monkeypatch.setattr(writing, "STRIPE_BYTES", 2 * checked.marks[1])
    held: list[int] = []

    def map_here(body: bytes) -> bytes:
        held.extend(lines for _, _, lines in orjson.loads(body.split(b"\n", 1)[0])[2])
        return write_shard(body)

    monkeypatch.setattr(writing, "write_shard", map_here)

    call = await large.split(checked, 2)

    assert sum(held) == LINES
    assert max(held) <= most
    shards = [list(read_lines(shard.requests_path)) for shard in call.shards()]
    assert Counter(name for each in shards for name in each) == Counter(large.ids)


async def test_large_file_that_changed_or_grew_since_it_was_checked_is_refused(
    large: LargeFile,
) -> None:
    checked, text = await large.check(), large.path.read_bytes()

    for changed in (text.replace(b"\n", b" ", 1), text + text[:200].partition(b"\n")[0] + b"\n"):
        large.path.write_bytes(changed)
        with pytest.raises(ConfigError, match="was changed while it was sent"):
            await large.split(checked, 3)

    assert not shards_root(large.out_path).exists()


async def test_stop_while_a_large_file_is_put_into_shards_leaves_nothing(large: LargeFile) -> None:
    checked = await large.check()
    large.stopping.request(InterruptedRunError(2))

    with pytest.raises(InterruptedRunError):
        await large.split(checked, 3)

    assert not shards_root(large.out_path).exists()
