"""Runs a coroutine to its end: on the faster event loop if there is one, with rare collections."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from importlib.util import find_spec
from typing import Any, TypeVar

T = TypeVar("T")

# How many objects more than before start a collection. At Python's 700, with hundreds of requests
# in flight, looking for garbage takes a third of the processor (docs/performance.md).
OBJECTS_BETWEEN_COLLECTIONS = 20_000
COLLECTIONS_BETWEEN_LARGER_ONES = 50


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns or raises. Changes how often this process collects garbage."""
    gc.freeze()  # what was imported stays
    gc.set_threshold(
        OBJECTS_BETWEEN_COLLECTIONS,
        COLLECTIONS_BETWEEN_LARGER_ONES,
        COLLECTIONS_BETWEEN_LARGER_ONES,
    )
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(work)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop
