"""How far a call is over all its stages, in a line or in the log, and what it still has to ask."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import NoReturn, Protocol, Self

from tqdm import tqdm

from engine.clock import Clock
from engine.progress import (
    Details,
    Progress,
    ShownProgress,
    StageProgress,
    is_progress_shown,
)

ONE_LINE = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"
TICK_S = 0.2
ENOUGH_SETTLED = 10  # before a pace can be told


class MakeProgress(Protocol):
    """Begins a stage; what it returns is told of each item, for the length of its block."""

    def __call__(
        self, stage: str, *, total: int | None, done: int
    ) -> AbstractContextManager[Progress]:
        """`done` of `total` items (None: not known) are done already."""
        ...


class _Unseen:
    """Progress that is not shown."""

    def advance(self, *, dropped_count: int = 0) -> None:
        """Nothing to show."""


@contextmanager
def unseen_progress(stage: str, *, total: int | None, done: int) -> Iterator[Progress]:
    """The progress of a pass that nothing is shown of."""
    yield _Unseen()


class RunProgress:
    """Shows the stages of a call one after the other, each with its number.

    On a terminal they share a line, whose time runs on and which stays when all are done.
    """

    def __init__(self, stages: Sequence[str], details: Details) -> None:
        self._stages = stages
        self._details = details
        self._bar: tqdm[NoReturn] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    @contextmanager
    def begin(self, stage: str, *, total: int | None, done: int) -> Iterator[Progress]:
        """Progress of a stage, by its name among those of the call."""
        shown = self._describe(stage)
        if not sys.stderr.isatty() or not is_progress_shown():
            with StageProgress(shown, total=total, done=done, details=self._details) as lines:
                yield lines
            return
        line = ShownProgress(self._bar_for(shown, total, done), self._details)
        line.show(now=True)
        yield line
        line.show(now=True)

    def _describe(self, stage: str) -> str:
        label = stage.rpartition("/")[2].replace("_", " ")
        if stage not in self._stages:
            return label
        return f"{self._stages.index(stage) + 1} of {len(self._stages)}, {label}"

    def _bar_for(self, shown: str, total: int | None, done: int) -> "tqdm[NoReturn]":
        if self._bar is None:
            self._bar = tqdm(
                bar_format=ONE_LINE,
                total=total,
                dynamic_ncols=True,
                mininterval=TICK_S,
                file=sys.stderr,
            )
        bar = self._bar
        bar.total, bar.n, bar.last_print_n = total, done, done
        bar.set_description_str(shown, refresh=False)
        return bar


class TimeLeft:
    """How long the requests will take that a run has still to make, at the pace of this call."""

    def __init__(
        self, settled: Callable[[], int], requests_left: Callable[[], int], clock: Clock
    ) -> None:
        self._settled = settled
        self._requests_left = requests_left
        self._clock = clock
        self._began: tuple[float, int] | None = None

    def details(self) -> Mapping[str, str]:
        """What is shown of it: nothing before the pace is known, or once nothing is left."""
        settled, left, now_s = self._settled(), self._requests_left(), self._clock.monotonic_s()
        if self._began is None and left:
            self._began = now_s, settled
        if self._began is None or not left:
            return {}
        began_s, settled_before = self._began
        count = settled - settled_before
        if count < ENOUGH_SETTLED:
            return {}
        return {"left": tqdm.format_interval(left * (now_s - began_s) / count)}


class Backlog:
    """Counted by the stage that is at work: its items that are left, times what each leads to."""

    def __init__(self) -> None:
        self._items_left = 0
        self._requests_per_item = 0.0

    @property
    def requests_left(self) -> int:
        """The requests of this stage and of those after it."""
        return round(self._items_left * self._requests_per_item)

    def begin(self, items_left: int, requests_per_item: float) -> None:
        """A stage begins that has so many items left."""
        self._items_left = items_left
        self._requests_per_item = requests_per_item

    def finish(self) -> None:
        """An item has ended."""
        self._items_left = max(0, self._items_left - 1)
