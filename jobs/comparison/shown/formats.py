"""The comparison as Markdown, CSV or JSON, for other programs and for pull requests."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from jobs.comparison.shown.responses_csv import safe_cell
from jobs.comparison.shown.table import (
    describe_counts,
    describe_estimate,
    describe_gap,
    describe_scoring,
    metric_label,
    pair_label,
)
from schemas.comparison import Comparison, Estimate

CSV_COLUMNS = (
    *("group", "what", "name", "model", "metric", "value", "low", "high"),
    *("questions", "documents", "won", "tied", "lost"),
)


class _Row(NamedTuple):
    """One figure of one group of questions."""

    group: str
    what: str
    name: str
    model: str
    metric: str
    estimate: Estimate
    counts: tuple[int, ...] = ()


def write_markdown(comparison: Comparison) -> str:
    """A table of means and one of differences in GitHub's Markdown, then the warnings."""
    metrics = comparison.metrics
    lines = [*_markdown_row(["Model", *map(metric_label, metrics)]), _rule(len(metrics) + 1)]
    scores = {(s.contender, s.metric): s.estimate for s in comparison.answerable.scores}
    for contender in comparison.contenders:
        cells = [scores.get((contender, metric), Estimate(n=0)) for metric in metrics]
        name = f"{contender.name}: {contender.model}"
        lines += _markdown_row([name, *map(describe_estimate, cells)])
    lines += ["", *_markdown_row(["Difference", "Metric", "Mean", "Won/tied/lost"]), _rule(4)]
    for each in comparison.answerable.differences:
        name = pair_label(each.contender, each.versus)
        mean = describe_estimate(each.estimate, "+.3f")
        lines += _markdown_row([name, metric_label(each.metric), mean, describe_counts(each)])
    for gap in comparison.answerable.gaps:
        name = f"share of the teacher's lead, {gap.mode} book"
        lines += _markdown_row([name, metric_label(gap.metric), describe_gap(gap), ""])
    lines += ["", *(f"- {_plain(line)}" for line in describe_scoring(comparison))]
    lines += [f"- **Warning:** {_plain(warning)}" for warning in comparison.warnings]
    return "\n".join(lines)


def write_csv(comparison: Comparison) -> str:
    """One row a figure: means, differences and shares of all groups of questions, pairs too."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for row in _rows(comparison):
        names = map(safe_cell, (row.group, row.what, row.name, row.model, row.metric))
        found = row.estimate
        counts = row.counts or (None, None, None)
        writer.writerow(
            [*names, found.value, found.low, found.high, found.n, found.document_count, *counts]
        )
    return buffer.getvalue().removesuffix("\n")


def write_json(comparison: Comparison) -> str:
    """The same as evaluation/comparison.json."""
    return comparison.model_dump_json(indent=1)


FORMATS: Mapping[str, Callable[[Comparison], str]] = {
    "markdown": write_markdown,
    "csv": write_csv,
    "json": write_json,
}


def _rows(comparison: Comparison) -> Iterator[_Row]:
    for group in (
        comparison.answerable,
        *comparison.slices,
        *comparison.kinds,
        *comparison.languages,
        *comparison.documents,
    ):
        for score in group.scores:
            who = score.contender
            yield _Row(group.name, "mean", who.name, who.model, score.metric, score.estimate)
        for each in group.differences:
            name = pair_label(each.contender, each.versus)
            counts = (each.win_count, each.tie_count, each.loss_count)
            yield _Row(group.name, "difference", name, "", each.metric, each.estimate, counts)
        for gap in group.gaps:
            yield _Row(group.name, "share of lead", f"{gap.mode} book", "", gap.metric, gap.share)
    for pair in comparison.pairs:
        name = pair_label(pair.contender, pair.versus)
        counts = (pair.win_count, pair.tie_count, pair.loss_count)
        yield _Row("answerable", "preferred", name, "", "pairwise", pair.preference, counts)


def _markdown_row(cells: list[str]) -> Iterator[str]:
    yield f"| {' | '.join(_plain(cell) for cell in cells)} |"


def _rule(count: int) -> str:
    return f"|{' --- |' * count}"


def _plain(text: str) -> str:
    """A text that is neither markup nor the end of a cell; names of models are others' words."""
    for character in "\\`*_[]<>|#":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())
