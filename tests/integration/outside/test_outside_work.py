"""Workers that share nothing but a store: killed, superseded, gone on with; without Ray."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.testing.clocks import ManualClock
from engine.wire.endpoints import Endpoint
from jobs.send.result_files import ResultFiles, result_paths
from jobs.send.sharded.gather import gather_shard, spent_usd, take_all_over
from jobs.send.sharded.outside.depot import Depot, place_call, place_of
from jobs.send.sharded.outside.epochs import outside_call
from jobs.send.sharded.outside.parts import decode_part
from jobs.send.sharded.outside.sealing import SEAL_EVERY_S
from jobs.send.sharded.outside.stores import StoreOrder
from jobs.send.sharded.send_shard import ErrorWords, ShardEnd
from jobs.send.sharded.shards import REQUESTS_NAME, ShardedCall
from jobs.send.spending import open_spending
from tests.forked import ForkedProcess
from tests.integration.jobs.send.sending import read_lines, write_requests
from tests.integration.outside.outside_worker import (
    IN_FLIGHT,
    SETTINGS,
    command,
    open_lending,
    work,
)
from tests.openai_server import RunningServer, start_openai_server

COUNT = 60
IDS = [f"r{number}" for number in range(COUNT)]
NAME = "call/shard-00000"
POLL_S = 0.02
SLOW_S = 5 * SEAL_EVERY_S * IN_FLIGHT / COUNT


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with start_openai_server({"latency": {"median_s": 0.02}}) as running:
        yield running


@pytest.fixture
def slow_server() -> Iterator[RunningServer]:
    """All requests take several times as long as it takes until the first of them are sealed."""
    with start_openai_server({"latency": {"median_s": SLOW_S, "sigma": 0.0}}) as running:
        yield running


@pytest.fixture
def url(tmp_path: Path) -> str:
    (tmp_path / "store").mkdir()
    return (tmp_path / "store").as_uri()


@pytest.fixture
def depot(tmp_path: Path, url: str) -> Depot:
    """A call of one shard, which workers can have from the store."""
    shard_dir = tmp_path / "out.jsonl.shards" / NAME
    shard_dir.mkdir(parents=True)
    write_requests(shard_dir / REQUESTS_NAME, IDS)
    placed = place_call(ShardedCall(shard_dir.parent), StoreOrder(url=url))
    assert isinstance(placed, Depot)
    return placed


def start_worker(depot: Depot, url: str, spool: Path, server: RunningServer) -> ForkedProcess:
    return ForkedProcess(command(NAME, url, spool, depot.call.leases_path, server))


def when(is_time: Callable[[], bool], process: ForkedProcess) -> None:
    while not is_time():
        assert process.poll() is None
        time.sleep(POLL_S)


def sealed(tmp_path: Path) -> list[Path]:
    """The parts that are whole: what is being written has a name of other characters."""
    return sorted((tmp_path / "store" / NAME).glob("0*-0*"))


def has_sealed_replies(tmp_path: Path) -> bool:
    """Whether a part has more than the log of what was sent."""
    return any(
        name.endswith("replies.jsonl") and lines
        for path in sealed(tmp_path)
        for name, lines in decode_part(path.read_bytes(), path.name)
    )


def written(spool: Path) -> list[bytes]:
    """The whole lines of replies on a machine, sealed or not."""
    paths = spool.glob(f"call/*/shards/{NAME}/epoch-1/replies.jsonl")
    return [line for path in paths for line in path.read_bytes().splitlines(True) if b"\n" in line]


def replies(depot: Depot) -> list[str]:
    """The ids of all replies that the command can see; one that is there twice, twice."""
    [shard] = depot.call.shards()
    depot.complete(shard)
    paths = (each.paths.answers for each in shard.segments())
    return [id_ for path in paths if path.exists() for id_ in read_lines(path)]


def calls(server: RunningServer) -> int:
    return int(server.control.settled_totals()["calls"])


async def go_on(depot: Depot, url: str, spool: Path, server: RunningServer) -> ShardEnd:
    """Another worker, to the end of the shard."""
    lender = open_lending(depot.call.leases_path)
    end = await work(NAME, url, spool, Endpoint(server.base_url, server.api_key), lender)
    lender.end()
    return end


async def test_all_that_a_worker_wrote_is_sealed_at_its_end_and_its_spool_is_empty(
    depot: Depot, url: str, server: RunningServer, tmp_path: Path
) -> None:
    await go_on(depot, url, tmp_path / "spool", server)

    assert sorted(replies(depot)) == sorted(IDS)
    [shard] = depot.call.shards()
    [segment] = shard.segments()
    assert depot.lent_usd() == {segment.name: pytest.approx(spent_usd(segment))}
    assert list((tmp_path / "spool" / "call").iterdir()) == []


async def test_other_machine_goes_on_from_what_was_sealed_before_a_kill(
    depot: Depot, url: str, slow_server: RunningServer, server: RunningServer, tmp_path: Path
) -> None:
    process = start_worker(depot, url, tmp_path / "spool-1", slow_server)
    when(lambda: has_sealed_replies(tmp_path), process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = set(replies(depot))

    await go_on(depot, url, tmp_path / "spool-2", server)

    assert 0 < len(kept) < COUNT
    assert calls(server) == COUNT - len(kept)
    assert sorted(replies(depot)) == sorted(IDS)


async def test_next_worker_of_the_same_machine_seals_what_a_killed_one_had_not(
    depot: Depot, url: str, slow_server: RunningServer, server: RunningServer, tmp_path: Path
) -> None:
    spool = tmp_path / "spool"
    process = start_worker(depot, url, spool, slow_server)
    when(lambda: bool(written(spool)), process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = len(written(spool))
    assert not sealed(tmp_path)

    await go_on(depot, url, spool, server)

    assert 0 < kept < COUNT
    assert calls(server) == COUNT - kept
    assert sorted(replies(depot)) == sorted(IDS)


async def test_worker_that_another_has_superseded_ends_and_what_it_bought_is_kept(
    depot: Depot, url: str, slow_server: RunningServer, tmp_path: Path
) -> None:
    rivals = outside_call(depot.call.folder, StoreOrder(url=url)).shards()[0]

    async def take_over() -> None:
        while slow_server.control.totals()["calls"] < IN_FLIGHT:
            await asyncio.sleep(POLL_S)
        depot.complete(rivals)
        assert (await asyncio.to_thread(rivals.take_over)).epoch == 2

    taking = asyncio.create_task(take_over())
    end = await go_on(depot, url, tmp_path / "spool", slow_server)
    await taking

    assert end.error == ErrorWords("RunInUseError", f"{NAME}/epoch-1: another goes on with it")
    assert 0 < calls(slow_server) == len(replies(depot)) < COUNT
    assert list((tmp_path / "spool" / "call").iterdir()) == []


async def test_command_that_begins_again_has_all_that_was_sealed_and_counts_what_was_lent(
    depot: Depot, url: str, slow_server: RunningServer, tmp_path: Path
) -> None:
    process = start_worker(depot, url, tmp_path / "spool", slow_server)
    when(lambda: has_sealed_replies(tmp_path), process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    [shard] = depot.call.shards()
    depot.look(shard)
    half = shard.segments()[0].paths.answers
    half.write_bytes(half.read_bytes()[:-7])  # it was killed while it wrote this

    again = place_of(depot.call.folder, {})
    clock = ManualClock()
    await take_all_over(again, clock)

    [name] = again.lent_usd()
    paths = result_paths(tmp_path / "out.jsonl")
    async with ResultFiles(paths) as results:
        with open_spending(paths, SETTINGS) as spending:
            lent_usd = again.lent_usd()
            await gather_shard(shard, results, spending, lent_usd=lent_usd)
            spent = spending.log.lost_usd
    assert name == f"{NAME}/epoch-1"
    assert clock.slept_s == [pytest.approx(6.0)]
    assert 0 < len(read_lines(tmp_path / "out.jsonl")) < COUNT
    assert spent == pytest.approx(lent_usd[name])
    again.remove()
    assert not any((tmp_path / "store").rglob("*-0*"))
    assert not depot.call.folder.exists()
