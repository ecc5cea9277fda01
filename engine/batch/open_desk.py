"""Opens the batch desk of a run: its files, its client, its place on the account."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from engine.batch.account import Account, account_dir
from engine.batch.client import BatchClient
from engine.batch.collecting.attempts import AttemptLog
from engine.batch.collecting.collector import Collector, Sink
from engine.batch.collecting.results import ResultReader
from engine.batch.desk import BatchDesk, DeskParts
from engine.batch.folder import BatchFolder
from engine.batch.ledger import BatchLedger
from engine.batch.packing.outbox import Outbox
from engine.batch.poll import Poller
from engine.batch.provider import Provider
from engine.batch.standing import Standing
from engine.batch.submit import Submitter
from engine.budget import Budget
from engine.clock import Clock
from engine.stopping import Admission, FailureWatch, Stopping
from engine.wire.endpoints import Endpoint
from engine.wire.prices import Price
from schemas.settings import BatchSettings


class DeskOrder(NamedTuple):
    """What a desk is to work for. `state_dir` is the user's, for what runs share.

    `enlarges_truncated`: a reply that was cut off by its output limit is asked once more with a
    larger one.
    """

    folder: BatchFolder
    endpoint: Endpoint
    settings: BatchSettings
    timeout_s: float
    state_dir: Path
    price: Price
    budget: Budget
    sink: Sink
    enlarges_truncated: bool
    clock: Clock
    stopping: Stopping


@asynccontextmanager
async def open_desk(order: DeskOrder) -> AsyncIterator[BatchDesk]:
    """The desk; what is out and what is waiting is known once it is open.

    Raises:
        ConfigError: its folder cannot be made.
        DamagedLogError: the ledger or a file of a batch that is out is damaged.
    """
    client = BatchClient(order.endpoint, timeout_s=order.timeout_s, clock=order.clock)
    async with AsyncExitStack() as opened:
        opened.push_async_callback(client.aclose)
        yield await opened.enter_async_context(open_desk_at(client, order))


@asynccontextmanager
async def open_desk_at(provider: Provider, order: DeskOrder) -> AsyncIterator[BatchDesk]:
    """The desk at a provider. Raises what `open_desk` raises."""
    folder, settings, clock = order.folder, order.settings, order.clock
    folder.create()
    async with AsyncExitStack() as opened:
        ledger = await opened.enter_async_context(BatchLedger(folder.ledger_path, clock))
        outbox = await opened.enter_async_context(Outbox(folder.outbox_path))
        attempts = await opened.enter_async_context(AttemptLog(folder.attempts_path))
        admission = Admission(clock)
        order.stopping.on_request(admission.close)
        submitter = Submitter(
            folder, ledger, provider, settle_s=settings.settle_s, clock=clock, admission=admission
        )
        collector = Collector(
            folder,
            ledger,
            provider,
            attempts,
            _make_reader(order),
            sink=order.sink,
            clock=clock,
        )
        account = Account(
            account_dir(order.state_dir, order.endpoint),
            owner_id=folder.owner_id,
            clock=clock,
            admission=admission,
        )
        yield BatchDesk(
            DeskParts(
                folder=folder,
                ledger=ledger,
                outbox=outbox,
                attempts=attempts,
                poller=Poller(ledger, provider, clock=clock),
                submitter=submitter,
                collector=collector,
                account=account,
                standing=Standing(ledger, account, settings=settings, clock=clock),
                settings=settings,
                output_limit_name=order.endpoint.output_limit_name,
                price=order.price,
                budget=order.budget,
                sink=order.sink,
                watch=FailureWatch(),
                clock=clock,
                stopping=order.stopping,
            )
        )


def _make_reader(order: DeskOrder) -> ResultReader:
    return ResultReader(
        order.endpoint,
        price=order.price,
        price_share=order.settings.price_share,
        max_attempts=order.settings.max_attempts,
        enlarges_truncated=order.enlarges_truncated,
        clock=order.clock,
    )
