"""Sends few requests of a purpose, and holds their failures back, until not all fail alike."""

import asyncio
from collections import defaultdict, deque
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
        self._first_count: defaultdict[str, int] = defaultdict(int)
        self._waiting: defaultdict[str, deque[asyncio.Future[None]]] = defaultdict(deque)
        self._is_released = False

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
        while self._first_count[purpose] >= ALIKE_COUNT and not self._may_all_go(purpose):
            waiting = asyncio.get_running_loop().create_future()
            self._waiting[purpose].append(waiting)
            await waiting
        self._first_count[purpose] += 1

    def leave(self, purpose: str) -> None:
        """Note that one of the first has ended, however it did."""
        self._first_count[purpose] -= 1
        waiting = self._waiting[purpose]
        self._wake(purpose, len(waiting) if self._may_all_go(purpose) else 1)

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
        self._is_released = True
        for purpose, waiting in self._waiting.items():
            self._wake(purpose, len(waiting))

    def _may_all_go(self, purpose: str) -> bool:
        return self._is_released or self._watch.is_clear(purpose)

    def _wake(self, purpose: str, count: int) -> None:
        waiting = self._waiting[purpose]
        while waiting and count > 0:
            each = waiting.popleft()
            if not each.done():  # else it was cancelled
                each.set_result(None)
                count -= 1

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
