"""Clocks that never wait: one is set by hand, one belongs to an event loop whose time jumps."""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import ParamSpec

EPOCH = datetime(2026, 11, 25, tzinfo=UTC)

Arguments = ParamSpec("Arguments")


class ManualClock:
    """A `Clock` whose time stands still but for `go` and for sleeps, which return at once.

    `on_read` is called whenever the time of day is read, `on_sleep` at the end of each sleep; what
    they raise goes to the caller. `slept_s` has the seconds of each sleep.
    """

    def __init__(self, on_read: Callable[[], None] = lambda: None) -> None:
        self._on_read = on_read
        self.on_sleep: Callable[[], None] = lambda: None
        self.now = EPOCH
        self.slept_s: list[float] = []

    def monotonic_s(self) -> float:
        """Seconds since `EPOCH`."""
        return (self.now - EPOCH).total_seconds()

    def utc_now(self) -> datetime:
        """The time it was set to."""
        self._on_read()
        return self.now

    def go(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> None:
        """Let so much time pass."""
        self.now += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Note the sleep and let its time pass, without waiting."""
        self.slept_s.append(seconds)
        self.go(seconds=seconds)
        self.on_sleep()


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop that goes on to the next timer at once when nothing is ready.

    Waits of hours take no time and come out exact. AssertionError: every task waits for
    something that will never happen.
    """

    def __init__(self) -> None:
        self._now_s = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Seconds of virtual time since the loop was made."""
        return self._now_s

    def jump(self, seconds: float) -> None:
        """Let `seconds` of virtual time pass."""
        self._now_s += max(seconds, 1e-9)  # timers run 1 ns early: time must not stand still then


class LoopClock:
    """The `Clock` that belongs to a `VirtualTimeLoop`; the loop must be running."""

    def monotonic_s(self) -> float:
        """Seconds of the running loop's time."""
        return asyncio.get_running_loop().time()

    def utc_now(self) -> datetime:
        """`EPOCH` and the running loop's time."""
        return EPOCH + timedelta(seconds=self.monotonic_s())

    async def sleep(self, seconds: float) -> None:
        """Sleep on the loop, which takes no time."""
        await asyncio.sleep(seconds)


def in_virtual_time(
    test: Callable[Arguments, Coroutine[None, None, None]],
) -> Callable[Arguments, None]:
    """Run an async test on a `VirtualTimeLoop` of its own."""

    @functools.wraps(test)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise AssertionError("all tasks wait for something that will never happen")
        self._loop.jump(timeout)
        return []
