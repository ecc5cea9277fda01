"""What ends the work on a shard comes back in words, whatever it is."""

from pathlib import Path

from engine.errors import QuotaError
from engine.lease.claims import Lender
from engine.stats.counters import Stats
from engine.stopping import Stopping
from jobs.send.sharded.send_shard import ErrorWords, ShardEnd, WorkerOrder
from jobs.send.sharded.shard_sender import ShardSender
from jobs.send.sharded.shards import Shard
from schemas.settings import RunSettings
from tests.rows import each_row
from tests.unit.jobs.send.sharded.outside.test_sealing import GenerousLender


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
