"""How far several judges agree on the same answers."""

import numpy as np

from engine.files.records import read_records
from engine.run_folder import RunFolder
from jobs.comparison.group import TIE_BELOW
from jobs.comparison.statistics.intervals import Floats
from jobs.evaluation.read_evaluation import Evaluation
from jobs.evaluation.score_answers import SCORES
from schemas.comparison import JudgeAgreement
from schemas.evaluation import Metric, Score

Values = dict[str, float]  # by answer


def read_judge_agreements(folder: RunFolder, evaluation: Evaluation) -> tuple[JudgeAgreement, ...]:
    """For each metric and each other judge that has scored the same answers. Memory: all scores.

    Raises:
        DamagedLogError: a line is damaged.
    """
    own: dict[Metric, Values] = {}
    for score in evaluation.scores:
        if score.judge_model and score.value is not None:
            own.setdefault(score.metric, {})[score.answer_id] = score.value
    judges = {score.metric: score.judge_model for score in evaluation.scores}
    by_ragas = {bool(score.ragas_version) for score in evaluation.scores}
    others: dict[tuple[Metric, str], Values] = {}
    for score in read_records(folder.results_path(SCORES.name), Score):
        if _is_of_another(score, judges.get(score.metric, ""), by_ragas) and (
            score.value is not None and score.answer_id in own.get(score.metric, {})
        ):
            others.setdefault((score.metric, score.judge_model), {})[score.answer_id] = score.value
    return tuple(
        _agreement(metric, judges[metric], other, own[metric], values)
        for (metric, other), values in sorted(others.items())
    )


def describe_agreement(agreement: JudgeAgreement) -> str:
    """In words, for people."""
    correlation = agreement.correlation
    alike = (
        "no correlation can be told" if correlation is None else f"correlation {correlation:.2f}"
    )
    same = "" if agreement.same_share is None else f", {agreement.same_share:.0%} the same"
    return (
        f"judges, {agreement.metric.replace('_', ' ')}: {agreement.other} beside "
        f"{agreement.judge}: {alike}, {agreement.mean_difference:+.3f} on average"
        f"{same}, n={agreement.answer_count}"
    )


def _is_of_another(score: Score, judge: str, by_ragas: set[bool]) -> bool:
    """Whether a score is by another judge that was asked in the same way."""
    is_other = bool(judge) and score.judge_model not in ("", judge)
    return is_other and bool(score.ragas_version) in by_ragas


def _agreement(
    metric: Metric, judge: str, other: str, own: Values, values: Values
) -> JudgeAgreement:
    left = np.array([own[answer_id] for answer_id in values])
    right = np.array(list(values.values()))
    return JudgeAgreement(
        metric=metric,
        judge=judge,
        other=other,
        answer_count=len(values),
        correlation=_correlation(left, right),
        mean_difference=float(np.mean(right - left)),
        same_share=float(np.mean(np.abs(right - left) < TIE_BELOW)),
    )


def _correlation(left: Floats, right: Floats) -> float | None:
    """Pearson's; None where one of both says the same of all answers."""
    if min(left.std(), right.std()) == 0:
        return None
    return float(np.corrcoef(left, right)[0, 1])
