"""What a worker wrote of a shard becomes part of the file of replies, also where it is much."""

from collections import Counter
from pathlib import Path

import pytest

from engine.testing.calls import chat_request, completed
from jobs.send.result_files import ResultFiles, ResultPaths, known_sends_count, result_paths
from jobs.send.sharded import gather
from jobs.send.sharded.gather import Gathered, gather_shard
from jobs.send.sharded.shards import Shard
from jobs.send.spending import open_spending
from schemas.settings import RunSettings
from tests.integration.jobs.send.sending import read_lines
from tests.unit.jobs.evaluation.made_run import make_settings
from tests.unit.jobs.send.sharded.test_shards import answer, failure, write_call


@pytest.fixture
async def shard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shard:
    """One of which all that is written is taken for much, and taken in in several steps."""
    monkeypatch.setattr(gather, "SMALL_BYTES", 0)
    monkeypatch.setattr(gather, "GROUP_BYTES", 1_000)
    return (await write_call(tmp_path, ["r"], 1)).shards()[0]


async def take_in(shard: Shard, paths: ResultPaths) -> Gathered:
    async with ResultFiles(paths) as results:
        with open_spending(paths, RunSettings()) as spending:
            await spending.log.sent("r", 1.0)
            results.follow_sends(lambda: spending.log.written_count)
            gathered = await gather_shard(shard, results, spending)
        assert results.settled_among(["r0", "r99", "r100"]) == {"r0", "r99", "r100"}
    return gathered


async def test_lines_stay_as_they_are_and_say_how_far_the_log_of_sends_is(
    shard: Shard, tmp_path: Path
) -> None:
    paths, segment = result_paths(tmp_path / "out.jsonl"), shard.take_over()
    lines = [answer(f"r{number}") for number in range(100)]
    segment.paths.answers.write_bytes(b"".join(lines) + b'{"custom_id":"torn')
    segment.paths.errors.write_bytes(failure("r100"))

    gathered = await take_in(shard, paths)

    written = paths.answers.read_bytes().splitlines(keepends=True)
    assert gathered == Gathered(100, Counter({"refused": 1}))
    assert len(written) == 100
    assert written[:5] == lines[:5]  # of each group the last one is another
    assert known_sends_count(paths) == 1


async def test_lines_of_a_worker_that_a_kill_cut_off_blame_no_log_of_sends(
    shard: Shard, tmp_path: Path
) -> None:
    paths, segment = result_paths(tmp_path / "out.jsonl"), shard.take_over()
    async with ResultFiles(segment.paths) as own:  # as a worker has it
        await own.keep_each([completed(chat_request(f"r{number}")) for number in range(101)])
    await take_in(shard, paths)
    lines = paths.answers.read_bytes().splitlines(keepends=True)

    paths.answers.write_bytes(b"".join(lines[:2]))
    paths.sends.unlink()

    assert known_sends_count(paths) == 0
    with open_spending(paths, make_settings("budget.usd=1")) as spending:
        assert spending.budget.spent_usd == 0.0


async def test_request_that_stands_there_already_or_in_two_segments_keeps_what_came_first(
    shard: Shard, tmp_path: Path
) -> None:
    paths, first, second = (
        result_paths(tmp_path / "out.jsonl"),
        shard.take_over(),
        shard.take_over(),
    )
    paths.answers.write_bytes(answer("r0", "before"))
    first.paths.answers.write_bytes(b"".join(answer(f"r{n}") for n in range(60)))
    second.paths.answers.write_bytes(b"".join(answer(f"r{n}", "again") for n in range(40, 101)))

    gathered = await take_in(shard, paths)

    texts = {id_: row["response"]["body"]["text"] for id_, row in read_lines(paths.answers).items()}
    assert gathered.answered == 100
    assert texts == {
        "r0": "before",
        **{f"r{n}": "yes" for n in range(1, 60)},
        **{f"r{n}": "again" for n in range(60, 101)},
    }
