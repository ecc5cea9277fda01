"""Calls that bring a run no further are counted, unless they wait for a batch."""

from pathlib import Path

import pytest

from engine.errors import OutageError
from engine.last_call import noted_call, read_last_call
from engine.run_folder import RunFolder
from engine.testing.clocks import ManualClock


def call(folder: RunFolder, *, settles: bytes = b"") -> int:
    """A round that leaves something, after it has settled so much; returns the idle rounds."""
    with noted_call(folder, "run", ManualClock()) as note:
        with folder.journal_path.open("ab") as journal:
            journal.write(settles)
        note.leave("3 items wait")
    noted = read_last_call(folder.last_call_path)
    assert noted is not None
    return noted.idle_rounds


def test_rounds_that_settle_nothing_are_counted_until_one_does(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)

    counts = [call(folder, settles=given) for given in (b"a\n", b"", b"", b"b\n", b"")]

    assert counts == [0, 1, 2, 0, 1]


def test_a_round_that_ends_by_an_error_counts_too(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    call(folder, settles=b"a\n")

    with pytest.raises(OutageError), noted_call(folder, "run", ManualClock()):
        raise OutageError("the server is away")

    noted = read_last_call(folder.last_call_path)
    assert noted is not None
    assert noted.idle_rounds == 1
