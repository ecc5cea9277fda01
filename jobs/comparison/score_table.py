"""The evaluation as arrays: one row a question, one column a contender."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobs.comparison.refusals import find_refusals
from jobs.comparison.statistics.intervals import Floats
from jobs.evaluation.read_evaluation import Evaluation
from schemas.comparison import Contender
from schemas.evaluation import ALWAYS, METRICS, ROLES, Metric, ModelAnswer, Sample

Flags = NDArray[np.bool_]


class ScoreTable(NamedTuple):
    """Rows in the order of `samples`, columns in the order of `contenders`.

    `values` by metric: NaN where a contender was not asked, or its answer could not be scored.
    """

    samples: tuple[Sample, ...]
    contenders: tuple[Contender, ...]
    values: dict[Metric, Floats]
    is_answered: Flags
    is_refusal: Flags
    is_unknown: Flags  # whether an answer is a refusal

    def rows(self, wanted: Sequence[int]) -> "ScoreTable":
        """The table of some of the rows, with the contenders that have answered one of them."""
        rows = np.array(wanted, dtype=np.intp)
        columns = np.flatnonzero(self.is_answered[rows].any(axis=0))
        cells = np.ix_(rows, columns)
        return ScoreTable(
            samples=tuple(self.samples[row] for row in rows),
            contenders=tuple(self.contenders[column] for column in columns),
            values={metric: values[cells] for metric, values in self.values.items()},
            is_answered=self.is_answered[cells],
            is_refusal=self.is_refusal[cells],
            is_unknown=self.is_unknown[cells],
        )


def find_metrics(evaluation: Evaluation) -> tuple[Metric, ...]:
    """The metrics that are shown: those of every answer, and others that something has."""
    found = {score.metric for score in evaluation.scores}
    return tuple(metric for metric in METRICS if metric in ALWAYS or metric in found)


def find_contenders(answers: Iterable[ModelAnswer]) -> tuple[Contender, ...]:
    """All contenders that have answered: open-book first, then by role."""
    found = {Contender(role=a.role, mode=a.mode, model=a.model) for a in answers}
    return tuple(sorted(found, key=lambda c: (c.mode != "open", ROLES.index(c.role), c.model)))


def tabulate_scores(evaluation: Evaluation) -> ScoreTable:
    """The table of an evaluation, rows in the order of the samples' ids."""
    ordered = tuple(sorted(evaluation.samples, key=lambda sample: sample.sample_id))
    contenders = find_contenders(evaluation.answers)
    row_of = {sample.sample_id: row for row, sample in enumerate(ordered)}
    column_of = {contender: column for column, contender in enumerate(contenders)}
    shape = (len(ordered), len(contenders))
    is_answered, is_refusal, is_unknown = (np.zeros(shape, dtype=np.bool_) for _ in range(3))
    refusals = find_refusals(evaluation)
    values = {metric: np.full(shape, np.nan) for metric in METRICS}
    cell_of: dict[str, tuple[int, int]] = {}
    for a in evaluation.answers:
        contender = Contender(role=a.role, mode=a.mode, model=a.model)
        cell = cell_of[a.answer_id] = row_of[a.sample_id], column_of[contender]
        is_answered[cell] = True
        is_refusal[cell] = refusals[a.answer_id] is True
        is_unknown[cell] = refusals[a.answer_id] is None
    for score in evaluation.scores:
        if score.value is not None and score.metric in values:
            values[score.metric][cell_of[score.answer_id]] = score.value
    return ScoreTable(ordered, contenders, values, is_answered, is_refusal, is_unknown)
