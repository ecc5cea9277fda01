"""Runs `distill` until it has come to a boundary, and kills it there.

    python -m tests.crash.killed_at BOUNDARY COMMAND ...

The process kills itself just before the first call of a method that BOUNDARY stands for; the
product knows nothing of it. What comes after one step comes before the next one.
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
from engine.batch.packing.outbox import Outbox
from engine.batch.packing.packer import Packer
from engine.batch.poll import Poller
from engine.files.journal import Journal
from jobs.__main__ import main
from jobs.finetune.ledger import TuningLedger
from jobs.finetune.trainers.job_client import JobClient

BOUNDARIES: dict[str, tuple[type, str]] = {
    "spool": (Outbox, "add"),
    "pack": (Packer, "add"),
    "packed": (Packer, "finish"),
    "upload": (BatchClient, "upload"),
    "create": (BatchClient, "create"),
    "poll": (Poller, "poll"),
    "download": (BatchClient, "download"),
    "journal": (Journal, "append_each"),
    "delete": (BatchClient, "delete"),
    "tuning_upload": (JobClient, "upload"),
    "tuning_create": (JobClient, "create"),
}
STEPS = ("intent", "uploaded", "created", "polled", "collected", "deleted", "passed")
TUNING_STEPS = {f"tuning_{step}": step for step in ("intent", "uploaded", "created")}


def kill_at(boundary: str) -> None:
    """Have this process killed at a boundary; `outbox` is the moment of its replacement."""
    if boundary in STEPS:
        _wrap(BatchLedger, "_append", lambda _, event: event.step == boundary)
    elif boundary in TUNING_STEPS:
        _wrap(TuningLedger, "add", lambda _, event, step: step == TUNING_STEPS[boundary])
    elif boundary == "outbox":
        _wrap(Path, "replace", lambda path, _: path.name == "outbox.jsonl.new")
    else:
        _wrap(*BOUNDARIES[boundary], lambda *_: True)


def _wrap(owner: type, name: str, is_here: Callable[..., bool]) -> None:
    method = getattr(owner, name)

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        if is_here(*args, **kwargs):
            os.kill(os.getpid(), signal.SIGKILL)
        return method(*args, **kwargs)

    setattr(owner, name, call)


if __name__ == "__main__":
    _, _boundary, *_command = sys.argv
    kill_at(_boundary)
    sys.argv = ["distill", *_command]
    main()
