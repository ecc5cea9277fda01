"""What workers on a cluster have left of a run becomes part of it before a command looks at it."""

import os
from contextlib import suppress
from pathlib import Path

from engine.errors import RunInUseError
from engine.run_folder import RunFolder


def take_in_left(run_dir: Path) -> Path:
    """Take in what a call that ended early has left; nothing while a run is under way.

    Raises:
        DamagedLogError: a file of it is damaged.
        InterruptedRunError: a stop was requested meanwhile.
    """
    folder = RunFolder(run_dir)
    if folder.is_begun and folder.shards_dir.is_dir():
        from jobs.process import run_to_end
        from jobs.spread.take_in import take_in_calls

        with suppress(RunInUseError):
            run_to_end(take_in_calls(folder, os.environ))
    return run_dir
