"""Bootstrap intervals of means that were measured on the same questions."""

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from schemas.comparison import Estimate

Floats = NDArray[np.float64]
Key = TypeVar("Key", bound=Hashable)

DRAW_COUNT = 10_000
CONFIDENCE = 0.95

_BLOCK_CELLS = 2_000_000  # 16 MB of weights at a time


class Averages(Generic[Key]):
    """Means of columns of one table (NaN: not measured), with intervals if there is a seed.

    Rows are drawn with replacement, each with all its columns at once (a paired bootstrap): what
    the models have in common, a hard question for one, cancels out of their differences. The ends
    of an interval are percentiles of DRAW_COUNT draws; a mean over fewer than 2 rows has none.
    """

    def __init__(self, columns: Mapping[Key, Floats], *, seed: int | None) -> None:
        table = np.column_stack(list(columns.values())) if columns else np.empty((0, 0))
        self._positions = {key: position for position, key in enumerate(columns)}
        self._counts: Floats = (~np.isnan(table)).astype(np.float64).sum(axis=0)
        self._means = _divide(np.nansum(table, axis=0), self._counts)
        has_intervals = seed is not None and table.shape[0] > 1
        self._draws = bootstrap_means(table, seed=seed or 0) if has_intervals else None

    def mean(self, key: Key) -> Estimate:
        """The mean of a column."""
        at = self._positions[key]
        draws = None if self._draws is None else self._draws[:, at]
        return _estimate(int(self._counts[at]), float(self._means[at]), draws)

    def ratio(self, part: Key, whole: Key) -> Estimate:
        """The mean of one column as a share of the mean of another; both of the same rows."""
        part_at, whole_at = self._positions[part], self._positions[whole]
        value = float(self._means[part_at] / self._means[whole_at])
        draws = None if self._draws is None else self._draws[:, part_at] / self._draws[:, whole_at]
        return _estimate(int(self._counts[whole_at]), value, draws)


def bootstrap_means(table: Floats, *, seed: int) -> Floats:
    """The means of each column in DRAW_COUNT resamples of the rows, as (draw, column).

    NaN is not averaged; where a draw holds nothing else of a column, its mean is NaN. The same
    table and seed give the same means.
    """
    row_count = len(table)
    is_known = ~np.isnan(table)
    values, known = np.where(is_known, table, 0.0), is_known.astype(np.float64)
    shares = np.full(row_count, 1.0 / row_count)
    rng = np.random.default_rng(seed)
    means = np.empty((DRAW_COUNT, table.shape[1]))
    block = max(1, _BLOCK_CELLS // row_count)
    for start in range(0, DRAW_COUNT, block):
        stop = min(start + block, DRAW_COUNT)
        weights = rng.multinomial(row_count, shares, size=stop - start).astype(np.float64)
        means[start:stop] = _divide(weights @ values, weights @ known)
    return means


def _estimate(n: int, value: float, draws: Floats | None) -> Estimate:
    if n == 0:
        return Estimate(n=0)
    if n == 1 or draws is None:
        return Estimate(n=n, value=value)
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(draws[np.isfinite(draws)], (tail, 1.0 - tail))
    return Estimate(n=n, value=value, low=float(low), high=float(high))


def _divide(sums: Floats, counts: Floats) -> Floats:
    quotients = np.full(sums.shape, np.nan)
    np.divide(sums, counts, out=quotients, where=counts > 0)
    return quotients
