"""A judge corrected by people: what it says of answers, and how often its intervals hold."""

import numpy as np
import pytest

from jobs.comparison.labels import Labels
from jobs.comparison.models import compare_models
from jobs.comparison.shown.table import describe_comparison
from jobs.comparison.statistics.calibration import JudgedAnswers, correct_mean
from schemas.reviews import Label
from tests.unit.jobs.comparison.evaluations import evaluation_of

NAN = float("nan")


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
