"""What a file of replies has cost over all calls of `distill send`, and the cap on it."""

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from engine.files.sends import SendLog
from engine.spending.budget import Budget
from engine.spending.cap import SpendingCap
from engine.wire.prices import make_price
from jobs.run.batch_folders import read_folder_losses, read_send_batches_out, send_batch_folder
from jobs.send.result_files import ResultPaths, known_sends_count
from schemas.outcomes import Outcome
from schemas.settings import RunSettings

Keep = Callable[[Outcome], Awaitable[None]]
KeepEach = Callable[[Sequence[Outcome]], Awaitable[None]]

_log = logging.getLogger(__name__)


class FileSpending(NamedTuple):
    """The budget of a file of replies, and the log that a later call knows it by."""

    budget: Budget
    log: SendLog

    def keeping(self, keep: Keep) -> Keep:
        """`keep`, which then also notes what the outcome cost."""

        def keep_both(outcome: Outcome) -> Awaitable[None]:
            if outcome.cost_usd:
                self.log.paid(outcome.request_id, outcome.cost_usd)
            return keep(outcome)

        return keep_both

    def keeping_each(self, keep_each: KeepEach) -> KeepEach:
        """`keep_each` for what batches answered; what it cost is on disk before."""

        async def keep_both(outcomes: Sequence[Outcome]) -> None:
            known_usd = await self.log.paid_unsent(
                (each.request_id, each.cost_usd) for each in outcomes if each.cost_usd
            )
            self.budget.spent_usd -= known_usd
            await keep_each(outcomes)
            self.log.kept_unsent()

        return keep_both


@contextmanager
def open_spending(
    paths: ResultPaths, settings: RunSettings, cap: SpendingCap | None = None
) -> Iterator[FileSpending]:
    """The spending of a file of replies, as earlier calls have left it.

    `cap` is what is lent of the settings' one; None: all of it may be spent.

    Raises:
        DamagedLogError: its log is damaged, or there is a cap and its last lines are missing.
    """
    cap_usd = settings.budget.usd
    if cap_usd is not None and not paths.sends.exists() and _holds_something(paths.answers):
        _log.warning(
            "%s: is not there: what %s has cost before is not known, and not counted",
            paths.sends,
            paths.answers,
        )
    known_count = known_sends_count(paths)
    log = SendLog(paths.sends, is_synced=cap_usd is not None, known_count=known_count)
    try:
        lost_usd = sum(read_folder_losses(send_batch_folder(paths.answers)))
        spent_usd = log.paid_usd + log.lost_usd + lost_usd
        price = make_price(settings.prices)
        shares = settings.tier_shares
        budget = Budget(
            cap_usd=cap_usd,
            spent_usd=spent_usd,
            price=price,
            record=log,
            tier_shares=shares,
            cap=cap,
        )
        out = read_send_batches_out(paths.answers)
        budget.held_usd = sum(batch.intent.worst_case_usd or 0.0 for batch in out)
        yield FileSpending(budget, log)
    finally:
        log.close()


def _holds_something(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0
