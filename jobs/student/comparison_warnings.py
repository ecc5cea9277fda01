"""What a reader of the comparison must know before the numbers mean anything."""

from collections.abc import Iterator

from schemas.comparison import Comparison, RoleDifference
from schemas.evaluation import METRICS, Metric

COVERAGE_MAY_DIFFER_BY = 0.02
FEW_QUESTIONS = 30  # below it a percentile interval is too narrow more often than it says


def metric_label(metric: Metric) -> str:
    """The name of a metric as it is shown."""
    return metric.replace("_", " ").capitalize()


def find_warnings(comparison: Comparison, *, is_demo_grade: bool) -> Iterator[str]:
    """One sentence or two for each thing to know, the gravest first."""
    if is_demo_grade:
        yield (
            "The small local model answered and judged: the scores show that everything runs. Its "
            "faithfulness verdicts are noise."
        )
    yield from _judge_warnings(comparison)
    yield from _mode_warnings(comparison)
    for metric in METRICS:
        yield from _coverage_warnings(comparison, metric)
    yield from _size_warnings(comparison)


def _judge_warnings(comparison: Comparison) -> Iterator[str]:
    if len(comparison.judge_models) > 1:
        judges = ", ".join(comparison.judge_models)
        yield f"The scores are of several judges ({judges}) and cannot be compared."
    for contender in comparison.contenders:
        if contender.model in comparison.judge_models:
            yield (
                f"The judge, {contender.model}, is also the {contender.role}: judges favour their "
                "own answers. Another one is set with evaluation.judge_model."
            )


def _mode_warnings(comparison: Comparison) -> Iterator[str]:
    if len({contender.mode for contender in comparison.contenders}) > 1:
        modes = ", ".join(f"{c.role} {c.mode}-book" for c in comparison.contenders)
        yield (
            f"Not all were asked in the same way ({modes}): the differences are those of having "
            "the source in view as much as those of the models."
        )


def _coverage_warnings(comparison: Comparison, metric: Metric) -> Iterator[str]:
    scores = [score for score in comparison.answerable.scores if score.metric == metric]
    shares = [score.coverage or 0.0 for score in scores]
    if not scores or max(shares) - min(shares) <= COVERAGE_MAY_DIFFER_BY:
        return
    counts = ", ".join(f"{s.role} {s.estimate.n:,} of {s.answer_count:,}" for s in scores)
    yield (
        f"{metric_label(metric)} could not be scored equally often for all ({counts}): compare by "
        "the differences, which use only questions scored for both."
    )


def _size_warnings(comparison: Comparison) -> Iterator[str]:
    differences = [d for d in comparison.answerable.differences if d.role == "tuned"]
    smallest = min((d.estimate.n for d in differences), default=None)
    if smallest is not None and smallest < FEW_QUESTIONS:
        yield (
            f"Only {smallest:,} questions were scored for both: with fewer than {FEW_QUESTIONS} "
            "even the intervals are rough."
        )
    for difference in differences:
        if difference.needed_n is not None:
            yield _too_small(difference, difference.needed_n)


def _too_small(difference: RoleDifference, needed_n: int) -> str:
    estimate = difference.estimate
    return (
        f"{metric_label(difference.metric)}: {estimate.n:,} questions cannot tell "
        f"{difference.role} from {difference.versus} ({estimate.value:+.3f}, {estimate.low:+.3f} "
        f"to {estimate.high:+.3f}); a difference of this size would take about {needed_n:,}."
    )
