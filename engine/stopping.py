"""Ending a run early in good order: the reason, and the parts that are notified."""

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from engine.clock import Clock
from engine.errors import EngineError, FatalError, InterruptedRunError
from schemas.outcomes import Failed, Outcome

_log = logging.getLogger(__name__)


class Stopping:
    """Whether the run is to end, and why. The first reason counts.

    Nothing new is admitted once `reason` is set; what is in flight is paid for and finishes.
    """

    def __init__(self) -> None:
        self.reason: EngineError | None = None
        self._listeners: list[Callable[[EngineError], None]] = []

    def on_request(self, listener: Callable[[EngineError], None]) -> None:
        """Call `listener` with the reason when a stop is requested."""
        self._listeners.append(listener)

    def request(self, reason: EngineError) -> None:
        """Ask everybody to stop admitting."""
        if self.reason is None:
            self.reason = reason
            for listener in self._listeners:
                listener(reason)

    def raise_if_requested(self) -> None:
        """Raise the reason, if there is one."""
        if self.reason is not None:
            raise self.reason


def announce_interruption(
    stopping: Stopping, in_flight: Callable[[], int], *, grace_s: float
) -> None:
    """When a signal asks for a stop, say at once for how many calls it is waited, and how long."""

    def say(reason: EngineError) -> None:
        if not isinstance(reason, InterruptedRunError):
            return
        name, count = signal.Signals(reason.signum).name, in_flight()
        calls = "1 call that is" if count == 1 else f"{count:,} calls that are"
        waiting = f"waiting up to {grace_s:.0f} s for {calls} under way, and paid for"
        _log.warning(
            "%s: %s; a second one leaves at once",
            name,
            waiting if count else "no call is under way",
        )

    stopping.on_request(say)


@contextmanager
def stop_on_signals(stopping: Stopping, *, grace_s: float) -> Iterator[None]:
    """SIGINT and SIGTERM request a stop; after `grace_s` the current task is cancelled.

    A second signal ends the process at once: the journal is whole at any moment.

    Raises:
        InterruptedRunError: the grace period was over before the block had ended.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None

    timers: list[asyncio.TimerHandle] = []

    def stop(signum: signal.Signals) -> None:
        if timers:
            os._exit(128 + signum)
        timers.append(loop.call_later(grace_s, task.cancel))
        stopping.request(InterruptedRunError(signum))

    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop, signum)
    try:
        yield
    except asyncio.CancelledError as error:
        if stopping.reason is None:
            raise
        raise stopping.reason from error
    finally:
        for timer in timers:
            timer.cancel()
        for signum in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(signum)


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


ALIKE_COUNT = 20  # of one purpose
FIRST_ALIKE_COUNT = 3  # where nothing else is under way and nothing was answered yet


class FailureWatch:
    """Ends a run whose first requests all fail alike: settings are wrong, not the requests.

    It looks at the requests of each purpose until one of them ends otherwise.
    """

    def __init__(self) -> None:
        self._alike: dict[str, _Alike] = {}
        self.is_over = False  # some request was answered, or failed otherwise

    def note(self, outcome: Outcome) -> None:
        """Take an outcome into account.

        Raises:
            FatalError: it is the last of too many that failed alike.
        """
        alike = self._alike.get(outcome.purpose)
        if alike is None:
            alike = self._alike[outcome.purpose] = _Alike()
        if not isinstance(outcome, Failed) or not alike.matches(outcome):
            alike.is_over = self.is_over = True
            return
        alike.count += 1
        if alike.count >= ALIKE_COUNT:
            raise alike.error()

    def is_clear(self, purpose: str) -> bool:
        """Whether requests of this purpose are known not to fail all alike."""
        alike = self._alike.get(purpose)
        return alike is not None and alike.is_over

    def verdict(self) -> FatalError | None:
        """The error for a run in which nothing else is under way; None: too few to tell."""
        most = max(self._alike.values(), key=lambda alike: alike.count, default=None)
        if self.is_over or most is None or most.count < FIRST_ALIKE_COUNT:
            return None
        return most.error()


class _Alike:
    """How many requests of one purpose have failed with the same code, from the first on."""

    def __init__(self) -> None:
        self.count = 0
        self.is_over = False
        self._first: Failed | None = None

    def matches(self, failed: Failed) -> bool:
        """Whether this one too failed as all before it."""
        self._first = self._first or failed
        return not self.is_over and failed.code == self._first.code

    def error(self) -> FatalError:
        """The error that ends the run."""
        assert self._first is not None
        return FatalError(
            f"the first {self.count} requests all failed for good with {self._first.code} "
            f"({self._first.message}); correct the settings, then go on with --retry-failed"
        )
