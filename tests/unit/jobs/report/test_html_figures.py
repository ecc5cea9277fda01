"""Charts as HTML: round numbers on axes, labels that are text, nothing of others as markup."""

import re

import pytest

from jobs.report.html_figures import (
    Bar,
    BarSegment,
    Interval,
    percent_of,
    render_bars,
    render_intervals,
    round_ticks,
)
from tests.rows import each_row


@each_row(
    "low, high, ticks",
    [
        (0, 864, [0, 500, 1000]),
        (0, 7, [0, 2, 4, 6, 8]),
        (0.47, 0.698, [0.4, 0.5, 0.6, 0.7]),
        (-0.111, 0.196, [-0.2, -0.1, 0, 0.1, 0.2]),
        (0.3, 0.3, [0.3, 0.4]),
        (0, 0, [0, 0.5]),
    ],
)
def test_axis_has_round_numbers_that_enclose_the_data(
    low: float, high: float, ticks: list[float]
) -> None:
    found = round_ticks(low, high)

    assert found[0] <= low
    assert found[-1] >= high
    assert len(found) <= 7
    assert all(len(f"{abs(tick):g}".replace(".", "").strip("0")) <= 2 for tick in found)
    assert found == pytest.approx(ticks)


def test_counts_have_no_fractions_on_their_axis() -> None:
    assert round_ticks(0, 1, whole=True) == [0, 1]


def test_place_of_a_value_is_between_the_ends_of_the_axis() -> None:
    assert percent_of(0.5, [0.4, 0.5, 0.6, 0.8]) == 25


LONG = "docs/" + "a very long folder/" * 20 + "<script>alert(1)</script>.md"


def test_label_is_whole_and_escaped() -> None:
    bar = Bar(LONG, [BarSegment("accent", 3, "<b>")], "3")

    text = render_bars([bar], [0, 5], ["0", "5"])

    assert "&lt;script&gt;alert(1)&lt;/script&gt;.md" in text
    assert "a very long folder/" * 20 in text
    assert "<script" not in text
    assert "style=" not in text


def test_segments_follow_each_other() -> None:
    bar = Bar("x", [BarSegment("good", 1, "won"), BarSegment("bad", 3, "lost")], "1/3")

    text = render_bars([bar], [0, 4], ["0", "4"])

    found = re.findall(r'x="([\d.]+)%" y="2" width="([\d.]+)%"', text)
    assert [tuple(map(float, each)) for each in found] == [(0.0, 25.0), (25.0, 75.0)]
    assert text.count("legend") == 1


def test_line_without_a_mean_draws_none() -> None:
    none = Interval("x", "role-tuned", None, None, None, "-")

    text = render_intervals([none], [0, 1], ["0", "1"])

    assert "<circle" not in text
    assert 'class="interval"' not in text
