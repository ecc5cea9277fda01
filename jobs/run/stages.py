"""A stage as a value: its name and all that belongs to it; and how a tuple of stages is run."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Generic, NamedTuple, TypeVar

from engine.ask import Ask
from engine.files.journal import Journal
from engine.progress import Progress
from engine.run_folder import RunFolder
from engine.stage import StageFiles, StagePass, open_stage_files, run_stage
from engine.stopping import Stopping
from jobs.processes.work_pool import WorkPool
from jobs.run.elsewhere import Spread, StageLeft
from jobs.run.progress import Backlog, MakeProgress, unseen_progress
from schemas.dataset import Rejection
from schemas.record import Record
from schemas.settings import PromptProfile, RunSettings

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
    that does it, which item is begun. `spread` is where items go that a model is asked about;
    None: they are worked on here. `said` are lines of reports that were shown: passes and
    copies share it, so that each is shown once.
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
    the stages that follow.
    """

    items: Callable[[StageContext[Order], StageFiles[Result]], Items[Item]]
    needs: Callable[[StageContext[Order], StageFiles[Result]], AbstractAsyncContextManager[Needs]]
    work: Callable[[Item, Ask, Needs], Awaitable[Sequence[Result | Rejection]]]
    window: Callable[[RunSettings], int] = asking_window
    report: Callable[[StageContext[Order], StageFiles[Result]], None] = say_nothing
    requests_per_item: Callable[[RunSettings], float] = no_requests

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
    `is_wanted`: whether it does anything under these settings.
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


def wanted_names(stages: Stages[Order], settings: RunSettings) -> list[str]:
    """The names of those stages that do something under these settings."""
    return [stage.name for stage in stages if stage.is_wanted(settings)]


class StagesEnd(NamedTuple):
    """The stage that a pass ended with, its counts, and whether all that was asked for is done."""

    stage: str
    passed: StagePass
    is_done: bool

    def describe_left(self) -> str:
        """How many items were set aside in which stage, and why."""
        passed = self.passed
        reasons = [f"{code} {count}" for code, count in passed.unsettled.most_common()]
        if passed.deferred_count:
            reasons.append(f"waiting for a batch {passed.deferred_count}")
        if not reasons:
            return "requests are out in batches"
        left = sum(passed.unsettled.values()) + passed.deferred_count
        return f"{left} items of stage {self.stage} are left ({', '.join(reasons)})"


async def run_stages(
    stages: Stages[Order], context: StageContext[Order], *, last_stage: str | None = None
) -> StagesEnd:
    """Go as far as possible: to the end, to `last_stage`, or to a stage with items set aside.

    A stage begins when the one before it is complete; what is finished already is skipped. All
    that is written depends on documents, settings and replies alone, not on their order.

    Raises:
        EngineError: any error that ends the run early; everything bought until then is kept.
    """
    for stage in stages:
        if stage.purposes:
            await context.pool.rest()  # replies may take hours
        passed = await _run_stage(stage, context)
        if not passed.is_complete:
            return StagesEnd(stage.name, passed, is_done=False)
        if stage.name == last_stage:
            break
    return StagesEnd(stage.name, passed, is_done=True)


async def _run_stage(stage: Stage[Order], context: StageContext[Order]) -> StagePass:
    if not isinstance(stage.work, ItemWork):
        return await stage.work(context)
    return await run_items(stage, stage.work, context)


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
        left, left_count = chain([first], unfinished), items.total - items.done
        context.backlog.begin(left_count, work.requests_per_item(context.settings))
        if context.spread is None or not work.asks:
            return await _work_here(left, work, context, files, progress)

        def note_finished(dropped_count: int) -> None:
            context.backlog.finish()
            progress.advance(dropped_count=dropped_count)

        return await context.spread.work_off(
            StageLeft(
                stage=stage.name,
                kind=stage.result,
                work=work.work,
                needs=work.needs,
                items=left,
                item_count=left_count,
                files=files,
                note_finished=note_finished,
            )
        )


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
