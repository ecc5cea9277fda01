"""The report as one HTML page whose Content-Security-Policy allows no script but its own."""

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from jobs.comparison.judges import describe_agreement
from jobs.comparison.shown.table import (
    SLICE_LABELS,
    describe_calibration,
    describe_cost,
    describe_counts,
    describe_estimate,
    describe_gap,
    metric_label,
    pair_label,
)
from jobs.pages.inline import hash_source, read_script, read_text
from jobs.report.answer_data import answer_choices, encode_answer_data
from jobs.report.draw_charts import draw_charts
from jobs.report.read_report import Report, total_cost_usd
from jobs.report.run_charts import MAX_BARS, STAGE_LABELS
from jobs.report.verdict import describe_funnel, describe_verdict
from schemas.comparison import Estimate

MAX_DOCUMENT_ROWS = 50
NO_BREAK = "\N{NO-BREAK SPACE}"


def render_page(report: Report) -> str:
    """The page. Every text of a document or a model is escaped.

    Its Content-Security-Policy names the hashes of the one script and the one style sheet; nothing
    else may run, style or be loaded, so a fault in the escaping would still do nothing.
    """
    package = __package__
    script, style = read_script(package, "report.js"), read_text(package, "report.css")
    environment = Environment(autoescape=True, undefined=StrictUndefined, lstrip_blocks=True)
    environment.filters.update(
        estimate=_estimate,
        dollars=_dollars,
        metric=metric_label,
        counts=describe_counts,
        gap=describe_gap,
        cost_words=describe_cost,
        calibration=describe_calibration,
        agreement=describe_agreement,
    )
    environment.globals.update(pair_label=pair_label)
    compared = report.compared
    return environment.from_string(read_text(package, "report.html.j2")).render(
        report=report,
        verdict=describe_verdict(report),
        funnel=describe_funnel(report.summary),
        charts=draw_charts(report),
        comparison=compared.comparison if compared else None,
        choices=answer_choices(compared.comparison) if compared else None,
        answer_data=Markup(encode_answer_data(compared)) if compared else "",  # noqa: S704
        total_cost_usd=total_cost_usd(entry.cost_usd for entry in report.spending),
        stage_labels=STAGE_LABELS,
        slice_labels=SLICE_LABELS,
        metrics=compared.comparison.metrics if compared else (),
        max_bars=MAX_BARS,
        max_document_rows=MAX_DOCUMENT_ROWS,
        script=Markup(script),  # noqa: S704
        style=Markup(style),  # noqa: S704
        script_hash=hash_source(script),
        style_hash=hash_source(style),
    )


def _estimate(estimate: Estimate, form: str = ".3f") -> str:
    """A mean with its interval that a narrow page breaks before its n alone."""
    text = describe_estimate(estimate, form)
    return text.replace(" ", NO_BREAK).replace(f"{NO_BREAK}n=", " n=")


def _dollars(cost_usd: float | None) -> str:
    return "unknown" if cost_usd is None else f"${cost_usd:,.4f}"
