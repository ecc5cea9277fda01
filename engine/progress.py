"""Shows a stage's progress: a bar on a terminal, a line now and then elsewhere."""

import logging
import sys
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import NoReturn, Protocol, Self

from tqdm import tqdm

from engine.spending.budget import Budget
from engine.stats.counters import Stats

LINE_EVERY_S = 10.0
PLAIN_LINE = "{desc}: {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}{postfix}]"

_log = logging.getLogger(__name__)

Details = Callable[[], Mapping[str, str]]


class Progress(Protocol):
    """Receives how far a stage is while it runs."""

    def advance(self, *, dropped_count: int = 0) -> None:
        """One more item is done; so many things were dropped in it."""
        ...


def spending_details(stats: Stats, budget: Budget) -> dict[str, str]:
    """What has been spent, and what went wrong, if anything did."""
    details = {"usd": f"{budget.spent_usd:.4f}"}
    if stats.retried:
        details["retries"] = str(stats.retried.total())
    if stats.failed:
        details["failed"] = str(stats.failed.total())
    return details


def is_progress_shown() -> bool:
    """Whether it is shown."""
    return _log.isEnabledFor(logging.INFO)


class ShownProgress:
    """Progress on a bar that another owns: items done, what was dropped, and `details`."""

    def __init__(self, bar: "tqdm[NoReturn]", details: Details) -> None:
        self._bar = bar
        self._details = details
        self._dropped_count = 0

    def advance(self, *, dropped_count: int = 0) -> None:
        """One more item is done; so many things were dropped in it."""
        self._dropped_count += dropped_count
        if self._bar.update():
            self.show()

    def show(self, *, now: bool = False) -> None:
        """Put what is known beside the bar, from its next drawing on or at once."""
        dropped = {"dropped": str(self._dropped_count)} if self._dropped_count else {}
        self._bar.set_postfix({**dropped, **self._details()}, refresh=now)


class StageProgress:
    """Progress of one stage: items done, what was dropped, and `details` (retries, dollars)."""

    def __init__(self, stage: str, *, total: int | None, done: int, details: Details) -> None:
        is_terminal = sys.stderr.isatty()
        self._bar: tqdm[NoReturn] = tqdm(
            desc=stage,
            total=total,
            initial=done,
            unit="item",
            dynamic_ncols=True,
            disable=not is_progress_shown()
            or (not is_terminal and done == total),  # a log is read for what happened
            bar_format=None if is_terminal else PLAIN_LINE,
            mininterval=0.2 if is_terminal else LINE_EVERY_S,
            maxinterval=LINE_EVERY_S,
            file=sys.stderr if is_terminal else _LogLines(),
        )
        self._shown = ShownProgress(self._bar, details)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._shown.show()
        self._bar.close()

    def advance(self, *, dropped_count: int = 0) -> None:
        """One more item is done; so many things were dropped in it."""
        self._shown.advance(dropped_count=dropped_count)


class _LogLines:
    """A stream for tqdm that turns each redrawn bar into a plain line of the log."""

    def write(self, text: str) -> int:
        line = text.strip("\r\n ")
        if line:
            _log.info("%s", line)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""
