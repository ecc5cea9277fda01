"""A stage as a value: its name and all that belongs to it; and how its items are worked on."""

import logging
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any, Generic, NamedTuple, TypeVar

from engine.ask import Ask
from engine.files.journal import Journal
from engine.progress import Progress
from engine.run_folder import RunFolder
from engine.stage import StageFiles, StagePass, open_stage_files, run_stage
from engine.stopping import Stopping
from jobs.processes.work_pool import WorkPool
from jobs.run.elsewhere import Elsewhere, Spread, StageLeft
from jobs.run.progress import Backlog, MakeProgress, unseen_progress
from schemas.dataset import Rejection
from schemas.record import Record
from schemas.settings import PromptProfile, RunSettings

_log = logging.getLogger(__name__)

FILE_WINDOW = 32  # items in work where only the disk is waited for

Order = TypeVar("Order")
Item = TypeVar("Item", bound=Record)
Result = TypeVar("Result", bound=Record)
Needs = TypeVar("Needs")


def ignore_item(_: Record) -> None:
    """An `on_item` that does nothing."""


@dataclass(frozen=True, kw_only=True)
class StageContext(Generic[Order]):
    """What the stages of one call work with.

    `order` is what the user asked for beyond the settings, None where there is no such thing.
    `progress` shows how far they are, `backlog` is kept up to date by the stages. `pool`
    computes on every core; the default does it in this process. `on_item` is told, in the task
    that does it, which item is begun. `spread` is where items go that a model is asked about, or
    that are much work; None: they are worked on here. `said` are lines of reports that were
    shown: passes and copies share it, so that each is shown once.
    """

    folder: RunFolder
    settings: RunSettings
    ask: Ask
    journal: Journal
    stopping: Stopping
    order: Order
    progress: MakeProgress = unseen_progress
    backlog: Backlog = field(default_factory=Backlog)
    pool: WorkPool = field(default_factory=WorkPool)
    on_item: Callable[[Record], None] = ignore_item
    spread: Spread | None = None
    said: set[str] = field(default_factory=set)


class Items(NamedTuple, Generic[Item]):
    """The items of a stage: the unfinished ones, drawn lazily; how many there are, and are done."""

    unfinished: Iterable[Item]
    total: int
    done: int


@asynccontextmanager
async def only_settings(
    context: StageContext[Order], _: StageFiles[Result]
) -> AsyncIterator[RunSettings]:
    """The `needs` of a work that uses nothing but the settings."""
    yield context.settings


def say_nothing(_: StageContext[Order], __: StageFiles[Result]) -> None:
    """The report of a stage that has none."""


def nowhere_else(_: StageContext[Order], __: StageFiles[Result]) -> None:
    """The `elsewhere` of a work that only this process does, unless it asks."""


def no_failure(_: Record) -> bool:
    """The `is_failed_result` of a stage whose results never stand for a failure."""
    return False


def no_requests(_: RunSettings) -> float:
    """The `requests_per_item` of a work that asks nothing."""
    return 0.0


def asking_window(settings: RunSettings) -> int:
    """As many items at once as requests may be in flight: for a work that asks."""
    return settings.limits.max_in_flight


def file_window(_: RunSettings) -> int:
    """The window of a work that reads files alone."""
    return FILE_WINDOW


@dataclass(frozen=True, kw_only=True)
class ItemWork(Generic[Order, Item, Result, Needs]):
    """The work of a stage that takes its items one by one, in a bounded window.

    `work` is a function of a module that is called with the item, `ask`, and what `needs` opened
    for the pass; it uses nothing else, so that any process can do it. Every item ends with at
    least one output. `requests_per_item` is about how many requests an item leads to, here and in
    the stages that follow. `elsewhere` is how processes on other cores do what is left of a work
    that asks no model, None: it is not worth it. What they cannot do is done here.
    """

    items: Callable[[StageContext[Order], StageFiles[Result]], Items[Item]]
    needs: Callable[[StageContext[Order], StageFiles[Result]], AbstractAsyncContextManager[Needs]]
    work: Callable[[Item, Ask, Needs], Awaitable[Sequence[Result | Rejection]]]
    window: Callable[[RunSettings], int] = asking_window
    report: Callable[[StageContext[Order], StageFiles[Result]], None] = say_nothing
    requests_per_item: Callable[[RunSettings], float] = no_requests
    elsewhere: Callable[[StageContext[Order], StageFiles[Result]], Elsewhere | None] = nowhere_else

    @property
    def asks(self) -> bool:
        """Whether it asks a model: what works at other things has a window of its own."""
        return self.window is asking_window


def always(_: RunSettings) -> bool:
    """The `is_wanted` of a stage that belongs to every run."""
    return True


def not_counted(_: RunFolder, __: RunSettings) -> None:
    """The `count_items` of a stage that takes all at once."""


WholeWork = Callable[[StageContext[Order]], Awaitable[StagePass]]


@dataclass(frozen=True, kw_only=True)
class Stage(Generic[Order]):
    """One step of a job. Its name, label, prompts and order are read from the tuple it is in.

    `name` is that of its files and in rejections; `label` is what people see. `result` is the
    record of its results file, None if it writes other files. `reads` names the stages whose
    results it reads. `prompts` are the files of prompt text that its results depend on, by
    profile; `purposes` are those of its requests.
    `is_written_anew`: every call replaces its files, so that no change can leave them stale.
    `stays_when_earlier_change`: its results stay valid when results of earlier stages change.
    `keeps_former_results`: ids of its items depend on the settings, so results of former settings
    stay in the file and count again when those settings come back.
    `is_failed_result`: whether a result stands for a request which failed for good.
    `count_items`: how many items it has, as far as earlier stages have come; reads files alone.
    `is_wanted`: whether it is done at all under these settings; if not, it is passed over.
    """

    name: str
    label: str
    result: type[Record] | None
    reads: tuple[str, ...]
    work: ItemWork[Order, Any, Any, Any] | WholeWork[Order]
    prompts: Mapping[PromptProfile, tuple[str, ...]] = field(default_factory=dict)
    purposes: tuple[str, ...] = ()
    is_written_anew: bool = False
    stays_when_earlier_change: bool = False
    keeps_former_results: bool = False
    is_failed_result: Callable[[Any], bool] = no_failure
    count_items: Callable[[RunFolder, RunSettings], int | None] = not_counted
    is_wanted: Callable[[RunSettings], bool] = always

    def prompts_in_use(self, settings: RunSettings) -> tuple[str, ...]:
        """The prompt files that matter under these settings."""
        return self.prompts.get(settings.teacher.prompt_profile, ())


Stages = tuple[Stage[Order], ...]


async def run_items(
    stage: Stage[Order],
    work: ItemWork[Order, Item, Result, Needs],
    context: StageContext[Order],
) -> StagePass:
    """Pass over the unfinished items of a stage with `work`. Raises what `run_stages` raises."""
    assert stage.result is not None
    kind: type[Any] = stage.result
    async with open_stage_files(context.folder, stage.name, kind) as files:
        passed = await _work_off(stage, work, context, files)
        work.report(context, files)
    return passed


async def _work_off(
    stage: Stage[Order],
    work: ItemWork[Order, Item, Result, Needs],
    context: StageContext[Order],
    files: StageFiles[Result],
) -> StagePass:
    assert stage.result is not None
    items = work.items(context, files)
    unfinished = iter(items.unfinished)
    with context.progress(stage.name, total=items.total, done=items.done) as progress:
        first = next(unfinished, None)
        if first is None:
            return StagePass()
        left: Iterator[Item] = chain([first], unfinished)
        left_count = items.total - items.done
        context.backlog.begin(left_count, work.requests_per_item(context.settings))
        way = _way_elsewhere(work, context, files)
        if context.spread is not None and way is not None:
            note = partial(_note_finished, context.backlog, progress)
            needs, packed = way.needs or work.needs, map(way.pack, left)
            to_others = (stage.name, stage.result, way, needs, packed, left_count, files, note)
            passed = await context.spread.work_off(StageLeft(*to_others))
            if work.asks:
                return passed
            for code, count in passed.unsettled.items():
                _log.info("%s: %d are done here, as no worker could (%s)", stage.name, count, code)
            left = iter(work.items(context, files).unfinished)
        return await _work_here(left, work, context, files, progress)


def _note_finished(backlog: Backlog, progress: Progress, dropped_count: int) -> None:
    backlog.finish()
    progress.advance(dropped_count=dropped_count)


def _way_elsewhere(
    work: ItemWork[Order, Item, Result, Needs],
    context: StageContext[Order],
    files: StageFiles[Result],
) -> Elsewhere | None:
    """How other processes do it; None: this one does."""
    if context.spread is None:
        return None
    if work.asks:
        return Elsewhere(work.work)
    return work.elsewhere(context, files) if context.spread.has_cores else None


async def _work_here(
    left: Iterable[Item],
    work: ItemWork[Order, Item, Result, Needs],
    context: StageContext[Order],
    files: StageFiles[Result],
    progress: Progress,
) -> StagePass:
    async with work.needs(context, files) as needs:

        async def work_on(item: Item, ask: Ask) -> Sequence[Result | Rejection]:
            context.on_item(item)
            ended = await work.work(item, ask, needs)
            context.backlog.finish()
            return ended

        return await run_stage(
            left,
            work_on,
            ask=context.ask,
            files=files,
            window=work.window(context.settings),
            stopping=context.stopping,
            progress=progress,
        )
