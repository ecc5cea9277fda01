"""Compares baseline, tuned student and teacher on the questions that all were asked."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType

from jobs.comparison.group import TIE_BELOW, compare_group
from jobs.comparison.labels import Labels
from jobs.comparison.pairs import compare_pairs
from jobs.comparison.score_table import ScoreTable, find_metrics, tabulate_scores
from jobs.comparison.shown.warnings import find_warnings
from jobs.comparison.statistics.calibration import calibrate
from jobs.comparison.statistics.units import choose_unit, number_units
from jobs.evaluation.judging.judge_prompts import prompt_hash
from jobs.evaluation.judging.metrics import PROMPTS
from jobs.evaluation.read_evaluation import Evaluation
from jobs.text.languages import detect_language
from schemas.comparison import Comparison, GroupComparison, Unit
from schemas.evaluation import METRICS, Metric, Sample, Score, Slice

NO_LABELS: Labels = MappingProxyType({})
UNANSWERABLE: Slice = "unanswerable"
SLICES: tuple[Slice, ...] = ("held_out_document", "new_question", "imported", UNANSWERABLE)
UNKNOWN_DOCUMENT = "(document unknown)"


def compare_models(
    evaluation: Evaluation,
    *,
    is_demo_grade: bool,
    leaked_share: float = 0.0,
    labels: Labels = NO_LABELS,
) -> Comparison:
    """The comparison of what was answered and scored; the same for any order of its parts.

    `leaked_share`: of the held-out text, what stands in training text. `labels`: what people said
    of answers.

    A score without a value is never averaged: it lowers the n that stands beside the mean. Of
    unanswerable questions only refusals are counted.
    """
    comparison = _compare(evaluation, labels)
    warnings = find_warnings(
        comparison,
        is_demo_grade=is_demo_grade,
        leaked_share=leaked_share,
        stale_metrics=_stale_metrics(evaluation.scores),
    )
    return comparison.model_copy(update={"warnings": tuple(warnings)})


def _compare(evaluation: Evaluation, labels: Labels) -> Comparison:
    """The comparison without its warnings."""
    table = tabulate_scores(evaluation)
    unit = choose_unit(s for s in table.samples if s.slice != UNANSWERABLE)
    metrics = find_metrics(evaluation)
    answerable = table.rows([i for i, s in enumerate(table.samples) if s.slice != UNANSWERABLE])
    return Comparison(
        contenders=table.contenders,
        metrics=metrics,
        judge_models=_distinct(score.judge_model for score in evaluation.scores),
        embedding_models=_distinct(score.embedding_model for score in evaluation.scores),
        ragas_versions=_distinct(score.ragas_version for score in evaluation.scores),
        unit=unit,
        tie_below=TIE_BELOW,
        answerable=compare_group(
            "answerable",
            answerable,
            metrics=metrics,
            units=number_units(answerable.samples, unit),
        ),
        slices=tuple(_compare_slices(table, metrics, unit)),
        pairs=tuple(compare_pairs(evaluation.pairs, table.samples, table.contenders, unit)),
        kinds=tuple(_compare_by(_kind_of, answerable, metrics, unit)),
        languages=tuple(_compare_by(_language_of, answerable, metrics, unit)),
        calibrations=tuple(calibrate(evaluation, table.contenders, labels, unit)),
        documents=tuple(_compare_documents(answerable, metrics)),
        warnings=(),
    )


def _compare_slices(
    table: ScoreTable, metrics: Sequence[Metric], unit: Unit
) -> Iterable[GroupComparison]:
    for name in SLICES:
        rows = [i for i, sample in enumerate(table.samples) if sample.slice == name]
        if rows:
            part = table.rows(rows)
            yield compare_group(
                name,
                part,
                metrics=() if name == UNANSWERABLE else metrics,
                units=number_units(part.samples, unit),
            )


def _compare_by(
    name_of: Callable[[Sample], str], table: ScoreTable, metrics: Sequence[Metric], unit: Unit
) -> Iterable[GroupComparison]:
    """A comparison of each group of questions that has a name, if there is more than one."""
    rows_of: defaultdict[str, list[int]] = defaultdict(list)
    for row, sample in enumerate(table.samples):
        rows_of[name_of(sample)].append(row)
    for name, rows in sorted(rows_of.items()) if len(rows_of) > 1 else ():
        part = table.rows(rows)
        yield compare_group(name, part, metrics=metrics, units=number_units(part.samples, unit))


def _kind_of(sample: Sample) -> str:
    return sample.kind or "unknown"


def _language_of(sample: Sample) -> str:
    return detect_language(sample.context) or "unknown"


def _compare_documents(
    answerable: ScoreTable, metrics: Sequence[Metric]
) -> Iterable[GroupComparison]:
    rows_of: defaultdict[str, list[int]] = defaultdict(list)
    for row, sample in enumerate(answerable.samples):
        rows_of[sample.path or UNKNOWN_DOCUMENT].append(row)
    for path, rows in sorted(rows_of.items()):
        yield compare_group(path, answerable.rows(rows), metrics=metrics, units=None)


def _stale_metrics(scores: Iterable[Score]) -> tuple[Metric, ...]:
    """The metrics of which some score was given under other instructions than the present."""
    stale = {
        score.metric
        for score in scores
        if score.prompt_hash and score.prompt_hash != prompt_hash(*PROMPTS[score.metric])
    }
    return tuple(metric for metric in METRICS if metric in stale)


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if name}))
