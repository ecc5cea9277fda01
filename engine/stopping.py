"""Ending a run early in good order: who asked for it, and who must hear of it."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.errors import EngineError, InterruptedRunError


class Stopping:
    """Whether the run is to end, and why. The first reason counts.

    Nothing new is admitted once `reason` is set; what is in flight is paid for and lands.
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
