"""Where questions are compared, and how they are divided for that."""

from jobs.dataset.repeats.decide_repeats import Division
from jobs.dataset.repeats.find_repeats import divide
from tests.rows import each_row


@each_row(
    "count, division",
    [
        (100_000, Division(10_000, 16)),
        (1_000_000, Division(10_000, 20)),
        (100_000_000, Division(102_400, 1_024)),
    ],
)
def test_parts_fit_into_a_worker_and_lines_are_not_too_small(
    count: int, division: Division
) -> None:
    assert divide(count) == division
