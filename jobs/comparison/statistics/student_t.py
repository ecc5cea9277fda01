"""Quantiles of Student's t distribution, for any number of degrees of freedom above 0."""

import math
from functools import lru_cache
from statistics import NormalDist

NORMAL_ABOVE = 1e6  # degrees of freedom from which on t is normal to six digits

_STEPS = 500
_MOST_STEPS = 200
_SMALL = 1e-300
_PRECISE = 1e-15


@lru_cache(maxsize=4096)
def t_quantile(probability: float, degrees: float) -> float:
    """The value that t stays below with this probability (0.5 to 1).

    Found by Newton's steps from the normal quantile: the distribution is concave above 0, so none
    goes too far. It is the regularised incomplete beta function (Abramowitz and Stegun, 26.7.1),
    whose continued fraction is 26.5.8 there.
    """
    value = NormalDist().inv_cdf(probability)
    if degrees > NORMAL_ABOVE:
        return value
    for _ in range(_MOST_STEPS):
        step = (probability - _cumulative(value, degrees)) / _density(value, degrees)
        if step <= _PRECISE * value:
            break
        value += step
    return value


def _density(value: float, degrees: float) -> float:
    """How dense t is at a value (Abramowitz and Stegun, the derivative of 26.7.1)."""
    half = (degrees + 1) / 2
    scale = math.lgamma(half) - math.lgamma(degrees / 2) - math.log(degrees * math.pi) / 2
    return math.exp(scale - half * math.log1p(value * value / degrees))


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
    top, bottom = 1.0, 1.0 / ((1 - (a + b) * x / (a + 1)) or _SMALL)
    value = bottom
    for step in range(1, _STEPS):
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        change = 1.0
        for part in (even, odd):
            bottom = 1.0 / ((1 + part * bottom) or _SMALL)
            top = (1 + part / top) or _SMALL
            change = top * bottom
            value *= change
        if abs(change - 1) < _PRECISE:
            break
    return value
