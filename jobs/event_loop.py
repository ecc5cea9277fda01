"""Runs a coroutine to its end, on the faster event loop if there is one."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from contextlib import closing
from importlib.util import find_spec
from typing import Any, TypeVar

T = TypeVar("T")


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns or raises."""
    gc.freeze()  # what was imported stays: it is no longer searched for garbage
    with closing(work), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(work)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop
