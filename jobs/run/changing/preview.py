"""Finds out, without asking a model, what changed settings or documents would cost."""

import shutil
from collections.abc import AsyncIterator, Callable, Container, Sequence
from contextlib import asynccontextmanager
from typing import Generic, NamedTuple, TypeVar

from engine.ask import Ask
from engine.errors import DamagedLogError, Deferred
from engine.files.journal import Journal, read_settled
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from engine.wire.prices import Price, counted_sends, worst_case_usd
from jobs.documents.list_files import SourceFile
from jobs.documents.unread_files import describe_unread
from jobs.processes.work_pool import WorkPool
from jobs.processes.worker_process import core_count
from jobs.run.changing.changes import RunChanges, apply_changes
from jobs.run.reset import forget_items
from jobs.run.run_stages import run_stages
from jobs.run.stages import StageContext, Stages
from schemas.outcomes import Outcome
from schemas.requests import Request
from schemas.settings import RunSettings

COPY_NAME = ".preview"  # removed as a whole; no folder of documents has names with a dot

AnyAsk = TypeVar("AnyAsk", bound=Ask)


class Preview(NamedTuple):
    """What going on under changed settings would send and cost.

    `asked_anew` is exact for `stage`, the first that would have to ask; what later stages ask
    depends on the replies. `worst_case_usd` is for these requests; None: a price is unknown.
    """

    stage: str
    settled: int
    used_again: int
    asked_anew: int
    worst_case_usd: float | None

    def beyond(self, other: "Preview") -> "Preview":
        """What is asked here and is not in `other`."""
        usd = None
        if self.worst_case_usd is not None and other.worst_case_usd is not None:
            usd = self.worst_case_usd - other.worst_case_usd
        return self._replace(asked_anew=self.asked_anew - other.asked_anew, worst_case_usd=usd)


async def preview_changes(
    folder: RunFolder,
    settings: RunSettings,
    changes: RunChanges,
    price: Price,
    stopping: Stopping,
    stages: Stages[None],
    *,
    passed_over: Container[str] = (),
) -> Preview:
    """Go through `stages` in a copy of the run, with a journal alone: nothing is sent.

    `passed_over` are documents that are taken not to be there.
    """
    sends = counted_sends(settings.limits)
    async with open_copy(
        folder, settings, stopping, lambda journal: AskJournal(journal, price, sends)
    ) as (context, ask):
        apply_changes(context.folder, changes, stages)
        forget_items(context.folder.sources_path, SourceFile, passed_over)
        end = await run_stages(stages, context)
    return Preview(
        stage=end.stage,
        settled=sum(1 for _ in read_settled(folder.journal_path)),
        used_again=ask.used_again,
        asked_anew=ask.asked_anew,
        worst_case_usd=ask.worst_case_usd,
    )


class RunCopy(NamedTuple, Generic[AnyAsk]):
    """A copy of a run, and an ask that knows the run's journal and buys nothing."""

    context: StageContext[None]
    ask: AnyAsk


@asynccontextmanager
async def open_copy(
    folder: RunFolder,
    settings: RunSettings,
    stopping: Stopping,
    make_ask: Callable[[Journal], AnyAsk],
) -> AsyncIterator[RunCopy[AnyAsk]]:
    """A copy of what the stages of a run have written, for the length of the block.

    Raises:
        DamagedLogError: a file of the run is damaged, in the block too; it is named where it lies.
    """
    copy = RunFolder(folder.run_dir / COPY_NAME)
    shutil.rmtree(copy.run_dir, ignore_errors=True)
    try:
        copy_stages(folder, copy)
        async with (
            Journal(folder.journal_path) as journal,
            WorkPool(worker_count=core_count()) as pool,
        ):
            ask = make_ask(journal)
            context = StageContext(
                folder=copy,
                settings=settings,
                ask=ask,
                journal=journal,
                stopping=stopping,
                order=None,
                pool=pool,
                said=set(describe_unread(folder.rejected_path)),  # by the run itself
            )
            yield RunCopy(context, ask)
    except DamagedLogError as error:  # the copy is gone when it is read
        said = str(error).replace(str(copy.run_dir), str(folder.run_dir))
        raise DamagedLogError(said) from error
    finally:
        shutil.rmtree(copy.run_dir, ignore_errors=True)


def copy_stages(folder: RunFolder, copy: RunFolder) -> None:
    """Copy what the stages of a run have written into another folder."""
    copy.create()
    for path in folder.stage_paths():
        target = copy.run_dir / path.relative_to(folder.run_dir)
        shutil.copyfile(path, target)


class AskJournal:
    """Returns settled outcomes; counts and defers the requests that are not settled."""

    def __init__(self, journal: Journal, price: Price, sends: Sequence[int]) -> None:
        self._journal = journal
        self._price = price
        self._sends = sends
        self.used_again = 0
        self.asked_anew = 0
        self.worst_case_usd: float | None = 0.0

    async def __call__(self, request: Request) -> Outcome:
        """The outcome of a settled request. Raises Deferred for any other."""
        outcome = self._journal.get(request.request_id)
        if outcome is not None:
            self.used_again += 1
            return outcome
        self.asked_anew += 1
        cost = worst_case_usd(self._price, request, self._sends)
        known = self.worst_case_usd is not None and cost is not None
        self.worst_case_usd = self.worst_case_usd + cost if known else None  # type: ignore[operator]
        raise Deferred
