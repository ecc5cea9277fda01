"""Charts of bars and of intervals as HTML: their labels are text, wrap, and are never cut off.

Sizes are attributes of SVG elements in percent, since the page's policy forbids style attributes.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup

STEPS = (1, 2, 5, 10)  # times powers of ten: the numbers of an axis


class BarSegment(NamedTuple):
    """A part of a bar: its class in report.css, its size, and what it is called."""

    style: str
    size: float
    name: str


class Bar(NamedTuple):
    """A line of a bar chart: its label, its parts from the left, and the number beside it."""

    label: str
    segments: Sequence[BarSegment]
    text: str


class Interval(NamedTuple):
    """A line of a chart of means. `mean` None: there is none, and the line says so."""

    label: str
    style: str
    mean: float | None
    low: float | None
    high: float | None
    text: str


def render_bars(
    bars: Iterable[Bar],
    ticks: Sequence[float],
    tick_texts: Sequence[str],
    title: str = "",
    *,
    has_legend: bool = True,
) -> Markup:
    """Bars with an axis below them; segments that have names make a legend."""
    shown = list(bars)
    lines = Markup("").join(_line(bar.label, _bar(bar, ticks), bar.text) for bar in shown)
    names = {segment.style: segment.name for bar in shown for segment in bar.segments}
    legend = _legend(names) if has_legend and len(names) > 1 else Markup("")
    return Markup('{}<div class="lines">{}{}</div>').format(
        legend, lines, _axis(ticks, tick_texts, title)
    )


def render_intervals(
    intervals: Iterable[Interval],
    ticks: Sequence[float],
    tick_texts: Sequence[str],
    *,
    zero: float | None = None,
) -> Markup:
    """Means as dots with their intervals as lines; `zero` draws a line of no difference."""
    lines = Markup("").join(
        _line(each.label, _interval(each, ticks, zero), each.text) for each in intervals
    )
    return Markup('<div class="lines">{}{}</div>').format(lines, _axis(ticks, tick_texts, ""))


def _line(label: str, plot: Markup, text: str) -> Markup:
    return Markup(
        '<div class="line"><div class="line-label"><bdi>{}</bdi></div>{}'
        '<div class="line-text">{}</div></div>'
    ).format(label, plot, text)


def _bar(bar: Bar, ticks: Sequence[float]) -> Markup:
    parts, start = Markup(""), 0.0
    for segment in bar.segments:
        width = percent_of(segment.size + ticks[0], ticks)
        parts += Markup(
            '<rect class="{}" x="{}%" y="2" width="{}%" height="14"><title>{}</title></rect>'
        ).format(segment.style, round(start, 3), width, f"{segment.name} {segment.size:,g}".strip())
        start += width
    return _plot(parts, ticks)


def _interval(each: Interval, ticks: Sequence[float], zero: float | None) -> Markup:
    parts = Markup("")
    if zero is not None:
        at = percent_of(zero, ticks)
        parts += Markup('<line class="zero" x1="{}%" x2="{}%" y1="0" y2="18"/>').format(at, at)
    if each.low is not None and each.high is not None:
        parts += Markup('<line class="interval" x1="{}%" x2="{}%" y1="9" y2="9"/>').format(
            percent_of(each.low, ticks), percent_of(each.high, ticks)
        )
    if each.mean is not None:
        parts += Markup('<circle class="{}" cx="{}%" cy="9" r="4.5"/>').format(
            each.style, percent_of(each.mean, ticks)
        )
    return _plot(parts, ticks)


def _plot(parts: Markup, ticks: Sequence[float]) -> Markup:
    grid = Markup("").join(
        Markup('<line class="grid" x1="{0}%" x2="{0}%" y1="0" y2="18"/>').format(
            percent_of(tick, ticks)
        )
        for tick in ticks
    )
    return Markup('<svg class="plot" height="18" aria-hidden="true">{}{}</svg>').format(grid, parts)


def _axis(ticks: Sequence[float], texts: Sequence[str], title: str) -> Markup:
    anchors = ["start", *["middle"] * (len(ticks) - 2), "end"]
    marks = Markup("").join(
        Markup('<text x="{}%" y="12" text-anchor="{}">{}</text>').format(
            percent_of(tick, ticks), anchor, text
        )
        for tick, text, anchor in zip(ticks, texts, anchors, strict=True)
    )
    return Markup(
        '<div class="line axis" aria-hidden="true"><div class="line-label"></div>'
        '<svg class="plot" height="16">{}</svg><div class="line-text">{}</div></div>'
    ).format(marks, title)


def _legend(names: dict[str, str]) -> Markup:
    entries = Markup("").join(
        Markup(
            '<span><svg width="12" height="12" aria-hidden="true"><rect class="{}" width="12" '
            'height="12"/></svg> {}</span>'
        ).format(style, name)
        for style, name in names.items()
    )
    return Markup('<p class="legend">{}</p>').format(entries)


def round_ticks(low: float, high: float, *, count: int = 4, whole: bool = False) -> list[float]:
    """About `count` steps of 1, 2 or 5 times a power of ten that enclose `low` to `high`.

    `whole`: no step is below 1.
    """
    span = high - low or abs(high) or 1.0
    rough = span / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in STEPS if each * power >= rough * (1 - 1e-9))
    if whole:
        step = max(step, 1.0)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, max(last, first + 1) + 1)]


def percent_of(value: float, ticks: Sequence[float]) -> float:
    """Where a value lies between the first tick (0) and the last (100)."""
    return round(100 * (value - ticks[0]) / (ticks[-1] - ticks[0]), 3)
