"""Which charts a report has."""

from collections.abc import Iterator

from markupsafe import Markup

from jobs.report.read_report import Report
from jobs.report.run_charts import (
    chart_counts,
    chart_dollars,
    chart_funnel,
    chart_lengths,
    chart_tokens,
    chart_training,
)
from jobs.report.score_charts import chart_differences, chart_scores, chart_wins


def draw_charts(report: Report) -> dict[str, Markup]:
    """The charts by name; one that would be empty is left out."""
    return dict(_run_charts(report)) | dict(_score_charts(report))


def _run_charts(report: Report) -> Iterator[tuple[str, Markup]]:
    shape, spending = report.shape, report.spending
    if report.summary.stages:
        yield "funnel", chart_funnel(report.summary)
    if shape.rows_of_kind:
        yield "kinds", chart_counts(shape.rows_of_kind)
        yield "documents", chart_counts(shape.rows_of_document)
    if shape.question_words:
        yield "question_words", chart_lengths(shape.question_words, title="words of a question")
    if shape.answer_words:
        yield "answer_words", chart_lengths(shape.answer_words, title="words of an answer")
    if spending:
        yield "tokens", chart_tokens(spending)
    if any(entry.cost_usd for entry in spending):
        yield "dollars", chart_dollars(spending)
    if report.training and report.training.curve:
        yield "training", chart_training(report.training)


def _score_charts(report: Report) -> Iterator[tuple[str, Markup]]:
    if report.compared is None:
        return
    comparison = report.compared.comparison
    if comparison.answerable.scores:
        yield "scores", chart_scores(comparison)
    if comparison.answerable.differences:
        yield "differences", chart_differences(comparison.answerable)
        yield "wins", chart_wins(comparison.answerable)
