"""Ends a round with another exit code once rounds settle nothing: a person should look."""

from collections.abc import Callable

from engine.errors import NoProgressError, OutageError, TransientError
from engine.run_folder import RunFolder
from jobs.process import EXIT_TRY_LATER


def tell_no_progress(folder: RunFolder, work: Callable[[], int]) -> int:
    """The exit code of `work`, which takes the run of a folder further.

    Raises:
        NoProgressError: it is to be tried again later, as it was the last so many times.
        EngineError: what `work` raises otherwise.
    """
    try:
        code = work()
    except (TransientError, OutageError) as error:
        if idle := _idle(folder):
            raise NoProgressError(f"{error}; {idle}") from error
        raise
    if code == EXIT_TRY_LATER and (idle := _idle(folder)):
        raise NoProgressError(idle)
    return code


def _idle(folder: RunFolder) -> str:
    """What is said of too many rounds; empty: they are not too many."""
    from engine.last_call import read_last_call
    from jobs.settings.run_config import read_run_config

    call, config = read_last_call(folder.last_call_path), read_run_config(folder.config_path)
    if call is None or config is None or call.ended_at is None:
        return ""
    if call.idle_rounds < config.settings.limits.max_idle_rounds:
        return ""
    return (
        f"{call.idle_rounds} calls in a row have settled nothing, and no batch is out that may "
        f"still come back (limits.max_idle_rounds); last: {call.message}. `distill status "
        f"{folder.run_dir}` and log.jsonl there say more; the same command again tries once more"
    )
