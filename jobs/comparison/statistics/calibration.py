"""Means of the judge, corrected by what people said of a sample (prediction-powered inference)."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobs.comparison.labels import LABELLED, Labels, Stratum, judged_values, stratum_of
from jobs.comparison.statistics.intervals import UPPER, Floats, Units, measure_spread
from jobs.comparison.statistics.student_t import t_quantile
from jobs.comparison.statistics.units import number_units
from jobs.evaluation.read_evaluation import Evaluation
from schemas.comparison import Calibration, Contender, Unit
from schemas.evaluation import Metric

MIN_LABELS = 2  # of a stratum that has answers: fewer say nothing of how they scatter

Ints = NDArray[np.intp]


class JudgedAnswers(NamedTuple):
    """The answers of one contender: the judge's values, each answer's unit and stratum.

    `labels` are NaN where there is no label.
    """

    values: Floats
    labels: Floats
    units: Units
    strata: Ints


class Corrected(NamedTuple):
    """A corrected mean and the ends of its interval; no mean: too few labels."""

    value: float | None
    low: float | None = None
    high: float | None = None


def calibrate(
    evaluation: Evaluation, contenders: Sequence[Contender], labels: Labels, unit: Unit
) -> Iterator[Calibration]:
    """One calibration for each contender and metric with a labelled answer."""
    samples = {sample.sample_id: sample for sample in evaluation.samples}
    values = judged_values(evaluation)
    for metric in LABELLED:
        for contender in contenders:
            answers = [
                answer
                for answer in evaluation.answers
                if (answer.role, answer.mode) == (contender.role, contender.mode)
                and metric in values.get(answer.answer_id, {})
            ]
            found = [labels.get((answer.answer_id, metric)) for answer in answers]
            if not any(found):
                continue
            strata = [stratum_of(answer, values[answer.answer_id]) for answer in answers]
            judged = JudgedAnswers(
                values=np.array([values[answer.answer_id][metric] for answer in answers]),
                labels=np.array([label.value if label else np.nan for label in found]),
                units=number_units([samples[answer.sample_id] for answer in answers], unit),
                strata=_numbered(strata),
            )
            yield _calibration(contender, metric, judged)


def _numbered(strata: Sequence[Stratum]) -> Ints:
    numbers = {stratum: number for number, stratum in enumerate(dict.fromkeys(strata))}
    return np.array([numbers[stratum] for stratum in strata], dtype=np.intp)


def _calibration(contender: Contender, metric: Metric, judged: JudgedAnswers) -> Calibration:
    corrected = correct_mean(judged)
    return Calibration(
        contender=contender,
        metric=metric,
        label_count=int((~np.isnan(judged.labels)).sum()),
        judge_mean=float(judged.values.mean()),
        value=corrected.value,
        low=corrected.low,
        high=corrected.high,
        kappa=_kappa(judged),
    )


def correct_mean(judged: JudgedAnswers) -> Corrected:
    """The judge's mean over all answers plus its mean error over the labelled ones.

    Prediction-powered inference (Angelopoulos et al. 2023), with the error weighted by stratum, as
    the sample was drawn, and both variances by document. The interval is as wide as the labels
    make it: a judge that agrees with people makes it narrow, a biased one is put right.
    """
    is_labelled = ~np.isnan(judged.labels)
    weights = _weights(judged.strata, is_labelled)
    if weights is None or len(np.unique(judged.units)) < 2:
        return Corrected(None)
    errors = (judged.labels - judged.values)[is_labelled]
    strata, units = judged.strata[is_labelled], judged.units[is_labelled]
    value = float(judged.values.mean() + (weights * errors).sum())
    spread = measure_spread(judged.values, judged.units)
    variance, degrees = _error_variance(errors, weights, strata, units)
    total = spread.variance + variance
    if total <= 0:
        return Corrected(value)
    joint = total**2 / (spread.variance**2 / spread.degrees + variance**2 / degrees)
    half = t_quantile(UPPER, joint) * math.sqrt(total)
    return Corrected(value, max(value - half, 0.0), min(value + half, 1.0))


def _weights(strata: Ints, is_labelled: NDArray[np.bool_]) -> Floats | None:
    """What each labelled answer stands for: its stratum's share, divided by the labels in it."""
    sizes = np.bincount(strata)
    labelled = np.bincount(strata[is_labelled], minlength=len(sizes))
    if (labelled < MIN_LABELS).any():
        return None
    weights: Floats = (sizes / sizes.sum() / labelled)[strata[is_labelled]]
    return weights


def _error_variance(
    errors: Floats, weights: Floats, strata: Ints, units: Units
) -> tuple[float, float]:
    """The variance of the weighted mean error, robust to documents, and its degrees of freedom."""
    stratum_count = len(np.unique(strata))
    means = np.bincount(strata, weights=errors) / np.maximum(np.bincount(strata), 1)
    _, places = np.unique(units, return_inverse=True)
    sums = np.bincount(places, weights=weights * (errors - means[strata]))
    unit_count = len(sums)
    degrees = max(min(unit_count - 1, len(errors) - stratum_count), 1)
    correction = len(errors) / (len(errors) - stratum_count)
    return float((sums**2).sum()) * correction, float(degrees)


def _kappa(judged: JudgedAnswers) -> float | None:
    """Cohen's kappa of judge and person on which answers are mostly right; None: chance alone."""
    is_labelled = ~np.isnan(judged.labels)
    one, other = judged.values[is_labelled] > 0.5, judged.labels[is_labelled] > 0.5
    observed, first, second = (one == other).mean(), one.mean(), other.mean()
    by_chance = first * second + (1 - first) * (1 - second)
    return float((observed - by_chance) / (1 - by_chance)) if by_chance < 1 else None
