"""Student's t, against the printed tables."""

import pytest

from jobs.comparison.statistics.student_t import t_quantile
from tests.rows import each_row


@each_row(
    "probability, degrees, value",
    [  # NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2
        (0.975, 1, 12.706),
        (0.975, 2, 4.303),
        (0.975, 9, 2.262),
        (0.975, 30, 2.042),
        (0.975, 100, 1.984),
        (0.90, 1, 3.078),
        (0.999, 5, 5.893),
    ],
)
def test_quantile_is_that_of_the_tables(probability: float, degrees: float, value: float) -> None:
    assert t_quantile(probability, degrees) == pytest.approx(value, abs=0.0005)


def test_many_degrees_are_the_normal_distribution_and_join_it_smoothly() -> None:
    assert t_quantile(0.975, 1e9) == pytest.approx(1.959964, abs=1e-6)
    assert t_quantile(0.975, 0.999e6) == pytest.approx(t_quantile(0.975, 1.001e6), abs=1e-5)


def test_degrees_may_be_a_fraction() -> None:
    # Between the neighbours, and the cumulative distribution at 2.5 degrees has a known quantile.
    assert t_quantile(0.975, 2) > t_quantile(0.975, 2.5) > t_quantile(0.975, 3)
    assert t_quantile(0.5, 2.5) == pytest.approx(0.0, abs=1e-9)
