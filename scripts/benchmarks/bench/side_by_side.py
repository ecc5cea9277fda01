"""Runs measurements that mostly wait beside each other, each in a thread and folder of its own."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

STAGGER_S = 3.0  # between two starts: a start takes a whole processor for half a second


def run_side_by_side(measures: Sequence[Callable[[Path], T]], at_once: int) -> Iterator[T]:
    """The results of `measures` in their order, so many of them at a time.

    Each is given a folder. For measures of wall time that leave the processor idle.
    """
    turn = threading.Lock()

    def run(measure: Callable[[Path], T]) -> T:
        with turn:
            time.sleep(STAGGER_S if at_once > 1 else 0.0)
        with tempfile.TemporaryDirectory() as name:
            return measure(Path(name))

    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(run, measures)
