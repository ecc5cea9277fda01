from pathlib import Path

import pytest

from engine.errors import EngineError, NoProgressError, OutageError
from engine.last_call import noted_call
from engine.run_folder import RunFolder
from engine.testing.clocks import ManualClock
from jobs.idle_rounds import tell_no_progress
from jobs.process import EXIT_OK, EXIT_TRY_LATER
from jobs.settings.resolve import read_assignments, resolve_settings
from jobs.settings.run_config import new_run_config, write_run_config


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path)
    settings = resolve_settings([read_assignments(["limits.max_idle_rounds=2"])])
    write_run_config(made.config_path, new_run_config(settings))
    return made


def work(folder: RunFolder, error: EngineError | None = None, code: int = EXIT_TRY_LATER) -> int:
    with noted_call(folder, "run", ManualClock()) as note:
        if error is not None:
            raise error
        note.leave("3 items wait")
    return code


def test_rounds_that_bring_nothing_end_otherwise_after_so_many(folder: RunFolder) -> None:
    assert tell_no_progress(folder, lambda: work(folder)) == EXIT_TRY_LATER

    with pytest.raises(NoProgressError, match=r"2 calls in a row .* last: 3 items wait"):
        tell_no_progress(folder, lambda: work(folder))


def test_an_outage_that_does_not_end_is_told_as_such(folder: RunFolder) -> None:
    for _ in range(2):
        with pytest.raises(EngineError) as raised:
            tell_no_progress(folder, lambda: work(folder, OutageError("the server is away")))

    assert isinstance(raised.value, NoProgressError)
    assert str(raised.value).startswith("the server is away; 2 calls in a row")


def test_a_round_that_is_done_is_done(folder: RunFolder) -> None:
    for _ in range(3):
        assert tell_no_progress(folder, lambda: work(folder, code=EXIT_OK)) == EXIT_OK
