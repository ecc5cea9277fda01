"""Means with 95% intervals that know that questions of one document are alike."""

import math
from collections.abc import Hashable, Mapping
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from jobs.comparison.statistics.student_t import t_quantile
from schemas.comparison import Estimate

Floats = NDArray[np.float64]
Units = NDArray[np.intp]
Key = TypeVar("Key", bound=Hashable)

CONFIDENCE = 0.95
UPPER = (1 + CONFIDENCE) / 2  # the probability below the upper end of an interval

_NOTHING = 1e-15  # a variance below it is that of rounding
_ROUNDING = 1e-6  # a cosine of vectors of 32-bit numbers may lie so far above 1


class Spread(NamedTuple):
    """A mean over `n` rows of `unit_count` units, its variance, and the degrees of freedom.

    `correction`: what the variance was multiplied by for the units' unequal sizes.
    """

    n: int
    unit_count: int
    mean: float
    variance: float
    degrees: float
    correction: float

    @property
    def half_width(self) -> float:
        """Half of the t interval; where all rows are equal, as far as as many units can tell."""
        t = t_quantile(UPPER, self.degrees)
        if self.variance < _NOTHING:
            return t * t / (self.unit_count + t * t)
        return t * math.sqrt(self.variance)


class Averages(Generic[Key]):
    """Means of columns of one table (NaN: not measured), with intervals if units are given.

    `units` says of each row to which unit it belongs: rows of one unit, those of a document, may
    be as alike as they like, units are independent: variances are cluster-robust.
    The interval of a score between 0 and 1 is Wilson's with the n that such a variance amounts to:
    it stays within 0 and 1 and holds where nearly all scores are 1. Others are t intervals, as far
    as values can be. Columns that are differences of models row by row are paired: what models have
    in common cancels out.
    A mean over fewer than two units has no interval.
    """

    def __init__(self, columns: Mapping[Key, Floats], units: Units | None) -> None:
        self._columns = columns
        self._units = units

    def mean(self, key: Key, *, is_score: bool = False, farthest: float = math.inf) -> Estimate:
        """The mean of a column; `is_score`: its values lie between 0 and 1, or are cosines.

        `farthest`: how far from 0 a value can be, so that no interval says more.
        """
        values, units = self._known(self._columns[key])
        if not len(values):
            return Estimate(n=0)
        is_share = is_score and values.min() >= -_ROUNDING and values.max() <= 1 + _ROUNDING
        values = values.clip(0.0, 1.0) if is_share else values.clip(-farthest, farthest)
        plain = Estimate(n=len(values), value=float(values.mean()))
        if units is None:
            return plain
        layout = _lay_out(units)
        plain = plain.model_copy(update={"document_count": layout.unit_count})
        if layout.unit_count < 2:
            return plain
        spread = _spread_of(values, layout)
        if is_share:
            low, high = _wilson(spread)
        else:
            low = max(-farthest, spread.mean - spread.half_width)
            high = min(farthest, spread.mean + spread.half_width)
        return plain.model_copy(update={"low": low, "high": high})

    def spread(self, key: Key) -> Spread | None:
        """How a column scatters; None where it has no interval."""
        values, units = self._known(self._columns[key])
        if units is None:
            return None
        layout = _lay_out(units)
        return None if layout.unit_count < 2 else _spread_of(values, layout)

    def ratio(self, part: Key, whole: Key) -> Estimate:
        """The mean of one column as a share of that of another, both of the same rows.

        The interval is Fieller's: the shares at which part - share * whole may have a mean of 0.
        """
        parts, units = self._known(self._columns[part])
        wholes, _ = self._known(self._columns[whole])
        share = float(parts.mean() / wholes.mean())
        plain = Estimate(n=len(parts), value=share)
        if units is None:
            return plain
        layout = _lay_out(units)
        plain = plain.model_copy(update={"document_count": layout.unit_count})
        if layout.unit_count < 2:
            return plain
        found = _fieller(parts, wholes, share, layout)
        return plain if found is None else plain.model_copy(update=found)

    def _known(self, column: Floats) -> tuple[Floats, Units | None]:
        is_known = ~np.isnan(column)
        return column[is_known], None if self._units is None else self._units[is_known]


def measure_spread(values: Floats, units: Units) -> Spread:
    """The mean, its variance and its degrees of freedom, for rows in two or more units.

    The variance is that of the residuals' sums by unit, each divided by its leverage (CR2, Bell
    and McCaffrey 2002), which is right for units of equal size. What unequal sizes change is
    estimated under a model in which rows of one unit correlate as much as they do here (analysis
    of variance): the variance is multiplied by what it is too small by there, and the degrees of
    freedom are Satterthwaite's.
    """
    return _spread_of(values, _lay_out(units))


def _spread_of(values: Floats, layout: "_Layout") -> Spread:
    sums = layout.sums(values)
    correlation = _intraclass_correlation(values, layout.sizes, sums)
    each = layout.sizes * (1 - correlation + correlation * layout.sizes)
    expected, degrees = _satterthwaite(layout, each)
    correction = float(each.sum()) / layout.n**2 / expected
    residuals = layout.weights * (sums - layout.sizes * float(values.mean()))
    variance = float(residuals @ residuals) * correction
    return Spread(
        n=layout.n,
        unit_count=len(layout.sizes),
        mean=float(values.mean()),
        variance=variance,
        degrees=degrees,
        correction=correction,
    )


class _Layout(NamedTuple):
    """Which rows belong together: the unit of each row, counted from 0, and of units their sizes.

    `weights`: what a unit's residual sum counts for in the mean, made larger by its leverage.
    """

    places: Units
    sizes: Floats
    leverage: Floats
    weights: Floats

    @property
    def n(self) -> int:
        return len(self.places)

    @property
    def unit_count(self) -> int:
        return len(self.sizes)

    def sums(self, values: Floats) -> Floats:
        return np.bincount(self.places, weights=values).astype(np.float64)

    def weighted_residuals(self, values: Floats) -> Floats:
        return self.weights * (self.sums(values) - self.sizes * float(values.mean()))


def _lay_out(units: Units) -> _Layout:
    """Lay out rows by their units, which are small numbers."""
    counts = np.bincount(units)
    is_there = counts > 0
    places = (np.cumsum(is_there) - 1)[units]
    sizes = counts[is_there].astype(np.float64)
    n = len(places)
    leverage = sizes / max(n, 1)
    weights = np.zeros_like(sizes) if len(sizes) < 2 else 1 / (n * np.sqrt(1 - leverage))
    return _Layout(places, sizes, leverage, weights)


def _satterthwaite(layout: _Layout, each: Floats) -> tuple[float, float]:
    """What the robust variance is expected to be in the model, and its degrees of freedom.

    `each` is the variance of each unit's sum in the model. The robust variance is a quadratic
    form; its matrix by units is diag(d) - u v' - v u' + w u u', whose trace and square need no
    matrix.
    """
    weights = layout.weights
    d, u, v = weights**2 * each, weights * layout.leverage, weights * each
    w, uu, uv, vv = float(each.sum()), float(u @ u), float(u @ v), float(v @ v)
    du = d * u
    trace = float(d.sum()) + w * uu - 2 * uv
    square = float(d @ d) + 2 * (w * float(du @ u) - 2 * float(du @ v))
    square += (w * uu - uv) ** 2 - 2 * uu * (w * uv - vv) + uv**2
    return trace, trace**2 / square


def _intraclass_correlation(values: Floats, sizes: Floats, sums: Floats) -> float:
    """How alike rows of one unit are, 0 to 1: the share of the variance that is between units."""
    n, unit_count = len(values), len(sizes)
    if n == unit_count:
        return 0.0
    squares = float((sums**2 / sizes).sum())
    between = (squares - float(values.sum()) ** 2 / n) / (unit_count - 1)
    within = max((float((values**2).sum()) - squares) / (n - unit_count), 0.0)
    usual_size = (n - float((sizes**2).sum()) / n) / (unit_count - 1)
    variance = max((between - within) / usual_size, 0.0)
    return variance / (variance + within) if variance > _NOTHING else 0.0


def _wilson(spread: Spread) -> tuple[float, float]:
    """Wilson's interval of a share, for as many independent questions as these are worth.

    Where all scores are equal, that is one a unit.
    """
    p, t = spread.mean, t_quantile(UPPER, spread.degrees)
    worth = p * (1 - p) / spread.variance if spread.variance >= _NOTHING else spread.unit_count
    shrink = 1 + t * t / worth
    middle = (p + t * t / (2 * worth)) / shrink
    half = t / shrink * math.sqrt(max(p * (1 - p), 0.0) / worth + (t / (2 * worth)) ** 2)
    low, high = max(middle - half, 0.0), min(middle + half, 1.0)
    return min(low, p), max(high, p)  # rounding puts the ends beside a p of 0 or 1


def _fieller(
    parts: Floats, wholes: Floats, share: float, layout: _Layout
) -> dict[str, float] | None:
    """The ends of the interval of a ratio; None where it has no end."""
    spread = _spread_of(parts - share * wholes, layout)
    square = t_quantile(UPPER, spread.degrees) ** 2 * spread.correction
    part, whole = layout.weighted_residuals(parts), layout.weighted_residuals(wholes)
    a = float(wholes.mean()) ** 2 - square * float(whole @ whole)
    b = float(parts.mean() * wholes.mean()) - square * float(part @ whole)
    c = float(parts.mean()) ** 2 - square * float(part @ part)
    if a <= 0:
        return None
    root = math.sqrt(max(b * b - a * c, 0.0))
    return {"low": (b - root) / a, "high": (b + root) / a}
