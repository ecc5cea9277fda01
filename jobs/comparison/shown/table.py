"""The comparison as a table of text: a line a model, then the differences and the refusals."""

from collections.abc import Iterator, Sequence

from jobs.comparison.judges import describe_agreement
from schemas.comparison import (
    AnsweringCost,
    Calibration,
    Comparison,
    Contender,
    Difference,
    Estimate,
    GapClosed,
    Power,
    RefusalCount,
    Unit,
)
from schemas.evaluation import Metric

NO_VALUE = "-"


def describe_comparison(comparison: Comparison) -> str:
    """All that the terminal shows of a comparison, as lines of text."""
    return "\n".join(
        [
            *_columns(_score_rows(comparison)),
            "",
            *_columns(_difference_rows(comparison)),
            "",
            *_describe_pairs(comparison),
            *_describe_calibrations(comparison),
            *map(describe_agreement, comparison.judge_agreements),
            *_describe_power(comparison),
            *_describe_costs(comparison),
            *_describe_refusals(comparison),
            *comparison.student_notes,
            *describe_scoring(comparison),
            *(f"warning: {warning}" for warning in comparison.warnings),
        ]
    )


def describe_estimate(estimate: Estimate, form: str = ".3f") -> str:
    """A mean with its interval, in brackets, and the numbers of its questions and documents."""
    if estimate.value is None:
        return NO_VALUE
    interval = ""
    if estimate.low is not None and estimate.high is not None:
        interval = f" [{estimate.low:{form}}, {estimate.high:{form}}]"
    documents = f"/{estimate.document_count:,}" if estimate.document_count else ""
    return f"{estimate.value:{form}}{interval} n={estimate.n:,}{documents}"


def describe_gap(gap: GapClosed) -> str:
    """The share of the teacher's lead that is made up, or why there is none."""
    if gap.share.value is not None:
        return describe_estimate(gap.share, ".0%")
    return f"{NO_VALUE} (the lead is not clear of 0: {describe_estimate(gap.lead, '+.3f')})"


def describe_counts(difference: Difference) -> str:
    """On how many questions the contender is better, as good, worse."""
    return f"{difference.win_count:,}/{difference.tie_count:,}/{difference.loss_count:,}"


def _score_rows(comparison: Comparison) -> Iterator[list[str]]:
    yield ["Model", *map(metric_label, comparison.metrics)]
    scores = {(s.contender, s.metric): s.estimate for s in comparison.answerable.scores}
    for contender in comparison.contenders:
        cells = [scores.get((contender, metric), Estimate(n=0)) for metric in comparison.metrics]
        yield [f"{contender.name}: {contender.model}", *map(describe_estimate, cells)]


def _difference_rows(comparison: Comparison) -> Iterator[list[str]]:
    group = comparison.answerable
    yield [
        "Difference",
        *(f"{metric_label(metric)}, won/tied/lost" for metric in comparison.metrics),
    ]
    found = {(d.contender, d.versus, d.metric): d for d in group.differences}
    for contender, versus in dict.fromkeys((d.contender, d.versus) for d in group.differences):
        pair = [found[contender, versus, metric] for metric in comparison.metrics]
        yield [
            pair_label(contender, versus),
            *(f"{describe_estimate(d.estimate, '+.3f')} {describe_counts(d)}" for d in pair),
        ]
    gaps = {(gap.mode, gap.metric): gap for gap in group.gaps}
    for mode in dict.fromkeys(gap.mode for gap in group.gaps):
        cells = [describe_gap(gaps[mode, metric]) for metric in comparison.metrics]
        yield [f"share of the teacher's lead, {mode}-book", *cells]


def _describe_pairs(comparison: Comparison) -> Iterator[str]:
    for pair in comparison.pairs:
        counts = f"{pair.win_count:,}/{pair.tie_count:,}/{pair.loss_count:,}"
        yield (
            f"side by side, {pair_label(pair.contender, pair.versus)}: preferred "
            f"{describe_estimate(pair.preference, '.0%')}, won/tied/lost {counts}; "
            f"{pair.inconsistent_count:,} of the ties turned with the order"
        )


def _describe_calibrations(comparison: Comparison) -> Iterator[str]:
    for each in comparison.calibrations:
        yield f"{metric_label(each.metric)} of {each.contender.name}: {describe_calibration(each)}"
    if comparison.judge_models and not comparison.calibrations:
        yield "judge: uncalibrated, nobody has labelled answers (`distill label RUN`)"


def describe_calibration(found: Calibration) -> str:
    """The corrected mean with its interval, beside what the judge said."""
    kappa = NO_VALUE if found.kappa is None else f"{found.kappa:.2f}"
    labels = f"{found.label_count:,} label{'' if found.label_count == 1 else 's'}"
    by = f"{labels}, kappa {kappa}; the judge alone says {found.judge_mean:.3f}"
    if found.value is None:
        return f"not corrected: too few labels ({by})"
    interval = ""
    if found.low is not None and found.high is not None:
        interval = f" [{found.low:.3f}, {found.high:.3f}]"
    return f"{found.value:.3f}{interval} corrected by {by}"


def _describe_power(comparison: Comparison) -> Iterator[str]:
    """The least difference that these documents can show; a line a metric."""
    differences = comparison.answerable.differences
    of_tuned = [each for each in differences if each.contender.role == "tuned"]
    for metric in comparison.metrics:
        found = next((d for d in of_tuned or differences if d.metric == metric and d.power), None)
        if found is not None and found.power is not None:
            units = describe_units(found.estimate.document_count, comparison.unit)
            more = found.power.documents_for_3_points - found.estimate.document_count
            yield (
                f"power, {metric_label(metric)}, {pair_label(found.contender, found.versus)}: "
                f"{units} {_describe_detectable(found.power)}; "
                + (f"{more:,} more would show 0.03" if more > 0 else "they would show 0.03")
            )


def _describe_detectable(power: Power) -> str:
    if not power.shows_any:
        return "are too few to show any difference"
    return f"show a difference of {power.detectable:.3f} four times in five"


def describe_units(count: int, unit: Unit) -> str:
    """So many documents, or excerpts, in words."""
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def _describe_refusals(comparison: Comparison) -> Iterator[str]:
    for label, group in (
        ("refused, of answerable questions", comparison.answerable),
        *(("rightly refused", group) for group in comparison.slices if not group.scores),
    ):
        yield f"{label}: {', '.join(map(describe_refusals, group.refusals))}"


def _describe_costs(comparison: Comparison) -> Iterator[str]:
    for cost in comparison.costs:
        yield f"{cost.contender.name}: {describe_cost(cost)}"


def describe_cost(cost: AnsweringCost) -> str:
    """What 1,000 answers cost, and how long one takes."""
    dollars = "an unknown price" if cost.usd_per_1000 is None else f"${cost.usd_per_1000:,.2f}"
    parts = [f"1,000 answers for {dollars}"]
    if cost.latency_p50_s is not None and cost.latency_p95_s is not None:
        parts.append(f"{cost.latency_p50_s:.1f} s an answer (p95 {cost.latency_p95_s:.1f} s)")
    if cost.tokens_per_s is not None:
        parts.append(f"{cost.tokens_per_s:,.0f} tokens/s")
    parts.append(f"{cost.prompt_tokens:,.0f} + {cost.completion_tokens:,.0f} tokens an answer")
    return ", ".join(parts)


def describe_refusals(count: RefusalCount) -> str:
    """How many of a contender's answers are refusals, and of how many that is unknown."""
    unknown = f" ({count.unknown_count:,} cannot be told)" if count.unknown_count else ""
    return f"{count.contender.name} {count.refusal_count:,} of {count.answer_count:,}{unknown}"


def describe_scoring(comparison: Comparison) -> Iterator[str]:
    """Who scored, and what the intervals are."""
    if comparison.judge_models:
        judges, embeddings = map(", ".join, (comparison.judge_models, comparison.embedding_models))
        by = (
            f"ragas {', '.join(comparison.ragas_versions)} with "
            if comparison.ragas_versions
            else ""
        )
        yield f"scored by {by}{judges} as judge, {embeddings} for embeddings"
    yield (
        f"intervals: 95%, paired, by {comparison.unit}; n: questions/{comparison.unit}s; a mean is "
        "over what could be scored"
    )


def _columns(rows: Iterator[list[str]]) -> Iterator[str]:
    table: Sequence[list[str]] = list(rows)
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield " | ".join(cells).rstrip()


SLICE_LABELS = {
    "held_out_document": "held-out text",
    "new_question": "new questions on training text",
    "imported": "imported questions",
    "unanswerable": "unanswerable questions",
    "answerable": "all answerable questions",
}


def metric_label(metric: Metric) -> str:
    """The name of a metric."""
    return metric.replace("_", " ").capitalize()


def pair_label(contender: Contender, versus: Contender) -> str:
    """The name of a difference: what they have in common is said once."""
    if contender.role == versus.role:
        return f"{contender.role}, {contender.mode} - {versus.mode} book"
    return f"{contender.role} - {versus.role}, {contender.mode} book"
