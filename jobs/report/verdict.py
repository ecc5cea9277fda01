"""What a run came to, in sentences: what was won, at what cost, how sure, where items went."""

from collections.abc import Iterator

from jobs.comparison.shown.table import describe_units, metric_label
from jobs.dataset.ask_teacher import ANSWERS, QUESTIONS
from jobs.dataset.questions.further_questions import FURTHER
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.report.read_report import Report
from schemas.comparison import AnsweringCost, Comparison, Difference, Estimate
from schemas.evaluation import Metric, Role
from schemas.summary import RunSummary, StageSummary

HELD_OUT = "held_out.jsonl"
BY_WEIGHT: tuple[Metric, ...] = ("correctness", "faithfulness", "answer_relevancy")


def describe_verdict(report: Report) -> str:
    """The first thing that a reader should know."""
    comparison = report.compared.comparison if report.compared else None
    if comparison is None:
        return " ".join(_of_dataset(report))
    return " ".join([*_of_student(comparison), *_of_costs(comparison), *_of_certainty(comparison)])


def _of_dataset(report: Report) -> Iterator[str]:
    rows = sum(count for name, count in report.summary.rows.items() if name != "held_out.jsonl")
    documents = len(report.shape.rows_of_document)
    cost = report.summary.cost_usd
    paid = f" for ${cost:,.2f}" if cost else ""
    if not rows:
        yield f"No row has been written yet; {report.summary.documents:,} documents were read."
        return
    yield f"{rows:,} rows from {documents:,} documents{paid}."
    yield "No model has been evaluated yet."


def _of_student(comparison: Comparison) -> Iterator[str]:
    difference = _main_difference(comparison)
    if difference is None:
        yield "Only one model has been evaluated: there is nothing to compare it with."
        return
    found, name = difference.estimate, metric_label(difference.metric).lower()
    one, other = difference.contender.role, difference.versus.role
    if found.value is None or found.low is None or found.high is None:
        yield f"There is no interval for {name}: one document's excerpt alone was asked about."
        return
    numbers = f"{name} {found.value:+.3f}, 95% interval {found.low:+.3f} to {found.high:+.3f}"
    if found.low > 0:
        share = _share(comparison, difference)
        yield f"The {one} model answers better than the {other} ({numbers}){share}."
    elif found.high < 0:
        yield f"The {one} model answers worse than the {other} ({numbers})."
    else:
        yield (
            f"It cannot be told whether the {one} model answers better than the {other} "
            f"({numbers})."
        )


def _main_difference(comparison: Comparison) -> Difference | None:
    """The student beside its baseline in the metric that says most; else whatever was compared."""
    pairs: tuple[tuple[Role, Role], ...] = (
        ("tuned", "baseline"),
        ("tuned", "teacher"),
        ("teacher", "baseline"),
    )
    for pair in pairs:
        for metric in BY_WEIGHT:
            for each in comparison.answerable.differences:
                roles = each.contender.role, each.versus.role
                if (roles, each.metric) == (pair, metric) and each.estimate.n:
                    return each
    return None


def _share(comparison: Comparison, difference: Difference) -> str:
    gaps = comparison.answerable.gaps
    found = next(
        (
            gap.share
            for gap in gaps
            if (gap.metric, gap.mode) == (difference.metric, difference.contender.mode)
        ),
        Estimate(n=0),
    )
    if found.value is None or difference.contender.role != "tuned":
        return ""
    interval = ""
    if found.low is not None and found.high is not None:
        interval = f" ({found.low:.0%} to {found.high:.0%})"
    return f" and makes up {found.value:.0%}{interval} of the teacher's lead"


def _of_costs(comparison: Comparison) -> Iterator[str]:
    costs = {cost.contender.role: cost for cost in comparison.costs}
    tuned, teacher = costs.get("tuned"), costs.get("teacher")
    if _is_priced(tuned) and _is_priced(teacher):
        assert tuned is not None
        assert teacher is not None
        yield (
            f"A thousand of its answers cost ${tuned.usd_per_1000:,.2f}, of the teacher's "
            f"${teacher.usd_per_1000:,.2f}."
        )


def _is_priced(cost: AnsweringCost | None) -> bool:
    return cost is not None and cost.usd_per_1000 is not None


def _of_certainty(comparison: Comparison) -> Iterator[str]:
    difference = _main_difference(comparison)
    if difference is None or not difference.estimate.document_count:
        return
    units = describe_units(difference.estimate.document_count, comparison.unit)
    sentence = f"This rests on {difference.estimate.n:,} questions about {units}"
    if difference.power is not None:
        more = difference.power.documents_for_3_points - difference.estimate.document_count
        shown = f"which show differences from {difference.power.detectable:.3f} on"
        is_enough = difference.power.shows_any
        sentence += f", {shown if is_enough else 'too few to show any difference'}"
        sentence += f"; {more:,} more would show 0.03" if more > 0 else ""
    yield f"{sentence}."
    if comparison.judge_models and not comparison.calibrations:
        yield "Nobody has checked the judge yet (distill label)."


def describe_funnel(summary: RunSummary) -> list[str]:
    """One sentence for each step at which the numbers would not explain themselves."""
    return list(_of_stages(summary))


def _of_stages(summary: RunSummary) -> Iterator[str]:
    questions, further, kept, answers = (
        summary.stages.get(stage.name) for stage in (QUESTIONS, FURTHER, KEPT_QUESTIONS, ANSWERS)
    )
    held_out = summary.rows.get(HELD_OUT, 0)
    rows = sum(count for name, count in summary.rows.items() if name != HELD_OUT)
    if questions and kept:
        asked = questions.results + (further.results if further else 0)
        if repeated := asked - kept.results:
            repeat = "repeats" if repeated == 1 else "repeat"
            yield f"{asked:,} questions \u2192 {kept.results:,}: {repeated:,} {repeat} others."
    if kept and answers and answers.finished and (parts := _unanswered(kept, answers, held_out)):
        yield f"{kept.results:,} \u2192 {answers.results:,} answers: {', '.join(parts)}."
    if answers and rows and rows != answers.results:
        yield (
            f"{answers.results:,} answers \u2192 {rows:,} rows: the others were dropped by a "
            "review, or their question repeats one that is kept."
        )


def _unanswered(kept: StageSummary, answers: StageSummary, held_out: int) -> list[str]:
    """Why kept questions have no answer."""
    dropped = sum(answers.dropped.values())
    waiting = kept.results - held_out - answers.results - dropped
    counts = {
        "held out for the evaluation": held_out,
        "dropped": dropped,
        "not answered yet": waiting,
    }
    return [f"{count:,} {what}" for what, count in counts.items() if count > 0]
