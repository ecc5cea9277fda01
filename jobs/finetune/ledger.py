"""RUN/finetuning.jsonl: how far fine-tuning jobs have come, each step durable before the next."""

from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Self

from engine.beside import BackUp
from engine.clock import Clock
from engine.closing import AsyncClosing
from engine.files.records import RecordLog, read_records
from engine.run_folder import RunFolder
from schemas.finetuning import LOST_STATUSES, TrainingMetric, TuningEvent, TuningStep


class TuningLedger(AsyncClosing):
    """Events of all jobs of a run, and the curves of those that ended. One process writes.

    It is opened by `async with`. `back_up` is what has all that is written kept besides; None:
    nothing does.
    """

    def __init__(
        self, path: Path, metrics_path: Path, clock: Clock, back_up: BackUp | None = None
    ) -> None:
        self._clock = clock
        self._path = path
        self._metrics_path = metrics_path
        self._back_up = back_up
        self._last: dict[str, TuningEvent] = {}
        self._known_since: dict[str, str] = {}
        for event in read_records(path, TuningEvent):
            self._remember(event)

    @classmethod
    def of(cls, folder: RunFolder, clock: Clock, back_up: BackUp | None = None) -> Self:
        """The ledger of a run."""
        paths = (folder.finetuning_path, folder.finetuning_metrics_path)
        return cls(*paths, clock, back_up)

    async def __aenter__(self) -> Self:
        """Open both files, or neither.

        Raises:
            DamagedLogError: one of them is damaged.
        """
        async with AsyncExitStack() as opened:
            self._log = await opened.enter_async_context(RecordLog(self._path, TuningEvent))
            self._metrics = await opened.enter_async_context(
                RecordLog(self._metrics_path, TrainingMetric)
            )
            self._opened = opened.pop_all()
        return self

    async def aclose(self) -> None:
        """Wait for what is being written, then close both files."""
        await self._opened.aclose()

    def last(self, job_name: str) -> TuningEvent | None:
        """The last event of a job, None if there is none."""
        return self._last.get(job_name)

    @property
    def job_ids(self) -> set[str]:
        """The provider's ids of all jobs that are known to be there."""
        return {event.job_id for event in self._last.values() if event.job_id}

    def known_since(self, sha256: str) -> str:
        """When these rows first stood in an event of any job. There must be one."""
        return self._known_since[sha256]

    def name_of(self, content_hash: str) -> str:
        """The name of the job for this content: a new one if the last was lost."""
        names = (f"{content_hash}-{number}" for number in count(1))
        return next(name for name in names if not self._is_lost(name))

    async def add(self, event: TuningEvent, step: TuningStep) -> TuningEvent:
        """Append a step of a job; returns the event as it was written."""
        stamped = event.model_copy(
            update={
                "event_id": f"{len(self._log) + 1:08d}",
                "step": step,
                "at": self._clock.utc_now().isoformat(),
            }
        )
        await self._log.append([stamped])
        self._remember(stamped)
        return stamped

    async def back_up(self) -> None:
        """Return once what was added is kept besides, if the run is.

        Raises:
            TransientError: it is not, yet.
            RunInUseError: another machine goes on with the run.
        """
        if self._back_up is not None:
            await self._back_up()

    async def add_metrics(self, metrics: list[TrainingMetric]) -> None:
        """Append points of a job's training curve."""
        await self._metrics.append(metrics)

    def _remember(self, event: TuningEvent) -> None:
        self._last[event.job_name] = event
        for sha256 in (event.train_sha256, event.validation_sha256):
            self._known_since.setdefault(sha256, event.at)

    def _is_lost(self, job_name: str) -> bool:
        last = self.last(job_name)
        return last is not None and last.status in LOST_STATUSES
