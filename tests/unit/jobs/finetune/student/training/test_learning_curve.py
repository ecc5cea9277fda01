"""The loss after parts of the rows, and what twice as many would bring."""

import math
import random
from pathlib import Path

import pytest

from jobs.finetune.student.training.learning_curve import (
    CurveStep,
    describe_curve,
    fit_curve,
    part_sizes,
    write_part,
)


def steps_of(losses: dict[int, float]) -> list[CurveStep]:
    return [CurveStep(row_count=rows, loss=loss) for rows, loss in losses.items()]


def test_parts_are_an_eighth_a_quarter_and_a_half() -> None:
    assert part_sizes(80) == [10, 20, 40]
    assert part_sizes(20) == [5, 10]
    assert part_sizes(6) == []


def test_a_smaller_part_is_in_every_larger_one(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(f"{number}\n" for number in range(40)))

    for size in (5, 20):
        write_part(tmp_path / str(size), rows, size, seed=3)

    small, large = ((tmp_path / str(size)).read_text().splitlines() for size in (5, 20))
    assert len(small) == 5
    assert set(small) < set(large)
    assert len(set(large)) == 20


def test_losses_on_a_line_are_forecast_exactly() -> None:
    curve = fit_curve(steps_of({40: 1.2, 80: 1.1, 160: 1.0, 320: 0.9}), seconds_per_row=6.0)

    assert curve is not None
    assert curve.gain_per_doubling == pytest.approx(0.1)
    assert curve.doubled.row_count == 640
    assert curve.doubled.low == pytest.approx(0.8)
    assert curve.doubled.high == pytest.approx(0.8)
    lines = describe_curve(curve, usd_per_row=0.01)
    assert "320 more, for about $3.20, 64 minutes of training): 0.800 expected" in lines[1]
    assert len(lines) == 2


def test_a_noisy_curve_does_not_promise_anything() -> None:
    curve = fit_curve(steps_of({40: 1.0, 80: 1.2, 160: 0.9, 320: 1.05}), seconds_per_row=1.0)

    assert curve is not None
    lines = describe_curve(curve, usd_per_row=None)
    assert "at a price that is not known" in lines[1]
    assert lines[2] == "the interval does not exclude that more rows bring nothing"


def test_the_interval_holds_the_next_loss_as_often_as_it_says() -> None:
    """95% of 400 lines with normal errors; below 0.92 or above 0.98 once in some 300 tries."""
    rng, held = random.Random(5), 0
    for _ in range(400):
        losses = {n: 2.0 - 0.1 * math.log2(n) + rng.gauss(0, 0.02) for n in (40, 80, 160, 320)}
        curve = fit_curve(steps_of(losses), seconds_per_row=1.0)
        assert curve is not None
        truth = 2.0 - 0.1 * math.log2(640) + rng.gauss(0, 0.02)
        held += curve.doubled.low <= truth <= curve.doubled.high

    assert 0.92 <= held / 400 <= 0.98


def test_two_points_make_no_curve() -> None:
    assert fit_curve(steps_of({10: 1.0, 20: 0.9}), seconds_per_row=1.0) is None
