"""Warnings about a comparison: what limits the meaning of its numbers."""

from collections.abc import Iterator, Sequence

from jobs.comparison.shown.table import describe_units, metric_label
from schemas.comparison import Comparison, Difference, Estimate, Power, Unit
from schemas.evaluation import Metric

COVERAGE_MAY_DIFFER_BY = 0.02
LEAK_SHOWN = 0.001  # below it are turns of phrase
FEW_DOCUMENTS = 10  # fewer were not simulated, and say little of other documents


def find_warnings(
    comparison: Comparison,
    *,
    is_demo_grade: bool,
    leaked_share: float = 0.0,
    stale_metrics: Sequence[Metric] = (),
) -> Iterator[str]:
    """One or two sentences for each thing to know, the gravest first.

    `leaked_share`: of the held-out text, what stands in training text. `stale_metrics`: those that
    the judge gave some scores of under other instructions than the present.
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
    if stale_metrics:
        yield (
            f"The judge's instructions have changed since some scores were given "
            f"({', '.join(stale_metrics)}): `distill evaluate` scores them anew."
        )
    yield from _question_warnings(comparison)
    for metric in comparison.metrics:
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
    group = comparison.answerable
    estimates = [d.estimate for d in group.differences] or [each.estimate for each in group.scores]
    counts = [estimate.document_count for estimate in estimates if estimate.n]
    if counts and comparison.unit == "excerpt":
        yield (
            "All questions are about one document: intervals are by excerpt, and hold for other "
            "questions about this document alone."
        )
    elif counts and min(counts) < FEW_DOCUMENTS:
        yield (
            f"A difference rests on {describe_units(min(counts), comparison.unit)}: with fewer "
            f"than {FEW_DOCUMENTS} its interval is wide, and rough."
        )
    of_tuned = [d for d in group.differences if d.contender.role == "tuned"]
    for difference in of_tuned or group.differences:
        if difference.power is not None and _may_be_nothing(difference.estimate):
            yield _too_small(difference, difference.power, comparison.unit)


def _may_be_nothing(estimate: Estimate) -> bool:
    return (
        estimate.low is not None
        and estimate.high is not None
        and estimate.low <= 0 <= estimate.high
    )


def _too_small(difference: Difference, power: Power, unit: Unit) -> str:
    estimate = difference.estimate
    units = describe_units(estimate.document_count, unit)
    needed = power.documents_for_this
    return (
        f"{metric_label(difference.metric)}: {estimate.n:,} questions of {units} cannot tell "
        f"{difference.contender.name} from {difference.versus.name} ({estimate.value:+.3f}, "
        f"{estimate.low:+.3f} to {estimate.high:+.3f})"
        + (f"; a difference of this size would take about {needed:,} {unit}s." if needed else ".")
    )
