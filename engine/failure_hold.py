"""Sends few requests of a purpose, and holds their failures back, until not all fail alike."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import FatalError
from engine.stopping import ALIKE_COUNT, FailureWatch
from schemas.outcomes import Outcome


class FailureHold:
    """Holds failures back until it is clear that not all requests fail.

    Until the first request is answered, the failed ones are not returned to their callers, so that
    no item is rejected because of a wrong setting. They are returned as soon as one request ends
    otherwise, or when only failures are left and these are too few to conclude anything. Of each
    purpose no more are under way than it takes to conclude that all fail: the others would be paid
    for in vain.
    """

    def __init__(self, watch: FailureWatch) -> None:
        self._watch = watch
        self._asked_count = 0
        self._held: list[asyncio.Future[None]] = []
        self._first = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(ALIKE_COUNT))
        self._waiting_count = defaultdict[str, int](int)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """The time in which a request is under way."""
        self._asked_count += 1
        try:
            yield
        finally:
            self._asked_count -= 1
            self._decide()

    def is_first(self, purpose: str) -> bool:
        """Whether no request of this purpose is known to have ended otherwise than all others."""
        return not self._watch.is_clear(purpose)

    async def enter(self, purpose: str) -> None:
        """Wait until one of the first requests of a purpose may go; each has to `leave`."""
        self._waiting_count[purpose] += 1
        try:
            await self._first[purpose].acquire()
        finally:
            self._waiting_count[purpose] -= 1

    def leave(self, purpose: str) -> None:
        """Note that one of the first has ended, however it did."""
        self._first[purpose].release()
        if self._watch.is_clear(purpose):
            self._let_go(purpose)

    async def pass_on(self, outcome: Outcome) -> None:
        """Return once an outcome may be used; called inside `asking`.

        Raises:
            FatalError: it is one of too many that failed alike.
        """
        try:
            self._watch.note(outcome)
        except FatalError as error:
            self._end(error)
            raise
        if self._watch.is_over:
            self._end(None)
            return
        held = asyncio.get_running_loop().create_future()
        self._held.append(held)
        self._decide()
        await held

    def release(self) -> None:
        """Let all go that are held, or wait."""
        self._end(None)
        for purpose in self._first:
            self._let_go(purpose)

    def _let_go(self, purpose: str) -> None:
        for _ in range(self._waiting_count[purpose]):
            self._first[purpose].release()

    def _decide(self) -> None:
        """Judge what is held, if nothing else is under way."""
        if self._held and self._asked_count <= len(self._held):
            self._end(self._watch.verdict())

    def _end(self, error: FatalError | None) -> None:
        held, self._held = self._held, []
        for each in held:
            if each.done():
                continue
            if error is None:
                each.set_result(None)
            else:
                each.set_exception(error)
