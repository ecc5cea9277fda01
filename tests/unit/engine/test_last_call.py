"""The note of the last command: whoever looks later learns how it ended."""

from pathlib import Path

import pytest

from engine.errors import DamagedLogError, FatalError, InterruptedRunError, OutageError
from engine.last_call import MAX_MESSAGE_CHARS, noted_call, read_last_call
from engine.run_folder import RunFolder
from engine.testing.clocks import ManualClock
from schemas.last_call import LastCall
from tests.rows import each_row


def note_of(path: Path) -> LastCall:
    call = read_last_call(path)
    assert call is not None
    return call


def test_command_at_work_is_noted_without_an_end(tmp_path: Path) -> None:
    path = tmp_path / "last_call.json"

    with noted_call(RunFolder(tmp_path), "run", ManualClock()):
        call = note_of(path)

    assert (call.command, call.began_at) == ("run", "2026-11-25T00:00:00+00:00")
    assert (call.ended_at, call.ending) == (None, None)


def test_end_says_what_the_command_left(tmp_path: Path) -> None:
    path, clock = tmp_path / "last_call.json", ManualClock()

    with noted_call(RunFolder(tmp_path), "run", clock) as note:
        clock.go(minutes=2)
        note.leave("3 items wait")

    call = note_of(path)
    assert (call.ending, call.message) == ("left", "3 items wait")
    assert call.ended_at == "2026-11-25T00:02:00+00:00"


@each_row(
    "error, ending, message",
    [
        (FatalError("the key is revoked"), "failed", "the key is revoked"),
        (InterruptedRunError(15), "interrupted", "it received SIGTERM"),
        (KeyError("x"), "failed", "KeyError('x')"),
        (FatalError("m" * 5000), "failed", "m" * MAX_MESSAGE_CHARS),
    ],
)
def test_error_is_noted_and_raised(
    tmp_path: Path, error: Exception, ending: str, message: str
) -> None:
    path = tmp_path / "last_call.json"

    with pytest.raises(type(error)), noted_call(RunFolder(tmp_path), "evaluate", ManualClock()):
        raise error

    call = note_of(path)
    assert (call.ending, call.message) == (ending, message)


def test_run_of_an_earlier_version_has_no_note(tmp_path: Path) -> None:
    assert read_last_call(tmp_path / "last_call.json") is None


def test_damaged_note_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "last_call.json"
    path.write_text('{"command": 3}')

    with pytest.raises(DamagedLogError, match=r"last_call\.json: command: .* delete it"):
        read_last_call(path)


def idle_rounds(folder: RunFolder, *, settles: bytes = b"") -> int:
    """A round that leaves something, after it has settled so much; returns the idle rounds."""
    with noted_call(folder, "run", ManualClock()) as note:
        with folder.journal_path.open("ab") as journal:
            journal.write(settles)
        note.leave("3 items wait")
    return note_of(folder.last_call_path).idle_rounds


def test_rounds_that_settle_nothing_are_counted_until_one_does(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)

    counts = [idle_rounds(folder, settles=given) for given in (b"a\n", b"", b"", b"b\n", b"")]

    assert counts == [0, 1, 2, 0, 1]


def test_a_round_that_ends_by_an_error_counts_too(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    idle_rounds(folder, settles=b"a\n")

    with pytest.raises(OutageError), noted_call(folder, "run", ManualClock()):
        raise OutageError("the server is away")

    assert note_of(folder.last_call_path).idle_rounds == 1
