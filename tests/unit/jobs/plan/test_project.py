"""Counting on from a sample: right on a line, honest about scatter."""

import random

import pytest

from jobs.plan.project import NOTHING, Point, project


def test_amounts_on_a_line_are_told_exactly() -> None:
    sample = [Point(size, 100 + 3 * size) for size in range(10, 30)]

    amount = project(sample, [100, 200]).amount()

    assert amount.value == pytest.approx(2 * 100 + 3 * 300)
    assert amount.low == pytest.approx(1100)
    assert amount.high == pytest.approx(1100)


def test_a_few_points_tell_no_slope() -> None:
    assert project([Point(1, 10), Point(2, 20)], [50.0]).total == 15


def test_nothing_left_takes_nothing() -> None:
    assert project([Point(1, 10)], []) == NOTHING
    assert NOTHING.amount().high == 0


def test_interval_holds_the_sum_in_about_95_of_100_draws() -> None:
    rng = random.Random(7)
    hits = 0
    for _ in range(400):
        sizes = [rng.uniform(100, 600) for _ in range(60)]
        points = [Point(size, 2 * size + rng.gauss(0, 150)) for size in sizes]
        amount = project(points[:20], sizes[20:]).amount()
        total = sum(point.amount for point in points[20:])
        assert amount.low is not None
        hits += amount.low <= total <= amount.high

    assert 0.92 <= hits / 400 <= 0.98


def test_parts_add_up_with_the_smaller_sample() -> None:
    wide = project([Point(0, 1), Point(0, 3)], [0.0])
    narrow = project([Point(0, 2), Point(0, 2.1), Point(0, 1.9)], [0.0])

    both = wide.plus(narrow)

    assert both.total == pytest.approx(4)
    assert both.sample_count == 2
    assert both.plus(NOTHING) == both
