"""Means with intervals: paired, seeded, and never over what was not measured."""

import numpy as np
import pytest

from jobs.comparison.bootstrap import Averages

NAN = float("nan")


def test_interval_is_as_wide_as_theory_says() -> None:
    scores = np.random.default_rng(1).normal(0.5, 0.2, 400)
    half_width = 1.96 * scores.std() / 400**0.5

    estimate = Averages({"a": scores}, seed=0).mean("a")

    assert estimate.value == pytest.approx(scores.mean())
    assert estimate.low == pytest.approx(scores.mean() - half_width, abs=0.001)
    assert estimate.high == pytest.approx(scores.mean() + half_width, abs=0.001)


def test_what_two_models_have_in_common_cancels_out_of_their_ratio() -> None:
    whole = np.random.default_rng(1).uniform(0.1, 1.0, 100)

    ratio = Averages({"part": whole / 2, "whole": whole}, seed=0).ratio("part", "whole")

    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((0.5, 0.5, 0.5))


def test_what_was_not_measured_is_not_averaged() -> None:
    averages = Averages({"a": np.array([1.0, NAN, 1.0, NAN])}, seed=0)

    estimate = averages.mean("a")

    assert (estimate.n, estimate.value, estimate.low, estimate.high) == (2, 1.0, 1.0, 1.0)


def test_a_column_of_nothing_has_no_mean() -> None:
    estimate = Averages({"a": np.array([NAN, NAN])}, seed=0).mean("a")

    assert (estimate.n, estimate.value, estimate.low) == (0, None, None)


def test_one_row_has_a_mean_and_no_interval() -> None:
    estimate = Averages({"a": np.array([0.5, NAN])}, seed=0).mean("a")

    assert (estimate.n, estimate.value, estimate.low, estimate.high) == (1, 0.5, None, None)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    columns = {"a": np.random.default_rng(1).uniform(0.0, 1.0, 50)}

    first, again, other = (Averages(columns, seed=seed).mean("a") for seed in (0, 0, 1))

    assert first == again != other
