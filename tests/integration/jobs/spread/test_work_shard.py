"""What a worker does with a shard of a stage, against a server; in this process, without Ray."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import ConfigError, QuotaError, RunInUseError
from engine.files.journal import read_settled
from engine.files.records import read_ids, read_records
from engine.lease.lending import Lending
from engine.run_folder import RunFolder
from engine.stats.counters import Stats
from engine.stopping import Stopping
from engine.wire.endpoints import Endpoint
from jobs.dataset.ask_teacher import QUESTIONS
from jobs.prompts.own_prompts import copy_prompts
from jobs.run.run_engine import open_run_engine
from jobs.run.run_stages import run_stages
from jobs.send.sharded.send_shard import ShardEnd, WorkerOrder
from jobs.send.sharded.shards import Shard
from jobs.spread.take_in import spent_usd
from jobs.spread.work_shard import work_shard
from schemas.dataset import Question
from schemas.settings import RunSettings
from tests.openai_server import RunningServer, start_openai_server
from tests.unit.jobs.evaluation.made_run import make_run, make_settings
from tests.unit.jobs.run.contexts import make_context
from tests.unit.jobs.spread.segments import finished_ids, read_chunks, write_call

CHUNKS = 12
IN_FLIGHT = 4
SETTINGS = make_settings(f"limits.max_in_flight={IN_FLIGHT}", "budget.usd=1")


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with start_openai_server({"latency": {"median_s": 0.02}}) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return make_run(tmp_path / "run", SETTINGS)


async def shard_of(folder: RunFolder) -> Shard:
    """All chunks in one shard."""
    [shard] = (await write_call(folder, 1)).shards()
    return shard


def open_lending(shard: Shard, cap_usd: float = 1.0) -> Lending:
    path = shard.folder.with_name("leases.jsonl")
    return Lending(path, cap_usd=cap_usd, spent_usd=0.0, holder_count=1)


async def work(
    shard: Shard, server: RunningServer, lender: Lending, settings: RunSettings = SETTINGS
) -> ShardEnd:
    order = WorkerOrder(settings, (Endpoint(server.base_url, server.api_key),))
    return await work_shard(shard, order, lender, Stopping(), Stats())


def calls(server: RunningServer) -> int:
    return int(server.control.settled_totals()["calls"])


def keep_lines(path: Path, count: int) -> None:
    """Leave so many lines, and the beginning of one, as a kill does."""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:count]) + lines[count][:10])


async def test_worker_goes_on_where_an_earlier_one_was_killed(
    folder: RunFolder, server: RunningServer
) -> None:
    shard, before = await shard_of(folder), calls(server)
    lender = open_lending(shard)
    await work(shard, server, lender)
    first_usd = spent_usd(shard.segments()[0])
    first = RunFolder(shard.segments()[0].folder)
    after_first, asked = calls(server), sum(1 for _ in read_settled(first.journal_path))
    keep_lines(first.finished_path(QUESTIONS.name), 5)
    keep_lines(first.journal_path, asked - 3)

    end = await work(shard, server, lender)

    second_usd = spent_usd(shard.segments()[1])
    second = RunFolder(shard.segments()[1].folder)
    assert end == ShardEnd(end.unsettled, None)
    assert not end.unsettled
    assert (after_first - before, calls(server) - after_first) == (asked, 3)
    assert sum(1 for _ in read_settled(second.journal_path)) == 3
    ids = {chunk.chunk_id for chunk in read_chunks(folder)}
    assert len(finished_ids(second)) == CHUNKS - 5
    assert {*finished_ids(first), *finished_ids(second)} == ids
    assert 0.0 < second_usd < first_usd
    assert lender.spent_usd == pytest.approx(first_usd + second_usd)
    lender.end()


async def test_what_the_run_has_settled_is_not_asked_again(
    folder: RunFolder, server: RunningServer
) -> None:
    first = await shard_of(folder)
    lender = open_lending(first)
    await work(first, server, lender)
    worked = RunFolder(first.segments()[0].folder)
    with folder.journal_path.open("ab") as journal:
        journal.write(worked.journal_path.read_bytes())
    second, before = await shard_of(folder), calls(server)

    await work(second, server, lender)

    again = RunFolder(second.segments()[0].folder)
    assert calls(server) == before
    assert len(finished_ids(again)) == CHUNKS
    path = QUESTIONS.name
    assert sorted(read_ids(again.results_path(path), Question)) == sorted(
        read_ids(worked.results_path(path), Question)
    )
    lender.end()


async def test_worker_that_another_has_superseded_asks_nothing_more(
    folder: RunFolder, server: RunningServer
) -> None:
    shard, before = await shard_of(folder), calls(server)
    lender = open_lending(shard)

    async def take_over() -> None:
        while server.control.totals()["calls"] < before + 2:
            await asyncio.sleep(0)
        shard.take_over()

    taking = asyncio.create_task(take_over())
    with pytest.raises(RunInUseError, match="another goes on with it"):
        await work(shard, server, lender)
    await taking

    assert calls(server) <= before + 2 + 2 * IN_FLIGHT
    lender.end()


async def test_reply_that_lands_after_another_has_taken_over_is_kept_and_makes_no_result(
    folder: RunFolder,
) -> None:
    shard = await shard_of(folder)
    lender = open_lending(shard)
    with start_openai_server({"latency": {"median_s": 0.5, "sigma": 0.0}}) as slow:

        async def take_over() -> None:
            while slow.control.totals()["in_flight"] < IN_FLIGHT:
                await asyncio.sleep(0.02)
            shard.take_over()

        taking = asyncio.create_task(take_over())
        with pytest.raises(RunInUseError, match="another goes on with it"):
            await work(shard, slow, lender)
        await taking

    own = RunFolder(shard.segments()[0].folder)
    settled, finished = list(read_settled(own.journal_path)), finished_ids(own)
    results = read_records(own.results_path(QUESTIONS.name), Question)
    assert len(settled) - len(finished) == IN_FLIGHT
    assert {each.chunk_id for each in results} == set(finished)
    lender.end()


async def test_cap_of_the_lender_ends_a_worker_and_is_kept(
    folder: RunFolder, server: RunningServer
) -> None:
    shard, cap_usd = await shard_of(folder), 0.006  # at the dearest tier one has room
    lender = open_lending(shard, cap_usd)

    with pytest.raises(QuotaError, match=r"the budget of \$1\.0000 has no room"):
        await work(shard, server, lender)

    [segment] = shard.segments()
    assert 0.0 < spent_usd(segment) <= cap_usd
    lender.end()


async def test_worker_reads_the_prompts_of_the_run(
    folder: RunFolder, server: RunningServer, tmp_path: Path
) -> None:
    copy_prompts(tmp_path / "prompts")
    for path in (tmp_path / "prompts").glob("write_questions*.md"):
        path.write_text(path.read_text(encoding="utf-8") + "\nAsk as a poet would.\n")
    settings = SETTINGS.model_copy(update={"prompts_dir": tmp_path / "prompts"})
    shard = await shard_of(folder)
    lender = open_lending(shard)

    await work(shard, server, lender, settings)

    last = list(server.control.requests())[-1]
    assert "Ask as a poet would." in str(last)
    lender.end()


async def test_results_are_those_of_one_machine(
    folder: RunFolder, server: RunningServer, tmp_path: Path
) -> None:
    shard, here = await shard_of(folder), make_run(tmp_path / "here", SETTINGS)
    lender = open_lending(shard)
    endpoint = Endpoint(server.base_url, server.api_key)
    async with open_run_engine(here, SETTINGS, [endpoint], Stopping()) as engine:
        context = make_context(here, SETTINGS, engine.ask, engine.journal)
        await run_stages((QUESTIONS,), context)

    await work(shard, server, lender)

    segment = RunFolder(shard.segments()[0].folder)
    for path in ("questions.jsonl", "rejected.jsonl", "finished/questions.jsonl"):
        there = (segment.run_dir / path).read_bytes().splitlines()
        assert sorted(there) == sorted((here.run_dir / path).read_bytes().splitlines())
    lender.end()


async def test_no_engine_is_opened_over_what_workers_have_left(
    folder: RunFolder, server: RunningServer
) -> None:
    shard = await shard_of(folder)
    lender = open_lending(shard)
    await work(shard, server, lender)
    endpoint = Endpoint(server.base_url, server.api_key)

    with pytest.raises(ConfigError, match="would be bought again: `distill status"):
        async with open_run_engine(folder, SETTINGS, [endpoint], Stopping()):
            pass
    lender.end()
