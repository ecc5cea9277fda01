"""Round numbers for an axis."""

import math
from collections.abc import Sequence

STEPS = (1, 2, 5, 10)


def round_ticks(low: float, high: float, *, count: int = 4, whole: bool = False) -> list[float]:
    """About `count` steps of 1, 2 or 5 times a power of ten that enclose `low` to `high`.

    `whole`: no step is below 1.
    """
    span = high - low or abs(high) or 1.0
    rough = span / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in STEPS if each * power >= rough * (1 - 1e-9))
    if whole:
        step = max(step, 1.0)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, max(last, first + 1) + 1)]


def percent_of(value: float, ticks: Sequence[float]) -> float:
    """Where a value lies between the first tick (0) and the last (100)."""
    return round(100 * (value - ticks[0]) / (ticks[-1] - ticks[0]), 3)
