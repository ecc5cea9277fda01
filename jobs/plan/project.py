"""Counts on from a sample to the rest: a straight line over sizes, with a 95% interval."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from schemas.plan import Amount

MIN_FOR_SLOPE = 8  # fewer points say nothing of how an amount grows with the size


class Point(NamedTuple):
    """An item of the sample: its size, known of all items, and the amount that it took."""

    size: float
    amount: float


class Projection(NamedTuple):
    """A sum that is expected, and the variance of what it will really be."""

    total: float
    variance: float
    sample_count: int

    def plus(self, other: "Projection") -> "Projection":
        """Both together, as if they were independent; the smaller sample counts."""
        counts = [each.sample_count for each in (self, other) if each.variance]
        return Projection(
            self.total + other.total, self.variance + other.variance, min(counts, default=0)
        )

    def amount(self) -> Amount:
        """The sum with the ends of its 95% interval."""
        half = _quantile(self.sample_count) * math.sqrt(self.variance)
        return Amount(value=self.total, low=max(0.0, self.total - half), high=self.total + half)


NOTHING = Projection(0.0, 0.0, 0)


def project(sample: Sequence[Point], left_sizes: Sequence[float]) -> Projection:
    """What items of these sizes will take together, by what the sample took.

    The variance counts both how well the mean is known and how much single items scatter.
    """
    count, left_count = len(sample), len(left_sizes)
    if not left_count:
        return NOTHING
    mean_size = sum(point.size for point in sample) / count
    mean = sum(point.amount for point in sample) / count
    slope = _slope(sample, mean_size, mean)
    mean_left = sum(left_sizes) / left_count
    total = left_count * (mean + slope * (mean_left - mean_size))
    used = 2 if slope else 1
    scatter = sum(
        (point.amount - mean - slope * (point.size - mean_size)) ** 2 for point in sample
    ) / max(1, count - used)
    variance = scatter * (left_count**2 / count + left_count)
    return Projection(max(0.0, total), variance, count)


def _slope(sample: Sequence[Point], mean_size: float, mean: float) -> float:
    spread = sum((point.size - mean_size) ** 2 for point in sample)
    if len(sample) < MIN_FOR_SLOPE or not spread:
        return 0.0
    return sum((point.size - mean_size) * (point.amount - mean) for point in sample) / spread


def _quantile(count: int) -> float:
    """The 97.5% quantile of Student's t, to within 2% from 10 points on."""
    return 1.96 + 2.5 / max(1, count - 1)
