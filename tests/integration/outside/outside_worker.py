"""A worker in a process of its own, with a spool of its own: what a machine of a cluster has.

It sees nothing of the folder of the call: of it the name alone is given.
"""

import asyncio
import sys
from functools import partial
from pathlib import Path

from engine.lease.lending import Lending
from engine.stats.counters import Stats
from engine.stopping import Stopping
from engine.wire.endpoints import Endpoint
from jobs.send.sharded.outside.stores import StoreOrder
from jobs.send.sharded.outside.work_outside import OutsideWork
from jobs.send.sharded.send_shard import ShardEnd, WorkerOrder, send_shard
from jobs.send.sharded.shards import Shard
from schemas.settings import BudgetSettings, LimitSettings, RunSettings
from tests.openai_server import RunningServer

IN_FLIGHT = 4
SETTINGS = RunSettings(
    limits=LimitSettings(max_in_flight=IN_FLIGHT), budget=BudgetSettings(usd=1.0)
)
NOWHERE = Path("/nowhere")


def open_lending(path: Path) -> Lending:
    return Lending(path, cap_usd=1.0, spent_usd=0.0, holder_count=1)


async def work(
    name: str, store_url: str, spool: Path, endpoint: Endpoint, lender: Lending
) -> ShardEnd:
    """Work on the shard of this name (`call/shard-00000`)."""
    order = WorkerOrder(SETTINGS, (endpoint,), store=StoreOrder(url=store_url))
    spool.mkdir(exist_ok=True)
    outside = OutsideWork(send_shard, partial(Path, spool))
    return await outside(Shard(NOWHERE / name), order, lender, Stopping(), Stats())


def command(
    name: str, store_url: str, spool: Path, leases_path: Path, server: RunningServer
) -> list[str]:
    """The command line of such a process."""
    given = [name, store_url, str(spool), str(leases_path), server.base_url, server.api_key]
    return ["-m", "tests.integration.outside.outside_worker", *given]


def main() -> None:
    name, store_url, spool, leases_path, base_url, key = sys.argv[1:]
    lender = open_lending(Path(leases_path))
    asyncio.run(work(name, store_url, Path(spool), Endpoint(base_url, key), lender))


if __name__ == "__main__":
    main()
