"""Opens the batch desk of a run: its files, and the parts that work on them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from engine.batch.account import Account, account_dir
from engine.batch.collecting.asked import AttemptLog
from engine.batch.collecting.collector import Collector, Sink
from engine.batch.collecting.fetcher import ResultFetcher
from engine.batch.collecting.result_files import ends_with_newline, read_whole_ids
from engine.batch.collecting.results import ResultReader
from engine.batch.desk import BatchDesk, DeskParts
from engine.batch.folder import BatchFolder
from engine.batch.forms import BatchForms
from engine.batch.ledger import BatchLedger
from engine.batch.packing.outbox import Outbox
from engine.batch.poll import Poller
from engine.batch.provider import Provider
from engine.batch.standing import Standing
from engine.batch.submit import Submitter, on_disk_is_enough
from engine.batch.unnoted import UnnotedFiles
from engine.clock import Clock
from engine.spending.budget import Budget
from engine.stopping import Admission, FailureWatch, Stopping
from engine.wire.endpoints import Endpoint
from engine.wire.prices import Price
from engine.wire.reply_sizes import BYTES_PER_MB, USUAL_SIZES, ReplySizes
from schemas.settings import BatchSettings


class DeskOrder(NamedTuple):
    """What a desk is opened with. `state_dir` holds what all runs of this user share.

    `enlarges_truncated`: a reply that was cut off by its output limit is asked once more with a
    larger one. `max_line_bytes`: a longer line of results is not read. `back_up` returns once the
    files are where the loss of this machine does no harm: before anything goes out by them.
    """

    folder: BatchFolder
    endpoint: Endpoint
    settings: BatchSettings
    state_dir: Path
    price: Price
    budget: Budget
    sink: Sink
    enlarges_truncated: bool
    clock: Clock
    stopping: Stopping
    max_line_bytes: int = USUAL_SIZES.reply_bytes
    back_up: Callable[[], Awaitable[None]] = on_disk_is_enough


@asynccontextmanager
async def open_desk(provider: Provider, order: DeskOrder) -> AsyncIterator[BatchDesk]:
    """A desk for a provider; batches and waiting requests are read from disk before it is yielded.

    Files that a crash left behind are removed.

    Raises:
        ConfigError: its folder cannot be made.
        DamagedLogError: the ledger or a file of a batch that is out is damaged.
    """
    folder = order.folder
    folder.create()
    folder.require_ledger()
    async with (
        aclosing(BatchLedger(folder.ledger_path, order.clock)) as ledger,
        aclosing(Outbox(folder.outbox_path)) as outbox,
        aclosing(AttemptLog(folder.attempts_path)) as attempts,
    ):
        remains = _remove_remains(folder, ledger, outbox)
        unnoted = UnnotedFiles(
            folder,
            ledger,
            remains.unnoted,
            price=order.price,
            price_share=order.settings.price_share,
        )
        if folder.is_of_send:
            await unnoted.restore_all()
        parts = _desk_parts(provider, order, ledger, outbox, attempts, unnoted)
        parts.submitter.distrust(remains.removed)
        yield BatchDesk(parts)


def _desk_parts(
    provider: Provider,
    order: DeskOrder,
    ledger: BatchLedger,
    outbox: Outbox,
    attempts: AttemptLog,
    unnoted: UnnotedFiles,
) -> DeskParts:
    folder, settings, clock = order.folder, order.settings, order.clock
    admission = Admission(clock)
    order.stopping.on_request(admission.close)
    account, reader = _open_account(order, admission), _make_reader(order)
    forms = BatchForms(lambda: ledger.batches, order.endpoint)
    fetcher = _make_fetcher(provider, order)
    return DeskParts(
        folder=folder,
        ledger=ledger,
        outbox=outbox,
        attempts=attempts,
        poller=Poller(folder, ledger, provider, clock=clock),
        submitter=_make_submitter(provider, order, ledger, admission),
        collector=Collector(
            folder, ledger, attempts, reader, forms, sink=order.sink, fetcher=fetcher
        ),
        forms=forms,
        account=account,
        standing=Standing(ledger, account, settings=settings, clock=clock),
        settings=settings,
        output_limit_name=order.endpoint.output_limit_name,
        price=order.price,
        budget=order.budget,
        sink=order.sink,
        enlarges_truncated=order.enlarges_truncated,
        watch=FailureWatch(),
        clock=clock,
        stopping=order.stopping,
        unnoted=unnoted,
        back_up=order.back_up,
    )


def _make_submitter(
    provider: Provider, order: DeskOrder, ledger: BatchLedger, admission: Admission
) -> Submitter:
    return Submitter(
        order.folder,
        ledger,
        provider,
        settle_s=order.settings.settle_s,
        clock=order.clock,
        admission=admission,
        back_up=order.back_up,
    )


def _make_fetcher(provider: Provider, order: DeskOrder) -> ResultFetcher:
    max_bytes = round(order.settings.max_result_mb * BYTES_PER_MB)
    sizes = ReplySizes(order.max_line_bytes, max_bytes)
    return ResultFetcher(order.folder, provider, clock=order.clock, sizes=sizes)


def _open_account(order: DeskOrder, admission: Admission) -> Account:
    return Account(
        account_dir(order.state_dir, order.endpoint),
        owner_id=order.folder.owner_id,
        clock=order.clock,
        admission=admission,
    )


class _Remains(NamedTuple):
    """Names of files that the ledger lacks: removed, to be made anew; and kept, maybe out."""

    removed: list[str]
    unnoted: list[str]


def _remove_remains(folder: BatchFolder, ledger: BatchLedger, outbox: Outbox) -> _Remains:
    """Remove what a crash has left of downloads and of packing: both are begun anew.

    A packed file of which the ledger does not tell was left by an older version, if the outbox has
    all that it holds. Otherwise the ledger was cut, and lacks its batch.
    """
    removed, unnoted = list[str](), list[str]()
    for batch in ledger.batches:
        folder.finish_packing(batch.name)
    for path in folder.unnoted_paths(batch.name for batch in ledger.batches):
        if ends_with_newline(path) and not _wait_all(path, outbox):
            unnoted.append(path.stem)
            continue
        path.unlink()
        removed.append(path.stem)
    for path in folder.remains():
        path.unlink()
    return _Remains(removed, unnoted)


def _wait_all(path: Path, outbox: Outbox) -> bool:
    """Whether all requests of a file stand in the outbox."""
    return len(outbox) > 0 and all(map(outbox.__contains__, read_whole_ids(path)))


def _make_reader(order: DeskOrder) -> ResultReader:
    return ResultReader(
        order.endpoint,
        price=order.price,
        price_share=order.settings.price_share,
        max_attempts=order.settings.max_attempts,
        enlarges_truncated=order.enlarges_truncated,
        clock=order.clock,
    )
