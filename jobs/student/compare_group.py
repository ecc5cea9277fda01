"""The comparison over one group of questions: means, differences, refusals."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from jobs.student.bootstrap import Averages, Floats
from jobs.student.score_table import ScoreTable
from schemas.comparison import (
    Estimate,
    GapClosed,
    GroupComparison,
    RefusalCount,
    RoleDifference,
    RoleScore,
)
from schemas.evaluation import METRICS, ROLES, Metric, Role

TIE_BELOW = 0.01  # the metrics are averages of a few verdicts or cosines: less is no difference
PAIRS: tuple[tuple[Role, Role], ...] = (
    ("tuned", "baseline"),
    ("tuned", "teacher"),
    ("teacher", "baseline"),
)


class _Key(NamedTuple):
    """What a column holds: the scores of `role`, less those of `versus` if that is set.

    `of_all`: only of questions that were scored for all three.
    """

    metric: Metric
    role: Role
    versus: Role | None = None
    of_all: bool = False


def compare_group(
    name: str, table: ScoreTable, *, metrics: Sequence[Metric] = METRICS, seed: int | None
) -> GroupComparison:
    """The comparison of the questions of `table`; with intervals if there is a seed."""
    columns = {key: column for metric in metrics for key, column in _columns(table, metric)}
    averages = Averages(columns, seed=seed)
    return GroupComparison(
        name=name,
        sample_count=len(table.samples),
        scores=tuple(_score(key, table, averages) for key in columns if key.versus is None),
        differences=tuple(
            _difference(key, key.versus, columns[key], averages)
            for key in columns
            if key.versus is not None and not key.of_all
        ),
        gaps=tuple(_gap(metric, averages) for metric in metrics if _lead_key(metric) in columns),
        refusals=tuple(_refusals(role, table) for role in table.roles()),
    )


def _columns(table: ScoreTable, metric: Metric) -> Iterator[tuple[_Key, Floats]]:
    scores = {role: table.of(metric, role) for role in table.roles()}
    for role, column in scores.items():
        yield _Key(metric, role), column
    for role, versus in PAIRS:
        if role in scores and versus in scores:
            yield _Key(metric, role, versus), scores[role] - scores[versus]
    if len(scores) == len(ROLES):
        is_unknown = np.isnan(np.column_stack(list(scores.values()))).any(axis=1)
        for key in (_gain_key(metric), _lead_key(metric)):
            yield key, np.where(is_unknown, np.nan, scores[key.role] - scores["baseline"])


def _gain_key(metric: Metric) -> _Key:
    return _Key(metric, "tuned", "baseline", of_all=True)


def _lead_key(metric: Metric) -> _Key:
    return _Key(metric, "teacher", "baseline", of_all=True)


def _score(key: _Key, table: ScoreTable, averages: Averages[_Key]) -> RoleScore:
    return RoleScore(
        role=key.role,
        metric=key.metric,
        answer_count=_answer_count(key.role, table),
        estimate=averages.mean(key),
    )


def _difference(
    key: _Key, versus: Role, column: Floats, averages: Averages[_Key]
) -> RoleDifference:
    estimate = averages.mean(key)
    wins, losses = int((column >= TIE_BELOW).sum()), int((column <= -TIE_BELOW).sum())
    return RoleDifference(
        role=key.role,
        versus=versus,
        metric=key.metric,
        estimate=estimate,
        win_count=wins,
        tie_count=estimate.n - wins - losses,
        loss_count=losses,
        needed_n=_needed_n(estimate),
    )


def _needed_n(difference: Estimate) -> int | None:
    """The n at which an interval as wide as this one, shrunk by the root of n, leaves out 0."""
    value, low, high = difference.value, difference.low, difference.high
    if not value or low is None or high is None or low > 0 or high < 0:
        return None
    half = (high - low) / 2
    return max(difference.n + 1, math.ceil(difference.n * (half / value) ** 2))


def _gap(metric: Metric, averages: Averages[_Key]) -> GapClosed:
    lead = averages.mean(_lead_key(metric))
    if lead.low is None or lead.low <= 0:
        return GapClosed(metric=metric, lead=lead, share=Estimate(n=lead.n))
    share = averages.ratio(_gain_key(metric), _lead_key(metric))
    return GapClosed(metric=metric, lead=lead, share=share)


def _refusals(role: Role, table: ScoreTable) -> RefusalCount:
    return RefusalCount(
        role=role,
        answer_count=_answer_count(role, table),
        refusal_count=int(table.is_refusal[:, ROLES.index(role)].sum()),
    )


def _answer_count(role: Role, table: ScoreTable) -> int:
    return int(table.is_answered[:, ROLES.index(role)].sum())
