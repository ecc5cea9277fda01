"""An event loop whose time jumps: waits of hours take no time and come out exact."""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(2026, 11, 25, tzinfo=UTC)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """When nothing is ready, time goes on to the next timer at once."""

    def __init__(self) -> None:
        self._now_s = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self._now_s

    def jump(self, seconds: float) -> None:
        self._now_s += max(seconds, 1e-9)  # timers run 1 ns early: time must not stand still then


class LoopClock:
    """The Clock that belongs to it."""

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()

    def utc_now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.monotonic_s())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def in_virtual_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an async test on a loop of its own whose time jumps."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


class _JumpingSelector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
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
