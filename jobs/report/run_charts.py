"""The charts of what every run has: its funnel, its rows, and what it took."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import altair as alt
import numpy as np
from markupsafe import Markup

from jobs.dataset.stages import DATASET
from jobs.report.chart_style import ACCENT, SERIES, WIDTH, Datum, inline_data, render_svg
from jobs.report.html_figures import Bar, BarSegment, render_bars, round_ticks
from jobs.report.read_report import LastTraining, PurposeSpending
from schemas.summary import RunSummary

MAX_BARS = 12
MAX_BINS = 24
STAGE_LABELS = {stage.name: stage.label for stage in DATASET}


def chart_funnel(summary: RunSummary) -> Markup:
    """What each stage kept and dropped."""
    shown = [(label, summary.stages[s]) for s, label in STAGE_LABELS.items() if s in summary.stages]
    dropped = [sum(stage.dropped.values()) for _, stage in shown]
    bars = [
        Bar(
            label,
            [BarSegment("accent", stage.results, "kept"), BarSegment("muted", lost, "dropped")],
            f"{stage.results:,}" + (f", {lost:,} dropped" if lost else ""),
        )
        for (label, stage), lost in zip(shown, dropped, strict=True)
    ]
    totals = [stage.results + lost for (_, stage), lost in zip(shown, dropped, strict=True)]
    return _counted(bars, max(totals))


def chart_counts(counts: Mapping[str, int]) -> Markup:
    """The MAX_BARS largest counts as bars, the largest first."""
    largest = Counter(counts).most_common(MAX_BARS)
    bars = [Bar(name, [BarSegment("accent", count, "")], f"{count:,}") for name, count in largest]
    return _counted(bars, largest[0][1])


def _counted(bars: Sequence[Bar], highest: int) -> Markup:
    ticks = round_ticks(0, max(highest, 1), whole=True)
    return render_bars(bars, ticks, [short_number(tick) for tick in ticks])


def short_number(number: float) -> str:
    """A round number in as few characters as it takes: 20k, 1.5M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if number >= size:
            return f"{number / (1e3 if letter == 'k' else size):g}{letter}"
    return f"{number:,g}"


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


def chart_dollars(spending: Iterable[PurposeSpending]) -> Markup:
    """Dollars by purpose and lane."""
    styles = {"live": "series-2", "batch": "series-3"}
    parts = [
        (
            entry.purpose,
            BarSegment(
                styles.get(entry.lane, "series-4"), entry.cost_usd or 0.0, f"{entry.lane} lane"
            ),
        )
        for entry in spending
    ]
    return _chart_parts(parts, lambda usd: f"${usd:,.2f}" if usd >= 0.01 else f"${usd:.4f}", "$")


def chart_tokens(spending: Iterable[PurposeSpending]) -> Markup:
    """Tokens by purpose: read anew, read from the provider's cache, written."""
    parts = [
        (entry.purpose, BarSegment(style, amount, name))
        for entry in spending
        for style, name, amount in (
            (
                "series-2",
                "prompt",
                entry.prompt_tokens - entry.cached_tokens - entry.cache_write_tokens,
            ),
            ("series-5", "prompt, written to the cache", entry.cache_write_tokens),
            ("series-3", "prompt, cached", entry.cached_tokens),
            ("series-4", "completion", entry.completion_tokens),
        )
        if amount
    ]
    return _chart_parts(parts, lambda tokens: f"{tokens:,.0f}", "")


def chart_training(training: LastTraining) -> Markup:
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


def _chart_parts(
    parts: Sequence[tuple[str, BarSegment]], describe: Callable[[float], str], unit: str
) -> Markup:
    """A bar for each purpose; its segments of one name are added up."""
    sums: dict[str, dict[tuple[str, str], float]] = {}
    for purpose, segment in parts:
        of = sums.setdefault(purpose, {})
        key = segment.style, segment.name
        of[key] = of.get(key, 0.0) + segment.size
    totals = {purpose: sum(of.values()) for purpose, of in sums.items()}
    bars = [
        Bar(
            purpose.replace("_", " "),
            [BarSegment(style, size, name) for (style, name), size in of.items()],
            describe(totals[purpose]),
        )
        for purpose, of in sums.items()
    ]
    ticks = round_ticks(0, max(totals.values(), default=1.0) or 1.0)
    return render_bars(bars, ticks, [unit + short_number(tick) for tick in ticks])


def _count_axis(highest: int) -> alt.Axis:
    return alt.Axis(tickCount=max(1, min(5, highest)), format=",d")
