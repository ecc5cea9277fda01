"""Quantiles of Student's t distribution, for any number of degrees of freedom above 0."""

import math
from functools import lru_cache
from statistics import NormalDist

NORMAL_ABOVE = 1e6  # degrees of freedom from which on t is normal to six digits

_STEPS = 500
_SMALL = 1e-300
_PRECISE = 1e-15


@lru_cache(maxsize=4096)
def t_quantile(probability: float, degrees: float) -> float:
    """The value that t stays below with this probability (0.5 to 1).

    Found by halving; the distribution is the regularised incomplete beta function (Abramowitz and
    Stegun, 26.7.1), whose continued fraction is 26.5.8 there.
    """
    if degrees > NORMAL_ABOVE:
        return NormalDist().inv_cdf(probability)
    low, high = 0.0, 1.0
    while _cumulative(high, degrees) < probability:
        low, high = high, high * 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if _cumulative(middle, degrees) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _cumulative(value: float, degrees: float) -> float:
    """How likely t is below `value`, which is not negative."""
    square = value * value
    return 1.0 - 0.5 * _incomplete_beta(degrees / (degrees + square), degrees / 2, 0.5)


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """I_x(a, b); mirrored where the fraction would converge slowly."""
    if x in (0.0, 1.0):
        return x
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1.0 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function, from its front on (Lentz)."""
    top, bottom = 1.0, 1.0 / _nonzero(1 - (a + b) * x / (a + 1))
    value = bottom
    for step in range(1, _STEPS):
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        change = 1.0
        for part in (even, odd):
            bottom = 1.0 / _nonzero(1 + part * bottom)
            top = _nonzero(1 + part / top)
            change = top * bottom
            value *= change
        if abs(change - 1) < _PRECISE:
            break
    return value


def _nonzero(number: float) -> float:
    return number if abs(number) > _SMALL else _SMALL
