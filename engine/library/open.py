"""The engine as a library: a folder, an address, and requests that are paid for once."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from engine.ask import Ask
from engine.assemble import EngineOrder, assemble_engine
from engine.errors import ConfigError
from engine.files.journal import read_settled
from engine.files.lock import WriterLock
from engine.files.records import record_id
from engine.library.asking import AskOnce, ask_all
from engine.library.given import (
    check_endpoints,
    check_folder,
    check_limits,
    check_money,
    check_result,
    checked_items,
    checked_requests,
    checked_work,
    own_errors,
)
from engine.progress import StageProgress, spending_details
from engine.run_folder import RunFolder
from engine.spending.budget import Budget
from engine.stage import StagePass, Work, open_stage_files, run_stage
from engine.stats.counters import Stats
from engine.stopping import Stopping
from engine.wire.endpoints import Endpoint
from engine.wire.prices import make_price
from schemas.outcomes import Outcome
from schemas.record import Record
from schemas.requests import Request
from schemas.settings import LimitSettings, ModelPrice

Item = TypeVar("Item", bound=Record)
Result = TypeVar("Result", bound=Record)

PUBLIC_PRICES: Mapping[str, ModelPrice] = MappingProxyType({})  # and none of one's own
STAGE_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, kw_only=True)
class OpenEngine:
    """An engine that is open. Any number of tasks of its event loop may ask at once.

    `ask` awaits the outcome of one request: from the journal if it is settled, else bought and
    kept. `stats` has the counters, `budget.spent_usd` what all calls on this folder have cost.
    `stopping.request(error)` ends the work early: what is in flight lands. An error of the user's
    own, in `work` or while requests are drawn, ends it likewise and is raised as it is.
    """

    folder: Path
    ask: Ask
    stats: Stats
    budget: Budget
    stopping: Stopping
    max_in_flight: int

    async def ask_all(self, requests: Iterable[Request]) -> list[Outcome]:
        """The outcomes of `requests`, in their order; they are drawn lazily and asked at once.

        Raises:
            TransientError: some were not answered; all others are kept. The same call again asks
                for these alone.
            EngineError: the reason why work ended; what was in flight is kept before it is raised.
            TypeError: one is no request.
        """
        with own_errors():
            return await ask_all(self.ask, checked_requests(requests), window=self.max_in_flight)

    async def run_stage(
        self, name: str, items: Iterable[Item], work: Work[Item, Result], *, result: type[Result]
    ) -> StagePass:
        """Put every item through `work`, and keep what comes out in FOLDER/NAME.jsonl.

        `work` is awaited with an item and `ask`, for many items at once, and returns one or more
        results or rejections (FOLDER/rejected.jsonl). The first field of an item, and that of a
        result, is its id, a text. Items that are finished are skipped; they are drawn lazily.

        Raises:
            ConfigError: the name is no name of a stage, or one of the folder's other files.
            EngineError: the reason why work ended; what was in flight is kept before it is raised.
            TypeError: an item, or what `work` returned, is none.
        """
        _check_name(name, self.folder)
        check_result(result)
        async with open_stage_files(RunFolder(self.folder), name, result) as files:
            done = len(files.finished)
            details = partial(spending_details, self.stats, self.budget)
            progress = StageProgress(name, total=None, done=done, details=details)
            with own_errors(), progress:
                return await run_stage(
                    (each for each in checked_items(items) if files.is_unfinished(record_id(each))),
                    checked_work(work, name, result),
                    ask=self.ask,
                    files=files,
                    window=self.max_in_flight,
                    stopping=self.stopping,
                    progress=progress,
                )


@asynccontextmanager
async def open_engine(
    folder: Path | str,
    endpoints: Endpoint | Sequence[Endpoint],
    *,
    limits: LimitSettings = LimitSettings(),  # noqa: B008 - immutable
    budget_usd: float | None = None,
    prices: Mapping[str, ModelPrice] = PUBLIC_PRICES,
) -> AsyncIterator[OpenEngine]:
    """An engine on the journal of `folder`, which is made if it is not there.

    The same folder again goes on where the last call ended: what is settled costs nothing.
    `limits` that are not given are learnt from the server. `budget_usd` caps what all calls on
    this folder may cost together; `prices` are for models that no public list knows. Several
    `endpoints` share the requests; all serve the same models. Handles no signals.

    Raises:
        ConfigError: the folder cannot be made or is that of a `distill` run; another argument is
            not what it should be.
        RunInUseError: the folder is open already, here or in another process.
        DamagedLogError: the journal is damaged.
    """
    given = check_endpoints(endpoints)
    check_limits(limits)
    check_money(budget_usd, prices)
    run_folder, stopping = _make_folder(check_folder(folder)), Stopping()
    with WriterLock(run_folder.lock_path):
        order = EngineOrder(
            folder=run_folder,
            endpoints=given,
            limits=limits,
            price=make_price(prices),
            budget_usd=budget_usd,
            spent_usd=_spent_usd(run_folder),
            stopping=stopping,
        )
        async with _opened(order) as engine:
            yield engine


@asynccontextmanager
async def _opened(order: EngineOrder) -> AsyncIterator[OpenEngine]:
    async with assemble_engine(order) as parts:
        once = AskOnce(parts.ask, order.folder.run_dir)
        try:
            yield OpenEngine(
                folder=order.folder.run_dir,
                ask=once,
                stats=parts.stats,
                budget=parts.budget,
                stopping=order.stopping,
                max_in_flight=order.limits.max_in_flight,
            )
        finally:
            once.is_closed = True


def _spent_usd(folder: RunFolder) -> float:
    return sum(each.cost_usd or 0.0 for each in read_settled(folder.journal_path))


def _make_folder(path: Path) -> RunFolder:
    folder = RunFolder(path)
    if folder.config_path.exists():
        raise ConfigError(f"{path}: is the folder of a run of distill; name another")
    try:
        folder.finished_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{path}: the folder cannot be made: {error.strerror}") from error
    return folder


def _check_name(name: str, folder: Path) -> None:
    if not STAGE_NAME.fullmatch(name):
        raise ConfigError(
            f"the name of a stage is {name!r}, expected small letters, digits and _, as in "
            "first_answers: it names files"
        )
    if RunFolder(folder).results_path(name) in RunFolder(folder).own_paths():
        raise ConfigError(f"{name}.jsonl is another file of {folder}: give the stage another name")
