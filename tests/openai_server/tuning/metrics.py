"""The curve of a training that never happened: falling loss, growing accuracy, seeded noise."""

import base64
import math
import random
from collections.abc import Iterable
from typing import NamedTuple

_COLUMNS = "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy"
_START_LOSS = 2.0
_END_LOSS = 0.5


class Step(NamedTuple):
    """The metrics after one step (1-based). Without validation data the valid ones are None."""

    number: int
    train_loss: float
    train_accuracy: float
    valid_loss: float | None
    valid_accuracy: float | None


def curve(step_count: int, seed: int, *, has_validation: bool) -> list[Step]:
    """The metrics of every step."""
    uniform = random.Random(seed)
    return [_step(number, step_count, uniform, has_validation) for number in _numbers(step_count)]


def metrics_file(steps: Iterable[Step], *, is_base64: bool) -> bytes:
    """The result file of a job: CSV with a header, plain or in base64."""
    rows = [",".join("" if value is None else str(value) for value in step) for step in steps]
    text = "\n".join([_COLUMNS, *rows, ""]).encode()
    return base64.b64encode(text) if is_base64 else text


def _numbers(step_count: int) -> range:
    return range(1, step_count + 1)


def _step(number: int, step_count: int, uniform: random.Random, has_validation: bool) -> Step:
    decay = math.exp(-4.0 * number / step_count)
    loss = _END_LOSS + (_START_LOSS - _END_LOSS) * decay
    noise = uniform.uniform(-0.05, 0.05)
    train_loss = round(loss + noise, 5)
    valid_loss = round(loss * 1.1 + noise, 5) if has_validation else None
    valid_accuracy = None if valid_loss is None else _accuracy(valid_loss)
    return Step(number, train_loss, _accuracy(train_loss), valid_loss, valid_accuracy)


def _accuracy(loss: float) -> float:
    return round(max(0.0, 1.0 - loss / 4.0), 5)
