"""Holds the first failures of a run back until it is clear that not all requests fail."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import FatalError
from engine.stopping import FailureWatch
from schemas.outcomes import Outcome


class FailureHold:
    """Holds failures back until it is clear that not all requests fail.

    Until the first request is answered, the failed ones are not returned to their callers, so that
    no item is rejected because of a wrong setting. They are returned as soon as one request ends
    otherwise, or when only failures are left and these are too few to conclude anything.
    """

    def __init__(self, watch: FailureWatch) -> None:
        self._watch = watch
        self._asked_count = 0
        self._held: list[asyncio.Future[None]] = []

    @contextmanager
    def asking(self) -> Iterator[None]:
        """The time in which a request is under way."""
        self._asked_count += 1
        try:
            yield
        finally:
            self._asked_count -= 1
            self._decide()

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
            self.release()
            return
        held = asyncio.get_running_loop().create_future()
        self._held.append(held)
        self._decide()
        await held

    def release(self) -> None:
        """Let all that are held go."""
        self._end(None)

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
