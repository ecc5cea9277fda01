"""Means with intervals by document: paired, and never over what was not measured."""

import numpy as np
import pytest

from jobs.comparison.statistics.intervals import Averages, measure_spread
from jobs.comparison.statistics.power import find_power

NAN = float("nan")


def test_rows_that_are_units_have_the_interval_of_the_textbook() -> None:
    scores = np.random.default_rng(1).normal(0.5, 0.2, 20) + 2
    half_width = 2.093 * scores.std(ddof=1) / 20**0.5  # t with 19 degrees of freedom

    estimate = Averages({"a": scores}, np.arange(20)).mean("a")

    assert (estimate.n, estimate.document_count) == (20, 20)
    assert estimate.low == pytest.approx(scores.mean() - half_width, abs=1e-4)
    assert estimate.high == pytest.approx(scores.mean() + half_width, abs=1e-4)


def test_units_of_equal_size_are_as_good_as_their_means() -> None:
    rng = np.random.default_rng(2)
    units = np.repeat(np.arange(12), 5)
    scores = rng.normal(0, 1, 12)[units] + rng.normal(0, 1, 60)
    means = scores.reshape(12, 5).mean(axis=1)

    spread = measure_spread(scores, units)

    assert spread.variance == pytest.approx(means.var(ddof=1) / 12)
    assert spread.degrees == pytest.approx(11)


def test_copies_of_a_question_add_nothing_to_what_is_known() -> None:
    scores, units = np.random.default_rng(3).normal(0, 1, 15), np.arange(15)

    once = Averages({"a": scores}, units).mean("a")
    often = Averages({"a": np.repeat(scores, 8)}, np.repeat(units, 8)).mean("a")

    assert often.n == 8 * once.n
    assert (often.low, often.high) == pytest.approx((once.low, once.high))


def test_what_two_models_have_in_common_cancels_out_of_their_ratio() -> None:
    whole = np.random.default_rng(1).uniform(0.1, 1.0, 100)

    ratio = Averages({"part": whole / 2, "whole": whole}, np.arange(100) // 5).ratio(
        "part", "whole"
    )

    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((0.5, 0.5, 0.5))


def test_what_was_not_measured_is_not_averaged() -> None:
    averages = Averages({"a": np.array([1.0, NAN, 0.0, NAN])}, np.array([0, 1, 2, 2]))

    estimate = averages.mean("a")

    assert (estimate.n, estimate.document_count, estimate.value) == (2, 2, 0.5)


def test_a_column_of_nothing_has_no_mean() -> None:
    estimate = Averages({"a": np.array([NAN, NAN])}, np.arange(2)).mean("a")

    assert (estimate.n, estimate.value, estimate.low) == (0, None, None)


def test_one_document_has_a_mean_and_no_interval() -> None:
    averages = Averages({"a": np.array([0.5, 0.7, NAN])}, np.array([4, 4, 5]))

    estimate = averages.mean("a")

    assert (estimate.n, estimate.document_count) == (2, 1)
    assert estimate.value == pytest.approx(0.6)
    assert (estimate.low, estimate.high) == (None, None)
    assert averages.spread("a") is None


def test_perfect_scores_are_not_taken_for_certain() -> None:
    """Of 30 documents without a fault one in ten may have some, at most (the rule of three)."""
    units = np.repeat(np.arange(30), 10)

    score = Averages({"a": np.ones(300)}, units).mean("a", is_score=True)
    difference = Averages({"a": np.zeros(300)}, units).mean("a")

    assert score.high == 1.0
    assert score.low == pytest.approx(0.88, abs=0.02)
    assert (difference.low, difference.high) == pytest.approx((-0.12, 0.12), abs=0.02)


def test_interval_of_a_score_stays_within_0_and_1() -> None:
    scores = np.array([1.0] * 19 + [0.0])

    estimate = Averages({"a": scores}, np.arange(20)).mean("a", is_score=True)

    assert estimate.low is not None
    assert estimate.high is not None
    assert 0.7 < estimate.low < 0.95 < estimate.high <= 1.0


@pytest.mark.parametrize(("last", "mean"), [(1 + 2**-24, 1.0), (-(2**-52), 0.75)])
def test_rounding_takes_no_score_above_1(last: float, mean: float) -> None:
    scores = np.array([1 + 2**-52, 1.0, 1 + 2**-24, last])

    estimate = Averages({"a": scores}, np.array([0, 0, 1, 1])).mean("a", is_score=True)

    assert estimate.value == mean
    assert estimate.low is not None
    assert estimate.high is not None
    assert 0 <= estimate.low <= mean <= estimate.high <= 1


def test_more_documents_show_a_smaller_difference_and_as_many_as_said_show_it() -> None:
    rng = np.random.default_rng(4)
    units = np.repeat(np.arange(20), 10)
    column = rng.normal(0, 0.1, 20)[units] + rng.normal(0, 0.2, 200)
    spread = measure_spread(column, units)

    power = find_power(spread, 0.01)

    assert power is not None
    assert power.documents_for_this is not None
    assert power.documents_for_this > power.documents_for_3_points > 20
    again = spread._replace(
        unit_count=power.documents_for_3_points,
        variance=spread.variance * 20 / power.documents_for_3_points,
        degrees=power.documents_for_3_points - 1,
    )
    then = find_power(again, 0.0)
    assert then is not None
    assert then.detectable == pytest.approx(0.03, rel=0.02)
