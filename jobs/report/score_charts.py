"""The charts of the comparison: means, differences, questions won and lost."""

from markupsafe import Markup

from jobs.comparison.shown.table import NO_VALUE, describe_counts, metric_label, pair_label
from jobs.report.html_figures import (
    Bar,
    BarSegment,
    Interval,
    render_bars,
    render_intervals,
    round_ticks,
)
from schemas.comparison import Comparison, Estimate, GroupComparison
from schemas.evaluation import METRICS, Metric

SHARES, SHARE_TEXTS = (0.0, 0.5, 1.0), ("0%", "50%", "100%")


def chart_scores(comparison: Comparison) -> Markup:
    """The mean of each contender in each metric, with its interval."""
    scores = comparison.answerable.scores
    ticks = _ticks([score.estimate for score in scores], has_zero=False)
    return Markup("").join(
        _headed(
            metric,
            render_intervals(
                [
                    _interval(
                        score.contender.name,
                        score.contender.role,
                        score.estimate,
                        _short(score.estimate, ".3f"),
                    )
                    for score in scores
                    if score.metric == metric
                ],
                ticks,
                [f"{tick:g}" for tick in ticks],
            ),
        )
        for metric in comparison.metrics
    )


def chart_differences(group: GroupComparison) -> Markup:
    """Each difference in each metric, with its interval, beside the line of no difference."""
    ticks = _ticks([each.estimate for each in group.differences], has_zero=True)
    return Markup("").join(
        _headed(
            metric,
            render_intervals(
                [
                    _interval(
                        pair_label(each.contender, each.versus),
                        each.contender.role,
                        each.estimate,
                        _short(each.estimate, "+.3f"),
                    )
                    for each in group.differences
                    if each.metric == metric
                ],
                ticks,
                [f"{tick:+g}" if tick else "0" for tick in ticks],
                zero=0.0,
            ),
        )
        for metric in _metrics_of(group)
    )


def chart_wins(group: GroupComparison) -> Markup:
    """On how many questions each difference is a gain, none, a loss."""
    return Markup("").join(
        _headed(
            metric,
            render_bars(
                [
                    Bar(
                        pair_label(each.contender, each.versus),
                        [
                            BarSegment(style, count / max(each.estimate.n, 1), name)
                            for style, count, name in (
                                ("good", each.win_count, "won"),
                                ("muted", each.tie_count, "tied"),
                                ("bad", each.loss_count, "lost"),
                            )
                        ],
                        describe_counts(each),
                    )
                    for each in group.differences
                    if each.metric == metric
                ],
                SHARES,
                SHARE_TEXTS,
                "",
                has_legend=number == 0,
            ),
        )
        for number, metric in enumerate(_metrics_of(group))
    )


def _short(estimate: Estimate, form: str) -> str:
    return NO_VALUE if estimate.value is None else f"{estimate.value:{form}}"


def _headed(metric: Metric, chart: Markup) -> Markup:
    return Markup("<h4>{}</h4>{}").format(metric_label(metric), chart)


def _metrics_of(group: GroupComparison) -> list[Metric]:
    found = {each.metric for each in group.differences}
    return [metric for metric in METRICS if metric in found]


def _interval(label: str, role: str, estimate: Estimate, text: str) -> Interval:
    return Interval(label, f"role-{role}", estimate.value, estimate.low, estimate.high, text)


def _ticks(estimates: list[Estimate], *, has_zero: bool) -> list[float]:
    """Round numbers that enclose all intervals, and 0 if wanted; scores near 1 do without it."""
    ends = [
        end for each in estimates for end in (each.low, each.high, each.value) if end is not None
    ]
    if not ends:
        return round_ticks(0.0, 1.0)
    if has_zero:
        ends.append(0.0)
    return round_ticks(min(ends), max(ends), count=3)
