import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import QuotaError
from engine.lease.claims import Lender
from engine.stats.counters import Stats
from engine.stopping import Stopping
from jobs.garbage import COLLECTIONS_BETWEEN_LARGER_ONES, OBJECTS_BETWEEN_COLLECTIONS
from jobs.send.sharded.send_shard import ErrorWords, ShardEnd, WorkerOrder, send_shard
from jobs.send.sharded.shard_sender import ShardSender
from jobs.send.sharded.shards import Shard
from schemas.settings import RunSettings
from tests.rows import each_row
from tests.unit.jobs.send.sharded.outside.test_sealing import GenerousLender

NOT_OURS = (1_000_000, 10, 10)  # a low one would have all that the tests hold looked through


@pytest.fixture
def collecting() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(*NOT_OURS)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("collecting")
def test_process_of_a_worker_looks_for_garbage_rarely_whoever_has_started_it() -> None:
    ShardSender(WorkerOrder(RunSettings(), ()), send_shard)

    assert gc.get_threshold() == (
        OBJECTS_BETWEEN_COLLECTIONS,
        COLLECTIONS_BETWEEN_LARGER_ONES,
        COLLECTIONS_BETWEEN_LARGER_ONES,
    )


@each_row(
    "raised, kind, words",
    [
        (QuotaError("no credit"), "QuotaError", "no credit"),
        (FileNotFoundError(2, "No such file", "a"), "StorageError", "the system refused something"),
        (KeyError("a"), "UnexpectedError", "an unforeseen error, KeyError"),
    ],
)
async def test_error_of_the_work_is_told_in_one_line(
    raised: Exception, kind: str, words: str
) -> None:
    async def work(
        shard: Shard, order: WorkerOrder, lender: Lender, stopping: Stopping, stats: Stats
    ) -> ShardEnd:
        raise raised

    sender = ShardSender(WorkerOrder(RunSettings(), ()), work)
    await sender.begin(GenerousLender())

    end = await sender.send(Path("shard-00000"))

    assert isinstance(end.error, ErrorWords)
    assert end.error.kind == kind
    assert words in end.error.message
    assert "\n" not in end.error.message
