"""Warnings about a comparison: what limits the meaning of its numbers."""

from collections.abc import Iterator

from jobs.comparison.table import metric_label
from schemas.comparison import Comparison, Difference
from schemas.evaluation import METRICS, Metric

COVERAGE_MAY_DIFFER_BY = 0.02
LEAK_SHOWN = 0.001  # below it are turns of phrase
FEW_QUESTIONS = 30  # below it a percentile interval is too narrow more often than it says


def find_warnings(
    comparison: Comparison, *, is_demo_grade: bool, leaked_share: float = 0.0
) -> Iterator[str]:
    """One or two sentences for each thing to know, the gravest first.

    `leaked_share`: of the held-out text, what stands in training text.
    """
    if is_demo_grade:
        yield (
            "The small local model answered and judged: the scores show that everything runs, and "
            "no more. Its faithfulness verdicts are noise."
        )
    if leaked_share >= LEAK_SHOWN:
        yield (
            f"{leaked_share:.1%} of the held-out text stands in training text too: answers about "
            "it may be remembered."
        )
    yield from _judge_warnings(comparison)
    yield from _question_warnings(comparison)
    for metric in METRICS:
        yield from _coverage_warnings(comparison, metric)
    yield from _size_warnings(comparison)


def _judge_warnings(comparison: Comparison) -> Iterator[str]:
    for judge in comparison.judge_models:
        roles = dict.fromkeys(c.role for c in comparison.contenders if c.model == judge)
        if roles:
            yield (
                f"The judge, {judge}, is also the {' and the '.join(roles)}: judges favour their "
                "own answers. Another one is set with judge.model."
            )
    models = {contender.role: contender.model for contender in comparison.contenders}
    if models.get("baseline") == models.get("teacher", ""):
        yield f"Baseline and teacher are one model, {models['teacher']}: no gap is to be closed."
    if len(comparison.ragas_versions) > 1:
        versions = ", ".join(comparison.ragas_versions)
        yield f"The scores are of several versions of ragas ({versions}), which may differ."


def _question_warnings(comparison: Comparison) -> Iterator[str]:
    refusals = comparison.answerable.refusals
    if len({refusal.answer_count for refusal in refusals}) > 1:
        counts = ", ".join(f"{r.contender.name} {r.answer_count:,}" for r in refusals)
        yield (
            f"Not all have answered the same questions ({counts}): compare by the differences, "
            "which use only questions scored for both."
        )


def _coverage_warnings(comparison: Comparison, metric: Metric) -> Iterator[str]:
    scores = [s for s in comparison.answerable.scores if s.metric == metric and s.answer_count]
    shares = [score.estimate.n / score.answer_count for score in scores]
    if scores and max(shares) - min(shares) > COVERAGE_MAY_DIFFER_BY:
        counts = ", ".join(
            f"{s.contender.name} {s.estimate.n:,} of {s.answer_count:,}" for s in scores
        )
        yield (
            f"{metric_label(metric)} could not be scored equally often for all ({counts}): compare "
            "by the differences, which use only questions scored for both."
        )


def _size_warnings(comparison: Comparison) -> Iterator[str]:
    differences = comparison.answerable.differences
    of_tuned = [difference for difference in differences if difference.contender.role == "tuned"]
    counts = [difference.estimate.n for difference in differences if difference.estimate.n]
    smallest = min(counts, default=FEW_QUESTIONS)
    if smallest < FEW_QUESTIONS:
        yield (
            f"A difference rests on {smallest:,} questions: with fewer than {FEW_QUESTIONS} even "
            "its interval is rough."
        )
    for difference in of_tuned or differences:
        if difference.needed_n is not None:
            yield _too_small(difference, difference.needed_n)


def _too_small(difference: Difference, needed_n: int) -> str:
    estimate = difference.estimate
    return (
        f"{metric_label(difference.metric)}: {estimate.n:,} questions cannot tell "
        f"{difference.contender.name} from {difference.versus.name} ({estimate.value:+.3f}, "
        f"{estimate.low:+.3f} to {estimate.high:+.3f}); a difference of this size would take about "
        f"{needed_n:,}."
    )
