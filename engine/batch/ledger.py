"""The ledger of batches: each step is durable before the next is taken."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.clock import Clock
from engine.errors import DamagedLogError
from engine.files.records import RecordLog, read_records
from schemas.batches import Batch, BatchEvent, BatchIntent, BatchStep, BatchTally, RemoteState


class BatchLedger:
    """All batches of a run, oldest first, as far as they have come. One process writes it."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._fold = read_ledger(path)
        self._log = RecordLog(path, BatchEvent)

    async def aclose(self) -> None:
        """Close the file."""
        await self._log.aclose()

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
        """How many passes over all items were made."""
        return self._fold.pass_count

    @property
    def returned_count(self) -> int:
        """How many requests have come back unanswered since the last pass."""
        return self._fold.returned_count

    @property
    def waiting_count(self) -> int:
        """How many requests did not fit into a batch when that was last tried."""
        return self._fold.waiting_count

    @property
    def lacked_money(self) -> bool:
        """Whether some of these wait for want of money."""
        return self._fold.lacked_money

    def out(self) -> Iterator[Batch]:
        """Batches whose requests are out: intended, and not yet collected."""
        return (batch for batch in self.batches if not batch.is_collected)

    def get(self, name: str) -> Batch:
        """The batch that we call `name`."""
        return self._fold.batches[name]

    def next_name(self) -> str:
        """A name that no batch of this run has had."""
        return f"{max(map(int, self._fold.batches), default=0) + 1:06d}"

    @property
    def passed_by(self) -> str:
        """Which command made the last pass over its items."""
        return self._fold.passed_by

    async def note_intent(self, name: str, intent: BatchIntent) -> None:
        """Note what was packed; like the other steps it returns once that is on disk."""
        await self._append(self._event(name, "intent", intent=intent))

    async def note_uploaded(self, name: str, file_id: str) -> None:
        """Note that the provider has the file."""
        await self._append(self._event(name, "uploaded", remote=RemoteState(file_id=file_id)))

    async def note_created(self, name: str, remote: RemoteState) -> None:
        """Note that the provider has made the batch."""
        await self._append(self._event(name, "created", remote=remote))

    async def note_polled(self, name: str, remote: RemoteState) -> None:
        """Note what the provider says now, unless it is known."""
        known = self.get(name).remote
        if known.with_news(remote) != known:
            await self._append(self._event(name, "polled", remote=remote))

    async def note_collected(self, name: str, tally: BatchTally) -> None:
        """Note that all requests of the batch have an end or come back."""
        await self._append(self._event(name, "collected", tally=tally))

    async def note_deleted(self, name: str) -> None:
        """Note that the files of a collected batch are gone."""
        await self._append(self._event(name, "deleted"))

    async def note_pass(
        self, waiting_count: int, passed_by: str = "", *, lacks_money: bool = False
    ) -> None:
        """Note that a command made a pass over all items, and how many requests wait for a batch.

        `lacks_money`: some of them for want of money.
        """
        event = self._event(passed_by, "passed", waiting=waiting_count)
        await self._append(event.model_copy(update={"lacks_money": lacks_money}))

    def _event(
        self,
        name: str,
        step: BatchStep,
        *,
        intent: BatchIntent | None = None,
        remote: RemoteState | None = None,
        tally: BatchTally | None = None,
        waiting: int | None = None,
    ) -> BatchEvent:
        return BatchEvent(
            event_id=event_id(self._fold.event_count + 1),
            batch=name,
            step=step,
            at=self._clock.utc_now().isoformat(),
            intent=intent,
            remote=remote,
            tally=tally,
            waiting=waiting,
        )

    async def _append(self, event: BatchEvent) -> None:
        await self._log.append([event])
        self._fold.add(event)


class LedgerFold:
    """What the events of a ledger come to."""

    def __init__(self) -> None:
        self.event_count = 0
        self.batches: dict[str, Batch] = {}
        self.needs_pass = True
        self.pass_count = 0
        self.returned_count = 0
        self.waiting_count = 0
        self.lacked_money = False
        self.passed_by = ""

    def add(self, event: BatchEvent) -> None:
        """Take the next event into account.

        Raises:
            ValueError: it is not the next one, or of a batch that was never intended.
        """
        if event.event_id != event_id(self.event_count + 1):
            raise ValueError(
                f"found event {event.event_id}, expected {event_id(self.event_count + 1)}"
            )
        self.event_count += 1
        if event.step == "passed":
            self._note_pass(event)
            return
        if event.step == "collected":
            self.needs_pass = True
            self.returned_count += event.tally.returned if event.tally else 0
        self.batches[event.batch] = self._batch_before(event).after(event)

    def _batch_before(self, event: BatchEvent) -> Batch:
        if (batch := self.batches.get(event.batch)) is not None:
            return batch
        if event.intent is None:
            raise ValueError(f"batch {event.batch} has no intent")
        return Batch(
            name=event.batch, intent=event.intent, intended_at=event.at, changed_at=event.at
        )

    def _note_pass(self, event: BatchEvent) -> None:
        self.needs_pass = False
        self.pass_count += 1
        self.passed_by = event.batch
        self.returned_count = 0
        self.waiting_count = event.waiting or 0
        self.lacked_money = event.lacks_money


def event_id(number: int) -> str:
    """The id of a ledger's event number `number` (1-based): a missing one is a gap."""
    return f"{number:08d}"


def read_ledger(path: Path) -> LedgerFold:
    """What the events of a ledger come to that another process may be writing.

    Raises:
        DamagedLogError: a line is not an event, or lines are missing.
    """
    fold = LedgerFold()
    for event in read_records(path, BatchEvent):
        try:
            fold.add(event)
        except ValueError as error:
            raise _gap(path, fold.event_count + 1, error) from error
    return fold


def read_batches(path: Path) -> list[Batch]:
    """The batches of a ledger that another process may be writing; none if there is no file.

    Raises:
        DamagedLogError: a line is not an event, or lines are missing.
    """
    return list(read_ledger(path).batches.values())


def _gap(path: Path, number: int, error: ValueError) -> DamagedLogError:
    return DamagedLogError(
        f"{path}:{number}: {error}: lines of this ledger are missing or out of order, and with "
        "them which requests are out. Nothing is guessed, for it might be bought again: restore "
        "the file from a backup"
    )
