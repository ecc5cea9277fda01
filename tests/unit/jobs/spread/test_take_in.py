"""What workers wrote becomes part of a run: while they write, at their end, after a crash."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.assemble import open_sends
from engine.errors import DamagedLogError
from engine.files.journal import Journal, read_settled
from engine.files.lock import WriterLock
from engine.files.records import read_records
from engine.files.sends import SendLog
from engine.files.sent_sums import read_sends
from engine.run_folder import RunFolder
from engine.stage import open_stage_files
from jobs.dataset.ask_teacher import QUESTIONS
from jobs.send.sharded.shards import Segment
from jobs.spread.left_shards import take_in_left
from jobs.spread.take_in import Books, TakingIn, spent_usd, take_in_calls
from schemas.dataset import Question, Rejection
from schemas.outcomes import Completed
from tests.crash.runs import comparable_files
from tests.unit.jobs.evaluation.made_run import make_run, make_settings
from tests.unit.jobs.spread.segments import (
    COST_USD,
    finished_ids,
    read_chunks,
    write_call,
    write_segment,
)

SETTLED_BEFORE = 1  # in the journal of a run that is made


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return make_run(tmp_path / "run", make_settings())


class Taken:
    """What is taken in, and how many items were noted as finished."""

    def __init__(self, books: Books) -> None:
        self.noted: list[int] = []
        self.taking = TakingIn(QUESTIONS.name, books, self.noted.append)
        self.journal = books.journal


@asynccontextmanager
async def opened(folder: RunFolder) -> AsyncIterator[Taken]:
    async with (
        Journal(folder.journal_path) as journal,
        open_stage_files(folder, QUESTIONS.name, Question) as files,
    ):
        sends = open_sends(folder, journal, is_synced=False)
        yield Taken(Books(journal, sends, files))
        sends.close()


def settled_count(folder: RunFolder) -> int:
    return sum(1 for _ in read_settled(folder.journal_path)) - SETTLED_BEFORE


def lose(segment: Segment, usd: float) -> None:
    """Note a send of which nothing more is known."""
    log = SendLog(RunFolder(segment.folder).sends_path, is_synced=False)
    log.sent("lost", usd)
    log.close()


async def test_what_is_written_is_taken_in_while_it_grows_and_once(folder: RunFolder) -> None:
    [shard] = (await write_call(folder, 1)).shards()
    chunks, segment = read_chunks(folder), shard.take_over()
    await write_segment(segment, chunks[:3], unfinished=1)

    async with opened(folder) as taken:
        await taken.taking.take(segment)
        after_some = (settled_count(folder), finished_ids(folder), list(taken.noted))
        await write_segment(segment, chunks[:5])
        await taken.taking.take(segment)
        await taken.taking.end(shard)

        ids = [chunk.chunk_id for chunk in chunks]
        assert after_some == (3, ids[:2], [1, 1])
        assert finished_ids(folder) == ids[:5]
        assert taken.noted == [1] * 5
        assert taken.taking.taken_usd == pytest.approx(5 * COST_USD)
    assert settled_count(folder) == 5
    assert sum(1 for _ in read_records(folder.results_path(QUESTIONS.name), Question)) == 5
    assert sum(1 for _ in read_records(folder.rejected_path, Rejection)) == 5
    assert not shard.folder.exists()


async def test_of_two_replies_that_of_the_latest_segment_counts_and_both_are_paid(
    folder: RunFolder,
) -> None:
    [shard] = (await write_call(folder, 1)).shards()
    chunks, first = read_chunks(folder), shard.take_over()
    second = shard.take_over()
    await write_segment(second, chunks[:2], text="the one that was used")
    await write_segment(first, chunks[:1], text="came late", unfinished=1)

    async with opened(folder) as taken:
        await taken.taking.end(shard)

        kept = taken.journal.get(chunks[0].chunk_id)
        assert isinstance(kept, Completed)
        assert "the one that was used" in str(kept.reply)
        assert taken.taking.taken_usd == pytest.approx(3 * COST_USD)
    assert read_sends(folder.sends_path).lost_usd == {first.name: pytest.approx(COST_USD)}


async def test_what_a_lost_worker_may_have_spent_counts(folder: RunFolder) -> None:
    [shard] = (await write_call(folder, 1)).shards()
    segment = shard.take_over()
    await write_segment(segment, read_chunks(folder)[:2])
    lose(segment, 0.5)

    assert spent_usd(segment) == pytest.approx(2 * COST_USD + 0.5)
    async with opened(folder) as taken:
        await taken.taking.end(shard)
    assert read_sends(folder.sends_path).lost_usd == {segment.name: 0.5}


async def test_what_a_call_has_left_is_taken_in_once_however_often_it_is_begun(
    folder: RunFolder, tmp_path: Path
) -> None:
    call, chunks = await write_call(folder, 2), read_chunks(folder)
    one, other = call.shards()
    await write_segment(one.take_over(), chunks[:4], unfinished=2)
    segment = other.take_over()
    await write_segment(segment, chunks[4:6])
    lose(segment, 0.5)
    shutil.copytree(folder.shards_dir, tmp_path / "kept")
    async with opened(folder) as taken:
        await taken.taking.take(segment)  # as the call itself has done

    await take_in_calls(folder, {})
    files = comparable_files(folder.run_dir)
    shutil.copytree(tmp_path / "kept", folder.shards_dir)  # as if killed before it was removed
    await take_in_calls(folder, {})

    assert comparable_files(folder.run_dir) == files
    assert settled_count(folder) == 6
    assert sorted(finished_ids(folder)) == sorted(
        chunk.chunk_id for chunk in [*chunks[:2], *chunks[4:6]]
    )
    assert read_sends(folder.sends_path).lost_usd == {segment.name: 0.5}
    assert not folder.shards_dir.exists()


async def test_call_that_was_cut_off_before_it_began_is_removed(folder: RunFolder) -> None:
    call = await write_call(folder, 2)
    (call.folder / "stage.json").unlink()

    await take_in_calls(folder, {})

    assert not folder.shards_dir.exists()


async def test_damaged_segment_is_told_and_nothing_of_it_is_removed(folder: RunFolder) -> None:
    [shard] = (await write_call(folder, 1)).shards()
    segment = shard.take_over()
    await write_segment(segment, read_chunks(folder)[:1])
    RunFolder(segment.folder).journal_path.write_bytes(b"no outcome\n")

    with pytest.raises(DamagedLogError, match="a line to be added is not one of this log"):
        await take_in_calls(folder, {})

    assert segment.folder.exists()


def test_run_that_another_process_writes_is_left_alone(folder: RunFolder) -> None:
    call_dir = folder.shards_dir / "call"
    call_dir.mkdir(parents=True)

    with WriterLock(folder.lock_path):
        during = take_in_left(folder.run_dir), call_dir.exists()
    after = take_in_left(folder.run_dir), call_dir.exists()

    assert during == (folder.run_dir, True)
    assert after == (folder.run_dir, False)


def test_folder_without_shards_is_left_alone(tmp_path: Path, folder: RunFolder) -> None:
    for each in (folder.run_dir, tmp_path / "none", tmp_path):
        assert take_in_left(each) == each
