"""A judge corrected by people: what it says of answers, and how often its intervals hold."""

import numpy as np
import pytest

from jobs.comparison.labels import Labels
from jobs.comparison.models import compare_models
from jobs.comparison.shown.table import describe_comparison
from jobs.comparison.statistics.calibration import JudgedAnswers, correct_mean
from jobs.comparison.statistics.intervals import Averages
from schemas.reviews import Label
from tests.unit.jobs.comparison.evaluations import evaluation_of

DRAWS = 1_000
ANSWERS, DOCUMENTS, LABELS = 300, 30, 80
KINDNESS = 0.2
NAN = float("nan")


def draw(rng: np.random.Generator) -> tuple[JudgedAnswers, float]:
    """Answers whose truth is known, a judge that is 0.2 too kind, labels drawn by stratum."""
    units = np.arange(ANSWERS) % DOCUMENTS
    level = np.clip(0.6 + 0.12 * rng.normal(size=DOCUMENTS)[units], 0, 1)
    truth = np.clip(level + 0.15 * rng.normal(size=ANSWERS), 0, 1)
    values = np.minimum(truth + KINDNESS + 0.1 * rng.normal(size=ANSWERS), 1.0)
    strata = (values == 1.0).astype(np.intp)
    labels = np.full(ANSWERS, NAN)
    for stratum in (0, 1):
        among = np.flatnonzero(strata == stratum)
        chosen = rng.choice(among, min(LABELS // 2, len(among)), replace=False)
        labels[chosen] = truth[chosen]
    return JudgedAnswers(values, labels, units, strata), 0.6


def test_corrected_interval_holds_where_that_of_a_kind_judge_does_not() -> None:
    rng = np.random.default_rng(20_261_129)
    corrected_hits = raw_hits = 0
    for _ in range(DRAWS):
        judged, truth = draw(rng)
        found = correct_mean(judged)
        raw = Averages({"a": judged.values}, judged.units).mean("a", is_score=True)
        assert found.low is not None
        assert found.high is not None
        assert raw.low is not None
        assert raw.high is not None
        corrected_hits += found.low <= truth <= found.high
        raw_hits += raw.low <= truth <= raw.high

    assert corrected_hits / DRAWS >= 0.93
    assert raw_hits / DRAWS < 0.10


def test_labels_that_agree_with_the_judge_change_nothing() -> None:
    values = np.random.default_rng(1).uniform(0, 0.9, 60)
    labels = np.where(np.arange(60) % 3 == 0, values, NAN)

    found = correct_mean(
        JudgedAnswers(values, labels, np.arange(60) // 3, np.zeros(60, dtype=np.intp))
    )

    assert found.value == pytest.approx(values.mean())


def test_stratum_without_two_labels_has_no_correction() -> None:
    values, labels = np.array([1.0, 1.0, 0.5, 0.5]), np.array([1.0, 0.0, 0.5, NAN])

    found = correct_mean(JudgedAnswers(values, labels, np.arange(4), np.array([0, 0, 1, 1])))

    assert found.value is None


def label(answer_id: str, value: float) -> Label:
    return Label(
        label_id=answer_id,
        answer_id=answer_id,
        metric="faithfulness",
        value=value,
        labeler="anna",
        at="2026-01-01T00:00:00+00:00",
    )


def test_comparison_says_what_people_make_of_the_judge() -> None:
    evaluation = evaluation_of({"tuned": [0.9, 0.7] * 15}, document_count=15)
    answers = [answer.answer_id for answer in evaluation.answers]
    labels: Labels = {(each, "faithfulness"): label(each, 0.4) for each in answers[:10]}

    comparison = compare_models(evaluation, is_demo_grade=False, labels=labels)

    (found,) = comparison.calibrations
    assert found.label_count == 10
    assert found.judge_mean == pytest.approx(0.8)
    assert found.value == pytest.approx(0.4)
    assert "corrected by 10 labels" in describe_comparison(comparison)


def test_without_labels_the_judge_is_called_uncalibrated() -> None:
    comparison = compare_models(evaluation_of({"tuned": [0.5] * 4}), is_demo_grade=False)

    assert "judge: uncalibrated" in describe_comparison(comparison)
