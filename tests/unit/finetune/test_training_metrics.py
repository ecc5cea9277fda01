import base64

import pytest

from jobs.student.training_metrics import BARS, CURVE_CHARS, draw_curve, read_metrics

CSV = (
    b"step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n"
    b"1,2.5,0.4,2.6,0.39\n"
    b"2,1.5,0.6,,\n"
)


@pytest.mark.parametrize("content", [CSV, base64.b64encode(CSV), b"\xef\xbb\xbf" + CSV])
def test_curve_is_read_plain_or_in_base64(content: bytes) -> None:
    first, second = read_metrics(content, "job-1")

    assert (first.step, first.train_loss, first.valid_loss, first.valid_accuracy) == (
        (1, 2.5, 2.6, 0.39)
    )
    assert (second.step, second.train_loss, second.valid_loss) == (2, 1.5, None)
    assert first.metric_id != second.metric_id
    assert first.job_id == "job-1"


def test_rows_that_are_none_are_passed_over() -> None:
    content = b"step,train_loss\nx,1\n3,not a number\n"

    (only,) = read_metrics(content, "job-1")

    assert (only.step, only.train_loss) == (3, None)


def test_file_of_another_kind_has_no_curve() -> None:
    assert read_metrics(b"<html>gone</html>", "job-1") == []


def test_curve_runs_from_the_highest_bar_to_the_lowest() -> None:
    drawn = draw_curve([3.0, 2.0, 1.0])

    assert (drawn[0], drawn[-1]) == (BARS[-1], BARS[0])
    assert draw_curve([]) == ""
    assert len(draw_curve([1.0] * 10_000)) <= CURVE_CHARS + 1
