"""How many rows are enough: the loss after parts of them, and what more would bring."""

import math
import random
from collections.abc import Sequence
from pathlib import Path

from engine.files.replace import replace_file
from schemas.record import Value

PARTS = (8, 4, 2)  # of all rows an eighth, a quarter, a half
LEAST_ROWS = 4
CURVE_NAME = "curve.json"
# Two-sided 95% quantiles of Student's t by degrees of freedom: points less two.
_T_QUANTILES = {1: 12.706, 2: 4.303}


class CurveStep(Value):
    """The validation loss after a training on so many rows, in nats a token."""

    row_count: int
    loss: float


class Forecast(Value):
    """The loss that is expected with so many rows, and its 95% interval."""

    row_count: int
    loss: float
    low: float
    high: float


class LearningCurve(Value):
    """RUN/student/JOB/curve.json: what was measured, and what twice as many rows would bring.

    `seconds_per_row` is training alone. `gain_per_doubling` is by how much the loss falls.
    """

    steps: tuple[CurveStep, ...]
    gain_per_doubling: float
    doubled: Forecast
    seconds_per_row: float


def part_sizes(row_count: int) -> list[int]:
    """How many rows the parts have, the smallest first; all rows are not among them."""
    sizes = {row_count // part for part in PARTS}
    return sorted(size for size in sizes if LEAST_ROWS <= size < row_count)


def write_part(path: Path, rows_path: Path, size: int, *, seed: int) -> None:
    """Write `size` rows of a file, by chance; a smaller part is in every larger one.

    Raises:
        StorageError: the disk refused it.
    """
    lines = [line for line in rows_path.read_bytes().splitlines() if line.strip()]
    random.Random(seed).shuffle(lines)  # noqa: S311 - no secret
    replace_file(path, lines[:size])


def fit_curve(steps: Sequence[CurveStep], *, seconds_per_row: float) -> LearningCurve | None:
    """A line through loss by the logarithm of rows, and its forecast; None below three points.

    The interval is that of a new observation (least squares with normal errors): wide, since
    there are few points.
    """
    freedom = len(steps) - 2
    if freedom not in _T_QUANTILES:
        return None
    places = [math.log2(step.row_count) for step in steps]
    losses = [step.loss for step in steps]
    middle, level = sum(places) / len(places), sum(losses) / len(losses)
    spread = sum((place - middle) ** 2 for place in places)
    slope = sum((p - middle) * (y - level) for p, y in zip(places, losses, strict=True)) / spread
    errors = [y - level - slope * (p - middle) for p, y in zip(places, losses, strict=True)]
    scatter = math.sqrt(sum(error**2 for error in errors) / freedom)
    doubled = max(step.row_count for step in steps) * 2
    away = math.log2(doubled) - middle
    loss = level + slope * away
    reach = _T_QUANTILES[freedom] * scatter * math.sqrt(1 + 1 / len(steps) + away**2 / spread)
    return LearningCurve(
        steps=tuple(steps),
        gain_per_doubling=-slope,
        doubled=Forecast(row_count=doubled, loss=loss, low=loss - reach, high=loss + reach),
        seconds_per_row=seconds_per_row,
    )


def describe_curve(curve: LearningCurve, *, usd_per_row: float | None) -> list[str]:
    """The curve in lines: what was measured, what twice as many rows would bring and cost."""
    measured = ", ".join(f"{step.row_count:,} rows {step.loss:.3f}" for step in curve.steps)
    doubled, last = curve.doubled, curve.steps[-1]
    more = doubled.row_count - last.row_count
    price = "at a price that is not known"
    if usd_per_row is not None:
        price = f"for about ${usd_per_row * more:,.2f}"
    minutes = curve.seconds_per_row * doubled.row_count / 60
    lines = [
        f"validation loss after parts of the rows: {measured}",
        f"twice as many ({more:,} more, {price}, {minutes:,.0f} minutes of training): "
        f"{doubled.loss:.3f} expected [{doubled.low:.3f}, {doubled.high:.3f}]",
    ]
    if doubled.high >= last.loss:
        lines.append("the interval does not exclude that more rows bring nothing")
    return lines
