"""Corrected intervals over many drawn evaluations whose truth is known."""

import numpy as np

from jobs.comparison.statistics.calibration import JudgedAnswers, correct_mean
from jobs.comparison.statistics.intervals import Averages

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
