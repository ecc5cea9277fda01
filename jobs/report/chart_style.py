"""How the report's charts look: drawn once, as SVG in the colours of the page around them."""

from collections.abc import Sequence
from typing import TypeAlias

import altair as alt
import vl_convert
from markupsafe import Markup

Chart: TypeAlias = alt.Chart | alt.LayerChart | alt.FacetChart

# Custom properties of report.css: the same chart is right in the light and in the dark.
INK, FAINT_INK, LINE, ACCENT = (f"var(--{name})" for name in ("ink", "faint-ink", "line", "accent"))
SERIES = ("var(--series-1)", "var(--series-2)", "var(--series-3)", "var(--series-4)")

WIDTH = 340  # fits the narrowest phone; the page enlarges it where there is room
PADDING = {"left": 12, "top": 2, "right": 2, "bottom": 5}


Datum: TypeAlias = dict[str, str | int | float | None]


def inline_data(values: Sequence[Datum]) -> alt.InlineData:
    """The values as they go into a chart; a chart reads no other data."""
    return alt.InlineData(values=list(values))


def render_svg(chart: Chart) -> Markup:
    """The chart as SVG that needs no script, no style sheet and no network.

    Its texts are escaped by the renderer.
    """
    styled = (
        chart.configure(
            background="transparent",
            font="sans-serif",
            padding=PADDING,
        )
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK,
            titleColor=FAINT_INK,
            gridColor=LINE,
            domainColor=LINE,
            tickColor=LINE,
            titleFontWeight="normal",
            labelLimit=0,
        )
        .configure_legend(
            labelColor=INK, title=None, orient="top", labelLimit=0, symbolOpacity=1, columns=2
        )
        .configure_header(labelColor=INK, title=None, labelFontWeight="bold", labelAnchor="start")
        .configure_text(color=INK)
    )
    return Markup(vl_convert.vegalite_to_svg(styled.to_json()))  # noqa: S704
