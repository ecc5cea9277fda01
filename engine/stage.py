"""A stage: items through `work` in a bounded window, each ending once, as results or rejections."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from engine.ask import Ask
from engine.errors import (
    DamagedLogError,
    Deferred,
    EngineError,
    StorageError,
    TransientError,
    UnexpectedError,
)
from engine.files.jsonl_lines import read_lines
from engine.files.records import RecordLog, read_records, record_id
from engine.progress import Progress
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from engine.workers import run_workers
from schemas.dataset import Rejection
from schemas.record import Record

Item = TypeVar("Item", bound=Record)
Result = TypeVar("Result", bound=Record)
Work = Callable[[Item, Ask], Awaitable[Sequence[Result | Rejection]]]


class FinishedItem(Record):
    """An item that a stage has ended: all its results and rejections are on disk."""

    item_id: str
    result_count: int
    rejection_count: int


class StageFiles(Generic[Result]):
    """The files of one stage: results, the drop ledger, and the ledger of finished items.

    An item's finished line is written after its results and rejections are durable, so a crash
    leaves it unfinished; it is then done again, and what it had already written stays as it is.
    """

    def __init__(
        self,
        results: RecordLog[Result],
        rejected: RecordLog[Rejection],
        finished: RecordLog[FinishedItem],
    ) -> None:
        self.results = results
        self.rejected = rejected
        self.finished = finished

    def check(self, stage: str) -> None:
        """Compare the results and rejections of `stage` with what its finished items say of them.

        Raises:
            DamagedLogError: some are missing that were there when their items were finished.
        """
        if not len(self.finished):
            return
        results = rejections = 0
        for item in read_records(self.finished.path, FinishedItem):
            results += item.result_count
            rejections += item.rejection_count
        of_stage = b'"stage":"%b"' % stage.encode()  # no text can hold it: quotes are escaped
        rejected = sum(of_stage in line for line in read_lines(self.rejected.path))
        for path, anew, missing in (
            (self.results.path, "it", results - len(self.results)),
            (self.rejected.path, str(self.results.path), rejections - rejected),
        ):
            if missing > 0:
                raise DamagedLogError(
                    f"{path}: lines of stage {stage} that were there before are missing: "
                    f"{missing:,}. Restore the file from a backup, or delete {anew} and "
                    f"{self.finished.path}: the stage is done again, from the journal where "
                    "requests are settled"
                )

    def is_unfinished(self, item_id: str) -> bool:
        """Whether the item is still to be done."""
        return item_id not in self.finished

    async def finish(self, item_id: str, outputs: Sequence[Result | Rejection]) -> None:
        """Keep all outputs of an item, then mark it as finished.

        Raises:
            StorageError: the disk refused a line.
        """
        rejections = [output for output in outputs if isinstance(output, Rejection)]
        results = [output for output in outputs if not isinstance(output, Rejection)]
        if not outputs:
            raise RuntimeError(f"item {item_id} ended neither as a result nor as a rejection")
        await self.results.append(results)
        await self.rejected.append(rejections)
        await self.finished.append(
            [
                FinishedItem(
                    item_id=item_id,
                    result_count=len({record_id(result) for result in results}),
                    rejection_count=len({each.rejection_id for each in rejections}),
                )
            ]
        )


@asynccontextmanager
async def open_stage_files(
    folder: RunFolder, stage: str, kind: type[Result]
) -> AsyncIterator[StageFiles[Result]]:
    """The files of a stage whose results are of `kind`, for the length of the block.

    Raises:
        DamagedLogError: a file is damaged, or results are missing that were there before.
    """
    async with (
        RecordLog(folder.results_path(stage), kind) as results,
        RecordLog(folder.rejected_path, Rejection) as rejected,
        RecordLog(folder.finished_path(stage), FinishedItem) as finished,
    ):
        files = StageFiles(results, rejected, finished)
        files.check(stage)
        yield files


@dataclass
class StagePass:
    """The counts of one pass over a stage. A stage is complete when nothing was set aside."""

    finished_count: int = 0
    deferred_count: int = 0
    unsettled: Counter[str] = field(default_factory=Counter)

    @property
    def is_complete(self) -> bool:
        """Whether every item of the pass ended."""
        return not self.deferred_count and not self.unsettled


async def run_stage(
    items: Iterable[Item],
    work: Work[Item, Result],
    *,
    ask: Ask,
    files: StageFiles[Result],
    window: int,
    stopping: Stopping,
    progress: Progress,
) -> StagePass:
    """Put every item through `work`, at most `window` at a time, and keep what comes out.

    `items` are the unfinished ones; they are drawn lazily, so memory is set by `window`. An item
    whose request stays unsettled or was deferred is set aside and counted.

    Raises:
        EngineError: what ended the run, an unexpected exception as UnexpectedError;
            what was in flight has landed before it is raised.
    """
    run = _StageRun(iter(items), work, ask, files, stopping, progress)
    await run_workers(run.work_off, window, on_error=run.end)
    if run.ended_by is not None:
        raise run.ended_by
    stopping.raise_if_requested()
    return run.passed


class _StageRun(Generic[Item, Result]):
    """One pass under way; its workers share the iterator of items."""

    def __init__(
        self,
        waiting: Iterator[Item],
        work: Work[Item, Result],
        ask: Ask,
        files: StageFiles[Result],
        stopping: Stopping,
        progress: Progress,
    ) -> None:
        self._waiting = waiting
        self._work = work
        self._ask = ask
        self._files = files
        self._stopping = stopping
        self._progress = progress
        self.passed = StagePass()
        self.ended_by: EngineError | None = None

    async def work_off(self) -> None:
        for item in self._waiting:
            await self._finish(item)
            if self.ended_by is not None or self._stopping.reason is not None:
                return

    def end(self, error: EngineError) -> None:
        """Let no worker take a further item; what is in flight lands."""
        self.ended_by = self.ended_by or error
        if isinstance(error, UnexpectedError | StorageError):
            self._stopping.request(error)  # nor may what is under way ask anything further

    async def _finish(self, item: Item) -> None:
        try:
            outputs = await self._work(item, self._ask)
        except Deferred:
            self.passed.deferred_count += 1
        except TransientError as error:
            self.passed.unsettled[error.code] += 1
        else:
            await self._files.finish(record_id(item), outputs)
            self.passed.finished_count += 1
            self._progress.advance(
                dropped_count=sum(isinstance(output, Rejection) for output in outputs)
            )
