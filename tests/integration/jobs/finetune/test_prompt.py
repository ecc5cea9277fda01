"""`distill finetune` on a terminal: it asks before anything is submitted."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked import ForkedProcess
from tests.integration.jobs.finetune.tuning_runs import MOST_S, QUICK, STUDENT, Tuning, make_run
from tests.openai_server import RunningServer, start_openai_server

END_OF_INPUT = b"\x04"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with start_openai_server({"fine_tuning": QUICK}) as running:
        yield running


def answer(tuning: Tuning, keys: bytes) -> tuple[int, str]:
    """What becomes of a call on a terminal whose user types `keys`, or presses Ctrl-C for none."""
    terminal, its_end = os.openpty()
    process = tuning.start("--student", STUDENT, stdin=its_end)
    try:
        shown = _read_until_asked(process)
        if keys:
            os.write(terminal, keys)
        else:
            process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=MOST_S)
    finally:
        process.kill()
        os.close(terminal)
        os.close(its_end)
    return process.wait(), shown + rest.decode()


def _read_until_asked(process: ForkedProcess) -> str:
    assert process.stderr is not None
    shown = b""
    while not shown.endswith(b"[y/N] "):
        character = process.stderr.read(1)
        assert character, shown
        shown += character
    return shown.decode()


@pytest.mark.parametrize(
    ("keys", "code", "message"),
    [
        (b"no\n", 2, "distill: not submitted"),
        (END_OF_INPUT, 2, "distill: not submitted"),
        (b"", 130, "distill: interrupted by signal 2"),
    ],
)
def test_nothing_is_uploaded_unless_the_user_says_yes(
    server: RunningServer, tmp_path: Path, keys: bytes, code: int, message: str
) -> None:
    tuning = Tuning(server, make_run(tmp_path / "run"))
    before = tuning.uploads()

    ended, shown = answer(tuning, keys)

    assert ended == code, shown
    assert message in shown
    assert "12 rows" in shown
    assert "Traceback" not in shown
    assert tuning.uploads() == before


def test_an_answer_of_yes_submits_the_job(server: RunningServer, tmp_path: Path) -> None:
    tuning = Tuning(server, make_run(tmp_path / "run"))

    ended, shown = answer(tuning, b"y\n")

    assert ended == 0, shown
    assert tuning.events()[-1].job_id
