"""The result file of a fine-tuning job: a training curve as CSV, plain or in base64."""

import base64
import binascii
import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from schemas.finetuning import TrainingMetric
from schemas.record import content_id

BARS = "▁▂▃▄▅▆▇█"
CURVE_CHARS = 40
MAX_STEP_DIGITS = 18


def read_metrics(content: bytes, job_id: str) -> list[TrainingMetric]:
    """The steps of a result file; rows without a step are skipped.

    Columns are those of OpenAI: step, train_loss, train_accuracy, valid_loss and
    valid_mean_token_accuracy.
    """
    rows = csv.DictReader(io.StringIO(_decode(content), newline=None))
    try:
        return _read_rows(rows, job_id)
    except csv.Error:  # a binary file, for one: a curve less, but a model all the same
        return []


def _read_rows(rows: Iterable[Mapping[str, str | None]], job_id: str) -> list[TrainingMetric]:
    return [
        TrainingMetric(
            metric_id=content_id("metric", job_id, int(step)),
            job_id=job_id,
            step=int(step),
            train_loss=_number(row.get("train_loss")),
            train_accuracy=_number(row.get("train_accuracy")),
            valid_loss=_number(row.get("valid_loss")),
            valid_accuracy=_number(row.get("valid_mean_token_accuracy")),
        )
        for row in rows
        if (step := row.get("step") or "").isdecimal() and len(step) < MAX_STEP_DIGITS
    ]


def draw_curve(values: Sequence[float]) -> str:
    """The course of some values in one line: from the highest to the lowest of them."""
    if not values:
        return ""
    step = -(-len(values) // CURVE_CHARS)
    shown = values[::step]
    low, high = min(shown), max(shown)
    span = (high - low) or 1.0
    return "".join(BARS[round((value - low) / span * (len(BARS) - 1))] for value in shown)


def _decode(content: bytes) -> str:
    with suppress(binascii.Error):  # it is plain: a comma is in no base64
        content = base64.b64decode(b"".join(content.split()), validate=True)
    return content.decode("utf-8-sig", errors="replace")


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
