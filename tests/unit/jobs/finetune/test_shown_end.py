import pytest

from jobs.commands.student.finetune import show_end
from jobs.finetune.finetune import TuningEnd
from jobs.finetune.trainers.trainer import Submitted, Tuned

ESCAPE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"


def test_nothing_that_a_host_says_of_a_job_moves_the_cursor(
    capsys: pytest.CaptureFixture[str],
) -> None:
    submitted = Submitted(f"ftjob{ESCAPE}-1", "failed", is_new=True)
    tuned = Tuned(f"failed{ESCAPE}", model=f"ft:m{ESCAPE}", message=f"no\nGPUs{ESCAPE}")

    show_end(TuningEnd(submitted, tuned))

    shown = capsys.readouterr().out
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert "GPUs" in shown
