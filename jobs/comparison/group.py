"""The comparison over one group of questions: means, differences, refusals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from jobs.comparison.score_table import ScoreTable
from jobs.comparison.statistics.intervals import Averages, Floats, Units
from jobs.comparison.statistics.power import find_power
from schemas.comparison import (
    Contender,
    ContenderScore,
    Difference,
    Estimate,
    GapClosed,
    GroupComparison,
    RefusalCount,
)
from schemas.evaluation import ROLES, Metric, Mode, Role

TIE_BELOW = 0.01  # a metric is the mean of a few verdicts or cosines: less is no difference
MODES: tuple[Mode, ...] = ("open", "closed")
RIVALS: tuple[tuple[Role, Role], ...] = (
    ("tuned", "baseline"),
    ("tuned", "teacher"),
    ("teacher", "baseline"),
)


class _Key(NamedTuple):
    """What a column holds: the scores of a contender, less those of `versus` if that is set.

    `of_all`: only of questions that were scored for all three of the mode.
    """

    metric: Metric
    contender: Contender
    versus: Contender | None = None
    of_all: bool = False


class _Mode(NamedTuple):
    """The three contenders of one mode: all are needed to say how much of the gap is closed."""

    baseline: Contender
    tuned: Contender
    teacher: Contender


def compare_group(
    name: str, table: ScoreTable, *, metrics: Sequence[Metric], units: Units | None
) -> GroupComparison:
    """The comparison of the questions of `table`; with intervals if their units are given."""
    columns = {key: column for metric in metrics for key, column in _columns(table, metric)}
    averages = Averages(columns, units)
    refusals = tuple(_refusals(table))
    answer_counts = {refusal.contender: refusal.answer_count for refusal in refusals}
    return GroupComparison(
        name=name,
        sample_count=len(table.samples),
        scores=tuple(
            ContenderScore(
                contender=key.contender,
                metric=key.metric,
                answer_count=answer_counts[key.contender],
                estimate=averages.mean(key, is_score=True),
            )
            for key in columns
            if key.versus is None
        ),
        differences=tuple(
            _difference(key, key.versus, columns[key], averages, _farthest(table, key.metric))
            for key in columns
            if key.versus is not None and not key.of_all
        ),
        gaps=tuple(
            _gap(metric, three, averages)
            for metric, three in product(metrics, _complete_modes(table.contenders))
        ),
        refusals=refusals,
    )


def _columns(table: ScoreTable, metric: Metric) -> Iterator[tuple[_Key, Floats]]:
    scores = dict(zip(table.contenders, table.values[metric].T, strict=True))
    for contender, column in scores.items():
        yield _Key(metric, contender), column
    for contender, versus in _rivals(table.contenders):
        yield _Key(metric, contender, versus), scores[contender] - scores[versus]
    for three in _complete_modes(table.contenders):
        is_unknown = np.isnan(np.column_stack([scores[contender] for contender in three]))
        for key in (_gain_key(metric, three), _lead_key(metric, three)):
            column = scores[key.contender] - scores[three.baseline]
            yield key, np.where(is_unknown.any(axis=1), np.nan, column)


def _rivals(contenders: Iterable[Contender]) -> Iterator[tuple[Contender, Contender]]:
    """The pairs that are compared: the roles in each mode, then each role across the modes."""
    of = _by_role_and_mode(contenders)
    for mode, (role, versus) in product(MODES, RIVALS):
        if (role, mode) in of and (versus, mode) in of:
            yield of[role, mode], of[versus, mode]
    for role in ROLES:
        if all((role, mode) in of for mode in MODES):
            yield of[role, "open"], of[role, "closed"]


def _complete_modes(contenders: Iterable[Contender]) -> Iterator[_Mode]:
    of = _by_role_and_mode(contenders)
    for mode in MODES:
        if all((role, mode) in of for role in ROLES):
            yield _Mode(of["baseline", mode], of["tuned", mode], of["teacher", mode])


def _by_role_and_mode(contenders: Iterable[Contender]) -> Mapping[tuple[Role, Mode], Contender]:
    return {(contender.role, contender.mode): contender for contender in contenders}


def _gain_key(metric: Metric, three: _Mode) -> _Key:
    return _Key(metric, three.tuned, three.baseline, of_all=True)


def _lead_key(metric: Metric, three: _Mode) -> _Key:
    return _Key(metric, three.teacher, three.baseline, of_all=True)


def _farthest(table: ScoreTable, metric: Metric) -> float:
    """How far apart two scores can be; some are cosines, which may be below 0."""
    return 2.0 if (table.values[metric] < 0).any() else 1.0


def _difference(
    key: _Key, versus: Contender, column: Floats, averages: Averages[_Key], farthest: float
) -> Difference:
    estimate, spread = averages.mean(key, farthest=farthest), averages.spread(key)
    wins, losses = int((column >= TIE_BELOW).sum()), int((column <= -TIE_BELOW).sum())
    return Difference(
        contender=key.contender,
        versus=versus,
        metric=key.metric,
        estimate=estimate,
        win_count=wins,
        tie_count=estimate.n - wins - losses,
        loss_count=losses,
        power=find_power(spread, estimate.value or 0.0) if spread else None,
    )


def _gap(metric: Metric, three: _Mode, averages: Averages[_Key]) -> GapClosed:
    lead = averages.mean(_lead_key(metric, three))
    share = Estimate(n=lead.n, document_count=lead.document_count)
    if lead.low is not None and lead.low > 0:
        share = averages.ratio(_gain_key(metric, three), _lead_key(metric, three))
    return GapClosed(mode=three.tuned.mode, metric=metric, lead=lead, share=share)


def _refusals(table: ScoreTable) -> Iterator[RefusalCount]:
    for column, contender in enumerate(table.contenders):
        yield RefusalCount(
            contender=contender,
            answer_count=int(table.is_answered[:, column].sum()),
            refusal_count=int(table.is_refusal[:, column].sum()),
            unknown_count=int(table.is_unknown[:, column].sum()),
        )
