"""A worker's part of `distill send --on ray`, without Ray."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.lease.lending import Lending
from engine.stats.counters import Stats
from engine.stopping import Stopping
from engine.wire.endpoints import Endpoint
from jobs.send.sharded.gather import spent_usd
from jobs.send.sharded.send_shard import ShardEnd, WorkerOrder, send_shard
from jobs.send.sharded.shards import Shard
from schemas.settings import BudgetSettings, LimitSettings, RunSettings
from tests.integration.jobs.send.sending import read_lines, write_requests
from tests.openai_server import RunningServer, start_openai_server

IDS = [f"r{number}" for number in range(40)]
SETTINGS = RunSettings(limits=LimitSettings(max_in_flight=4), budget=BudgetSettings(usd=1.0))


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with start_openai_server({"latency": {"median_s": 0.01}}) as running:
        yield running


@pytest.fixture
def shard(tmp_path: Path) -> Shard:
    shard = Shard(tmp_path / "call" / "shard-00000")
    shard.folder.mkdir(parents=True)
    write_requests(shard.requests_path, IDS)
    return shard


async def send(shard: Shard, server: RunningServer, lender: Lending) -> ShardEnd:
    order = WorkerOrder(SETTINGS, (Endpoint(server.base_url, server.api_key),))
    return await send_shard(shard, order, lender, Stopping(), Stats())


def open_lending(shard: Shard) -> Lending:
    path = shard.folder.with_name("leases.jsonl")
    return Lending(path, cap_usd=1.0, spent_usd=0.0, holder_count=1)


async def test_worker_goes_on_where_earlier_ones_ended_and_tells_what_it_spent(
    shard: Shard, server: RunningServer
) -> None:
    lender = open_lending(shard)
    await send(shard, server, lender)
    first = shard.segments()[0]
    lines = first.paths.answers.read_bytes().splitlines(keepends=True)
    first.paths.answers.write_bytes(b"".join(lines[:30]) + lines[30][:20])
    before = server.control.settled_totals()["calls"]

    end = await send(shard, server, lender)

    second = shard.segments()[1]
    assert end == ShardEnd(end.unsettled, None)
    assert server.control.totals()["calls"] - before == 10
    assert sorted([*_ids(lines[:30]), *read_lines(second.paths.answers)]) == sorted(IDS)
    spent = [spent_usd(first), spent_usd(second)]
    assert 0.0 < spent[1] < spent[0]
    assert lender.spent_usd == pytest.approx(sum(spent))
    lender.end()


async def test_worker_that_another_has_superseded_sends_nothing_more(
    shard: Shard, server: RunningServer
) -> None:
    lender = open_lending(shard)
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(send(shard, server, lender))
        while server.control.totals()["calls"] < 8:
            await asyncio.sleep(0)
        shard.take_over()
        after = server.control.totals()["calls"]

    end = sending.result()
    assert end.error is not None
    assert end.error.kind == "RunInUseError"
    rounds = 1 + 2  # those in flight, and two replies' time until it looks again
    most = after + rounds * SETTINGS.limits.max_in_flight
    assert server.control.settled_totals()["calls"] <= most < len(IDS)
    lender.end()


def _ids(lines: list[bytes]) -> list[str]:
    return [line.split(b'"')[3].decode() for line in lines]
