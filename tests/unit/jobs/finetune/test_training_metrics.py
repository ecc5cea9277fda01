import base64

from jobs.finetune.training_metrics import BARS, CURVE_CHARS, draw_curve, read_metrics
from tests.rows import each_row

CSV = (
    b"step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n"
    b"1,2.5,0.4,2.6,0.39\n"
    b"2,1.5,0.6,,\n"
)


@each_row(
    "content",
    [
        CSV,
        base64.b64encode(CSV),
        base64.encodebytes(CSV),  # in lines
        b"\xef\xbb\xbf" + CSV,
        CSV.replace(b"\n", b"\r\n"),
        CSV.replace(b"\n", b"\r"),
    ],
)
def test_curve_is_read_plain_or_in_base64(content: bytes) -> None:
    first, second = read_metrics(content, "job-1")

    assert (first.step, first.train_loss, first.valid_loss, first.valid_accuracy) == (
        (1, 2.5, 2.6, 0.39)
    )
    assert (second.step, second.train_loss, second.valid_loss) == (2, 1.5, None)
    assert first.metric_id != second.metric_id
    assert first.job_id == "job-1"


def test_rows_that_are_none_are_passed_over() -> None:
    content = "step,train_loss\nx,1\n\n²,1\n-1,1\n3,not a number\n4\n".encode()

    metrics = read_metrics(content, "job-1")

    assert [(metric.step, metric.train_loss) for metric in metrics] == [(3, None), (4, None)]


@each_row("number", [b"nan", b"inf", b"-inf", b"1e999"])
def test_loss_that_is_no_number_is_none(number: bytes) -> None:
    (only,) = read_metrics(b"step,train_loss\n1," + number, "job-1")

    assert only.train_loss is None


@each_row(
    "content",
    [
        b"",
        b"<html>gone</html>",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"step,train_loss\n" + b"9" * 200_000,  # longer than a field may be
        base64.b64encode(CSV)[:-1],
    ],
)
def test_damaged_file_has_no_curve(content: bytes) -> None:
    assert read_metrics(content, "job-1") == []


def test_curve_runs_from_the_highest_bar_to_the_lowest() -> None:
    drawn = draw_curve([3.0, 2.0, 1.0])

    assert (drawn[0], drawn[-1]) == (BARS[-1], BARS[0])
    assert draw_curve([]) == ""


@each_row("count", [1, 39, 40, 41, 79, 10_000])
def test_curve_is_never_wider_than_its_line(count: int) -> None:
    assert 1 <= len(draw_curve([1.0] * count)) <= CURVE_CHARS
