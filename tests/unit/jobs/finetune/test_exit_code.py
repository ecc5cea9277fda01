from jobs.commands.student.finetune import exit_code
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
