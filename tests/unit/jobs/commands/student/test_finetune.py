import pytest

from jobs.commands.student.finetune import exit_code, show_end
from jobs.finetune.finetune import TuningEnd
from jobs.finetune.trainers.trainer import Submitted, Tuned
from tests.rows import each_row


@each_row(
    "tuned, is_job, code",
    [
        (Tuned("succeeded", "ft:1"), True, 0),
        (Tuned("succeeded", ""), True, 75),  # the host has not told its name yet
        (Tuned("succeeded", ""), False, 0),
        (Tuned("running"), True, 0),
        (Tuned("failed"), True, 1),
    ],
)
def test_how_a_training_stands_is_told_by_the_exit_code(
    tuned: Tuned, is_job: bool, code: int
) -> None:
    submitted = Submitted("ftjob-1", tuned.status, is_new=False)

    assert exit_code(TuningEnd(submitted, tuned), is_job=is_job) == code


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
