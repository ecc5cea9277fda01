"""The ledger of batches: each step is durable before the next is taken."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.clock import Clock
from engine.files.records import RecordLog, read_records
from schemas.batches import Batch, BatchEvent, BatchFacts, BatchStep


class BatchLedger:
    """All batches of a run, oldest first, as far as they have come. One process writes it."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._fold = LedgerFold()
        for event in read_records(path, BatchEvent):
            self._fold.add(event)
        self._log = RecordLog(path, BatchEvent)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._log.__aexit__(kind, error, trace)

    @property
    def batches(self) -> Iterable[Batch]:
        """Every batch there ever was."""
        return self._fold.batches.values()

    @property
    def needs_pass(self) -> bool:
        """Whether items may go further: something was collected since the last pass."""
        return self._fold.needs_pass

    @property
    def pass_count(self) -> int:
        """How often all items have been passed over."""
        return self._fold.pass_count

    @property
    def returned_count(self) -> int:
        """How many requests have come back unanswered since the last pass."""
        return self._fold.returned_count

    @property
    def waiting_count(self) -> int:
        """How many requests did not fit into a batch when that was last tried."""
        return self._fold.waiting_count

    def out(self) -> Iterator[Batch]:
        """Batches whose requests are out: intended, and not yet collected."""
        return (batch for batch in self.batches if not batch.is_collected)

    def get(self, name: str) -> Batch:
        """The batch that we call `name`."""
        return self._fold.batches[name]

    def next_name(self) -> str:
        """A name that no batch of this run has had."""
        return f"{max(map(int, self._fold.batches), default=0) + 1:06d}"

    async def add(self, name: str, step: BatchStep, facts: BatchFacts) -> None:
        """Note one step of a batch; returns once it is on disk."""
        await self._append(BatchEvent(event_id="", batch=name, step=step, at="", facts=facts))

    @property
    def passed_by(self) -> str:
        """Which command last passed over its items."""
        return self._fold.passed_by

    async def note_pass(self, waiting_count: int, passed_by: str = "") -> None:
        """Note that a command has passed over all items, and how many requests wait for a batch."""
        await self._append(
            BatchEvent(event_id="", batch=passed_by, step="passed", at="", waiting=waiting_count)
        )

    async def _append(self, event: BatchEvent) -> None:
        at = self._clock.utc_now().isoformat()
        stamped = event.model_copy(update={"event_id": f"{len(self._log) + 1:08d}", "at": at})
        await self._log.append([stamped])
        self._fold.add(stamped)


class LedgerFold:
    """What the events of a ledger come to."""

    def __init__(self) -> None:
        self.batches: dict[str, Batch] = {}
        self.needs_pass = True
        self.pass_count = 0
        self.returned_count = 0
        self.waiting_count = 0
        self.passed_by = ""

    def add(self, event: BatchEvent) -> None:
        """Take the next event into account."""
        if event.step == "passed":
            self.needs_pass = False
            self.pass_count += 1
            self.passed_by = event.batch
            self.returned_count = 0
            self.waiting_count = event.waiting or 0
            return
        batch = self.batches.get(event.batch) or Batch(
            name=event.batch, facts=BatchFacts(), intended_at=event.at, changed_at=event.at
        )
        known = {key: value for key, value in event.facts if value is not None}
        changes: dict[str, object] = {
            "facts": batch.facts.model_copy(update=known),
            "changed_at": event.at,
        }
        if event.step == "created":
            changes["created_at"] = event.at
        if event.step == "collected":
            changes["is_collected"] = True
            self.needs_pass = True
            self.returned_count += event.facts.returned or 0
        if event.step == "deleted":
            changes["is_deleted"] = True
        self.batches[event.batch] = batch.model_copy(update=changes)


def read_batches(path: Path) -> list[Batch]:
    """The batches of a ledger that another process may be writing; none if there is no file.

    Raises:
        DamagedLogError: a line is not an event.
    """
    fold = LedgerFold()
    for event in read_records(path, BatchEvent):
        fold.add(event)
    return list(fold.batches.values())
