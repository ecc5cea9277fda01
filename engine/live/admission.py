"""Whether anything may still be sent, and waiting that ends when nothing may."""

import asyncio
from collections.abc import Awaitable

from engine.clock import Clock
from engine.errors import EngineError


class Admission:
    """Open until it is closed, once and for good, with the reason that all later callers get.

    Every long wait of the live lane goes through it: closing wakes all of them at once.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._error: EngineError | None = None
        self._closed: asyncio.Future[None] | None = None

    @property
    def is_closed(self) -> bool:
        """Whether nothing may be sent any more."""
        return self._error is not None

    def check(self) -> None:
        """Raise the reason for which it was closed, if it was."""
        if self._error is not None:
            raise self._error.with_traceback(None)

    def close(self, error: EngineError) -> None:
        """Let nothing further out; the first reason stays."""
        if self._error is not None:
            return
        self._error = error
        if self._closed is not None:
            self._closed.set_result(None)

    async def sleep(self, seconds: float) -> None:
        """Sleep; wake at once and raise the reason when it is closed meanwhile."""
        await self.wait(self._clock.sleep(seconds))

    async def wait(self, event: Awaitable[object]) -> None:
        """Await `event`; stop waiting and raise the reason when it is closed meanwhile."""
        waiting = asyncio.ensure_future(event)
        try:
            self.check()
            if self._closed is None:
                self._closed = asyncio.get_running_loop().create_future()
            await asyncio.wait((waiting, self._closed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        self.check()
