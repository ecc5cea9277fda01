"""The charts of what every run has: its funnel, its rows, and what it took."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import altair as alt
import numpy as np
from markupsafe import Markup

from jobs.dataset.stages import DATASET
from jobs.report.chart_style import (
    ACCENT,
    BAR_STEP,
    MUTED,
    SERIES,
    WIDTH,
    Datum,
    inline_data,
    render_svg,
)
from jobs.report.read_report import Spending, Training
from schemas.summary import RunSummary

MAX_BARS = 12
MAX_BINS = 24
STAGE_LABELS = {stage.name: stage.label for stage in DATASET}
PLOT_WIDTH = 215


def chart_funnel(summary: RunSummary) -> Markup:
    """What each stage kept and dropped."""
    shown = [(label, summary.stages[s]) for s, label in STAGE_LABELS.items() if s in summary.stages]
    highest = max(stage.results + sum(stage.dropped.values()) for _, stage in shown)
    values: list[Datum] = [
        {"stage": label, "end": end, "count": count}
        for label, stage in shown
        for end, count in (("kept", stage.results), ("dropped", sum(stage.dropped.values())))
    ]
    bars = (
        alt.Chart(inline_data(values))
        .mark_bar()
        .encode(
            x=alt.X("count:Q", title=None, axis=_count_axis(highest)),
            y=alt.Y("stage:N", title=None, sort=[label for label, _ in shown]),
            color=alt.Color(
                "end:N", scale=alt.Scale(domain=["kept", "dropped"], range=[ACCENT, MUTED])
            ),
            order=alt.Order("end:N", sort="descending"),
        )
    )
    return render_svg(bars.properties(width=PLOT_WIDTH, height=alt.Step(BAR_STEP)))


def chart_counts(counts: Mapping[str, int]) -> Markup:
    """The MAX_BARS largest counts as bars, the largest first."""
    largest = Counter(counts).most_common(MAX_BARS)
    values: list[Datum] = [{"name": name, "count": count} for name, count in largest]
    base = alt.Chart(inline_data(values)).encode(
        x=alt.X("count:Q", title="rows", axis=_count_axis(largest[0][1])),
        y=alt.Y("name:N", title=None, sort=[name for name, _ in largest]),
    )
    labels = base.mark_text(align="left", dx=4).encode(text=alt.Text("count:Q", format=",d"))
    bars = alt.layer(base.mark_bar(color=ACCENT), labels)
    return render_svg(bars.properties(width=PLOT_WIDTH - 45, height=alt.Step(BAR_STEP)))


def chart_lengths(lengths: Sequence[int], *, title: str) -> Markup:
    """How lengths are spread; what lies past the 99th percentile is in the last bar."""
    words = np.asarray(lengths)
    top = max(1, int(np.quantile(words, 0.99)))
    width = max(1, -(-top // MAX_BINS))
    edges = np.arange(0, top + width + 1, width)
    counts, _ = np.histogram(np.minimum(words, edges[-1]), bins=edges)
    values: list[Datum] = [
        {"start": int(start), "end": int(end), "count": int(count)}
        for start, end, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    bars = (
        alt.Chart(inline_data(values))
        .mark_bar(color=ACCENT)
        .encode(
            x=alt.X(
                "start:Q",
                title=title,
                bin="binned",
                axis=_count_axis(top),
            ),
            x2="end:Q",
            y=alt.Y("count:Q", title=None, axis=_count_axis(int(counts.max()))),
        )
    )
    return render_svg(bars.properties(width=WIDTH - 50, height=130))


def chart_dollars(spending: Iterable[Spending]) -> Markup:
    """Dollars by purpose and lane."""
    values: list[Datum] = [
        {"purpose": entry.purpose, "part": f"{entry.lane} lane", "amount": entry.cost_usd or 0.0}
        for entry in spending
    ]
    return _chart_parts(values, title="US dollars", number="$,.4~f")


def chart_tokens(spending: Iterable[Spending]) -> Markup:
    """Tokens by purpose: read anew, read from the provider's cache, written."""
    values: list[Datum] = [
        {"purpose": entry.purpose, "part": part, "amount": amount}
        for entry in spending
        for part, amount in (
            (
                "prompt",
                entry.prompt_tokens - entry.cached_tokens - entry.cache_write_tokens,
            ),
            ("prompt, written to the cache", entry.cache_write_tokens),
            ("prompt, cached", entry.cached_tokens),
            ("completion", entry.completion_tokens),
        )
        if amount
    ]
    return _chart_parts(values, title="tokens", number="~s")


def chart_training(training: Training) -> Markup:
    """Loss by step, on the training and on the validation rows."""
    values: list[Datum] = [
        {"step": metric.step, "rows": rows, "loss": loss}
        for metric in training.curve
        for rows, loss in (("training", metric.train_loss), ("validation", metric.valid_loss))
        if loss is not None
    ]
    lines = (
        alt.Chart(inline_data(values))
        .mark_line(point=len(training.curve) < 50)
        .encode(
            x=alt.X("step:Q", axis=_count_axis(len(training.curve))),
            y=alt.Y("loss:Q", scale=alt.Scale(zero=False)),
            color=alt.Color("rows:N", scale=alt.Scale(range=list(SERIES[1:3]))),
        )
    )
    return render_svg(lines.properties(width=WIDTH - 50, height=170))


def _chart_parts(values: list[Datum], *, title: str, number: str) -> Markup:
    parts = list(dict.fromkeys(str(value["part"]) for value in values))
    bars = (
        alt.Chart(inline_data(values))
        .mark_bar()
        .encode(
            x=alt.X("sum(amount):Q", title=title, axis=alt.Axis(tickCount=4, format=number)),
            y=alt.Y("purpose:N", title=None),
            color=alt.Color("part:N", scale=alt.Scale(domain=parts, range=list(SERIES[1:]))),
        )
    )
    return render_svg(bars.properties(width=PLOT_WIDTH, height=alt.Step(BAR_STEP)))


def _count_axis(highest: int) -> alt.Axis:
    return alt.Axis(tickCount=max(1, min(5, highest)), format=",d")
