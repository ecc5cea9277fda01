"""The charts of the comparison: means, differences, questions won and lost."""

from collections.abc import Sequence

import altair as alt
from markupsafe import Markup

from jobs.comparison.table import metric_label, pair_label
from jobs.report.chart_style import (
    BAD,
    BAR_STEP,
    FAINT_INK,
    GOOD,
    INK,
    MUTED,
    SERIES,
    Datum,
    inline_data,
    render_svg,
)
from schemas.comparison import Comparison, Estimate, GroupComparison
from schemas.evaluation import ROLES

PLOT_WIDTH = 185


def chart_scores(comparison: Comparison) -> Markup:
    """The mean of each contender in each metric, with its interval."""
    values: list[Datum] = [
        _value(score.estimate, score.contender.name)
        | {"role": score.contender.role, "metric": metric_label(score.metric)}
        for score in comparison.answerable.scores
    ]
    names = [contender.name for contender in comparison.contenders]
    return _chart_estimates(values, names, title="mean, 95% interval")


def chart_differences(group: GroupComparison) -> Markup:
    """Each difference in each metric, with its interval, beside the line of no difference."""
    values: list[Datum] = [
        _value(difference.estimate, pair_label(difference.contender, difference.versus))
        | {"role": difference.contender.role, "metric": metric_label(difference.metric)}
        for difference in group.differences
    ]
    names = list(dict.fromkeys(str(value["name"]) for value in values))
    zero = alt.Chart().mark_rule(color=FAINT_INK, strokeDash=[3, 3]).encode(x=alt.datum(0))
    return _chart_estimates(values, names, zero, title="difference, 95% interval")


def chart_wins(group: GroupComparison) -> Markup:
    """On how many questions each difference is a gain, none, a loss."""
    values: list[Datum] = [
        {
            "name": pair_label(difference.contender, difference.versus),
            "metric": metric_label(difference.metric),
            "end": end,
            "count": count,
        }
        for difference in group.differences
        for end, count in (
            ("won", difference.win_count),
            ("tied", difference.tie_count),
            ("lost", difference.loss_count),
        )
    ]
    names = list(dict.fromkeys(str(value["name"]) for value in values))
    scale = alt.Scale(domain=["won", "tied", "lost"], range=[GOOD, MUTED, BAD])
    bars = (
        alt.Chart()
        .mark_bar()
        .encode(
            x=alt.X(
                "count:Q",
                stack="normalize",
                title="share of the questions",
                axis=alt.Axis(values=[0, 0.5, 1], format="%"),
            ),
            y=alt.Y("name:N", title=None, sort=names),
            color=alt.Color("end:N", scale=scale, legend=alt.Legend(columns=3)),
        )
    )
    return _by_metric(values, bars)


def _value(estimate: Estimate, name: str) -> Datum:
    return {"name": name, "mean": estimate.value, "low": estimate.low, "high": estimate.high}


def _chart_estimates(
    values: Sequence[Datum], names: Sequence[str], *below: alt.Chart, title: str
) -> Markup:
    base = alt.Chart().encode(y=alt.Y("name:N", title=None, sort=list(names)))
    scale = alt.Scale(zero=False, nice=True)
    axis = alt.Axis(tickCount=4, format=".2~f")
    interval = base.mark_rule(color=INK).encode(
        x=alt.X("low:Q", scale=scale, axis=axis, title=title), x2="high:Q"
    )
    mean = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("mean:Q"),
        color=alt.Color(
            "role:N", scale=alt.Scale(domain=list(ROLES), range=list(SERIES[:3])), legend=None
        ),
    )
    return _by_metric(values, *below, interval, mean)


def _by_metric(values: Sequence[Datum], *layers: alt.Chart) -> Markup:
    plot = alt.layer(*layers) if len(layers) > 1 else layers[0]
    facets = plot.properties(width=PLOT_WIDTH, height=alt.Step(BAR_STEP)).facet(
        row=alt.Row("metric:N", title=None, header=alt.Header(labelOrient="top")),
        data=inline_data(values),
        spacing=12,
    )
    return render_svg(facets)
