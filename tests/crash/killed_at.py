"""Runs `distill` until it has come to a boundary, and kills it there.

    python -m tests.crash.killed_at BOUNDARY before|after COMMAND ...

The process kills itself just before or just after the first call of a method that BOUNDARY stands
for; the product knows nothing of it.
"""

import functools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.batch.client import BatchClient
from engine.batch.ledger import BatchLedger
from engine.batch.outbox import Outbox
from engine.batch.packing import Packer
from engine.journal import Journal
from jobs.__main__ import main

BOUNDARIES: dict[str, tuple[type, str]] = {
    "spool": (Outbox, "add"),
    "pack": (Packer, "add"),
    "packed": (Packer, "finish"),
    "upload": (BatchClient, "upload"),
    "create": (BatchClient, "create"),
    "poll": (BatchClient, "retrieve"),
    "list": (BatchClient, "list_states"),
    "download": (BatchClient, "download"),
    "journal": (Journal, "append"),
    "delete": (BatchClient, "delete"),
}
STEPS = ("intent", "uploaded", "created", "polled", "collected", "deleted", "passed")


def kill_at(boundary: str, *, before: bool) -> None:
    """Have this process killed at a boundary; `outbox` is the moment of its replacement."""
    if boundary in STEPS:
        _wrap(BatchLedger, "_append", before, lambda _, event: event.step == boundary)
    elif boundary == "outbox":
        _wrap(Path, "replace", before, lambda path, _: path.name == "outbox.jsonl.new")
    else:
        _wrap(*BOUNDARIES[boundary], before, lambda *_: True)


def _wrap(owner: type, name: str, before: bool, is_here: Callable[..., bool]) -> None:
    method = getattr(owner, name)

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not is_here(*args, **kwargs):
            return method(*args, **kwargs)
        if before:
            _die()
        result = method(*args, **kwargs)
        if hasattr(result, "__await__"):
            return _die_after(result)
        return _die()

    setattr(owner, name, call)


async def _die_after(awaitable: Any) -> None:
    await awaitable
    _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    _, _boundary, _moment, *_command = sys.argv
    kill_at(_boundary, before=_moment == "before")
    sys.argv = ["distill", *_command]
    main()
