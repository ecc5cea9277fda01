"""The durable call: asked once, paid once, kept before it is used."""

from engine.ask import Lane
from engine.errors import DamagedLogError, FatalError, StorageError
from engine.failure_hold import FailureHold
from engine.files.journal import Journal
from engine.stopping import FailureWatch, Stopping
from schemas.outcomes import Outcome
from schemas.requests import Request


class Engine:
    """Answers requests from the journal, or buys the answer and journals it first.

    Any number of callers may ask concurrently; a request id is asked by one caller at a time.
    """

    def __init__(self, *, journal: Journal, lane: Lane, stopping: Stopping) -> None:
        self._journal = journal
        self._lane = lane
        self._stopping = stopping
        self._hold = FailureHold(FailureWatch())
        stopping.on_request(lambda _: self._hold.release())

    async def ask(self, request: Request) -> Outcome:
        """The outcome of `request`: from the journal if settled, else sent, kept, then returned.

        Raises:
            What engine.ask.Ask raises, and the reason once a stop was requested.
            StorageError: the disk refused the outcome; nothing further is sent.
            FatalError: the first requests all failed alike; nothing further is sent.
        """
        if (outcome := self._journal.get(request.request_id)) is not None:
            return outcome
        self._stopping.raise_if_requested()
        with self._hold.asking():
            if not self._hold.is_first(request.purpose):
                return await self._buy(request)
            await self._hold.enter(request.purpose)
            try:
                self._stopping.raise_if_requested()
                return await self._buy(request)
            finally:
                self._hold.leave(request.purpose)

    async def _buy(self, request: Request) -> Outcome:
        outcome = await self._lane.send(request)
        await self._keep(outcome)
        await self._check(outcome)
        return outcome

    async def _keep(self, outcome: Outcome) -> None:
        try:
            await self._journal.append(outcome)
        except (StorageError, DamagedLogError) as error:
            self._stopping.request(error)  # nothing further is bought that cannot be kept
            raise

    async def _check(self, outcome: Outcome) -> None:
        try:
            await self._hold.pass_on(outcome)
        except FatalError as error:
            self._stopping.request(error)
            raise
