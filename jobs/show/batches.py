"""The batches of a run or of a file that is sent: shown, cancelled at the provider, given up."""

import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import orjson

from engine.batch.client import BatchClient
from engine.batch.folder import BatchFolder
from engine.batch.ledger import BatchLedger, read_batches
from engine.batch.poll import Poller
from engine.clock import SystemClock
from engine.errors import ConfigError
from engine.files.lock import WriterLock
from engine.run_folder import RunFolder
from engine.wire.endpoints import Endpoint
from engine.wire.reply_sizes import reply_sizes
from engine.wire.server_text import without_controls
from jobs.run.batch_folders import run_batch_folder, send_batch_folder
from jobs.send.result_files import result_paths
from schemas.batches import Batch, describe_problem, flat_facts
from schemas.settings import RunSettings

COLUMNS = ("batch", "state", "answered", "failed", "of", "age", "dollars", "provider's id", "file")

_log = logging.getLogger(__name__)


class BatchesOrder(NamedTuple):
    """Batches, by the ledger's name or the provider's id; none named: all that are out."""

    target: Path
    ids: frozenset[str]
    settings: RunSettings
    endpoint: Endpoint


def read_run_batches(target: Path) -> list[Batch]:
    """The batches of a run's folder or of a file of replies, oldest first. Reads only.

    Raises:
        ConfigError: `target` is neither.
        DamagedLogError: the ledger is damaged.
    """
    folder = _batch_folder(target)
    folder.require_ledger()
    return read_batches(folder.ledger_path)


def describe_batches(target: Path, batches: Sequence[Batch]) -> str:
    """A table, a line a batch; states are those of the last poll."""
    if not batches:
        return f"{target}: no batches"
    now = datetime.now(UTC)
    rows = [COLUMNS, *(_row(batch, now) for batch in batches)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    problems = filter(None, map(describe_problem, batches))
    return "\n".join(map(without_controls, [*lines, *problems]))


def json_lines(batches: Sequence[Batch]) -> Iterator[str]:
    """A JSON object a batch."""
    for batch in batches:
        tally = batch.tally if batch.is_collected else None
        facts = flat_facts(batch.intent, batch.remote, tally)
        known = {name: value for name, value in facts.items() if value is not None}
        fields = {**batch.model_dump(exclude={"intent", "remote", "tally"}), **known}
        yield orjson.dumps({**fields, "state": batch.state}).decode()


async def cancel_batches(order: BatchesOrder) -> None:
    """Ask the provider to stop working on batches that are out.

    What they have answered until then is collected by the next round of the run.

    Raises:
        ConfigError: an id is that of no batch that is out.
        RunInUseError: another process writes the run.
        TransientError, RequestError, FatalError: the provider refuses or does not answer.
    """
    async with _opened(order) as (ledger, poller):
        at_provider = [batch for batch in ledger.out() if batch.is_at_provider]
        chosen = _choose(at_provider, order) if order.ids else at_provider
        await poller.cancel(chosen)
        for batch in chosen:
            _log.info("batch %s: %s", batch.name, ledger.get(batch.name).remote.status)


async def forget_batches(order: BatchesOrder) -> None:
    """Forget batches that cannot be collected: what they may have cost counts as spent.

    Their requests are asked again by the next round of the run.

    Raises:
        ConfigError: an id is that of no batch that is out, or the provider knows it.
        RunInUseError: another process writes the run.
        TransientError, RequestError, FatalError: the provider does not answer.
    """
    async with _opened(order) as (ledger, poller):
        for batch in _choose(list(ledger.out()), order):
            await poller.forget(batch)
            _log.info(
                "batch %s is given up: %s requests will be asked again",
                batch.name,
                f"{batch.intent.request_count:,}",
            )


@asynccontextmanager
async def _opened(order: BatchesOrder) -> AsyncIterator[tuple[BatchLedger, Poller]]:
    """The ledger, locked against other processes, and a client of the provider."""
    folder, clock = _batch_folder(order.target), SystemClock()
    settings = order.settings
    client = BatchClient(
        order.endpoint,
        timeout_s=settings.limits.request_timeout_s,
        clock=clock,
        sizes=reply_sizes(settings.limits, settings.batch),
    )
    with WriterLock(_lock_path(order.target), guarded=order.target):
        async with (
            aclosing(BatchLedger(folder.ledger_path, clock)) as ledger,
            aclosing(client),
        ):
            yield ledger, Poller(folder, ledger, client, clock=clock)


def _choose(batches: Sequence[Batch], order: BatchesOrder) -> list[Batch]:
    chosen = [b for b in batches if {b.name, b.remote.batch_id} & order.ids]
    known = {name for batch in chosen for name in (batch.name, batch.remote.batch_id)}
    if unknown := sorted(order.ids - known):
        raise ConfigError(
            f"{order.target}: no batch that is out is called {', '.join(unknown)}; "
            f"`distill batches {order.target}` shows them"
        )
    return chosen


def _batch_folder(target: Path) -> BatchFolder:
    if target.is_dir():
        return run_batch_folder(RunFolder(target), "")
    folder = send_batch_folder(target)
    if not folder.files_dir.exists():
        raise ConfigError(
            f"{target}: expected a run's folder, or a file of replies that was sent in batches"
        )
    return folder


def _lock_path(target: Path) -> Path:
    return RunFolder(target).lock_path if target.is_dir() else result_paths(target).lock


def _row(batch: Batch, now: datetime) -> tuple[str, ...]:
    remote, is_over = batch.remote, batch.is_collected
    answered = batch.tally.answered if is_over else remote.done_count
    failed = batch.tally.failed if is_over else remote.error_count
    dollars = batch.tally.cost_usd if is_over else batch.intent.worst_case_usd
    return (
        batch.name,
        batch.state,
        f"{answered or 0:,}",
        f"{failed or 0:,}",
        f"{batch.intent.request_count:,}",
        _age(now - datetime.fromisoformat(batch.intended_at)),
        "unknown" if dollars is None else f"{'' if is_over else '<= '}{dollars:.4f}",
        remote.batch_id or "-",
        remote.file_id or "-",
    )


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    return f"{minutes // 60}h{minutes % 60:02}m"
