"""Amounts as people read them."""

from jobs.amounts import dollars, duration, percent, rounded
from tests.rows import each_row


@each_row(
    "seconds, text",
    [
        (0, "0 s"),
        (59.6, "1 min"),
        (250, "4 min 10 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (97_500, "1 d 3 h"),
        (-5, "0 s"),
    ],
)
def test_duration_has_the_two_largest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@each_row(
    "part, whole, text",
    [(0, 10, "0%"), (1, 1000, "<1%"), (1, 3, "33%"), (999, 1000, ">99%"), (5, 5, "100%")],
)
def test_share_is_never_rounded_to_nothing_or_all(part: float, whole: float, text: str) -> None:
    assert percent(part, whole) == text


def test_share_of_nothing_is_nothing() -> None:
    assert percent(0, 0) == "0%"


def test_dollars_have_cents_above_one_and_four_digits_below() -> None:
    assert [dollars(usd) for usd in (1234.567, 0.03128, None)] == [
        "$1,234.57",
        "$0.0313",
        "unknown: no price for the model",
    ]


def test_numbers_are_rounded_and_counts_are_whole() -> None:
    assert rounded({"rate": 1.7891, "sent": 1234567}) == {"rate": "1.79", "sent": "1234567"}
