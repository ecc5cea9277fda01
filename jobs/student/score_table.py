"""The evaluation as arrays: one row a question, one column a role."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobs.student.bootstrap import Floats
from schemas.evaluation import METRICS, ROLES, Metric, ModelAnswer, Role, Sample, Score

Flags = NDArray[np.bool_]


class ScoreTable(NamedTuple):
    """Rows in the order of `samples`; columns in the order of ROLES.

    `values` by metric: NaN where a role was not asked, or its answer could not be scored.
    """

    samples: tuple[Sample, ...]
    values: dict[Metric, Floats]
    is_answered: Flags
    is_refusal: Flags

    def of(self, metric: Metric, role: Role) -> Floats:
        """One column of scores."""
        column: Floats = self.values[metric][:, ROLES.index(role)]
        return column

    def roles(self) -> tuple[Role, ...]:
        """The roles that have an answer."""
        return tuple(role for i, role in enumerate(ROLES) if self.is_answered[:, i].any())

    def rows(self, wanted: Sequence[int]) -> "ScoreTable":
        """The table of some of the rows."""
        chosen = np.array(wanted, dtype=np.intp)
        return ScoreTable(
            samples=tuple(self.samples[i] for i in wanted),
            values={metric: values[chosen] for metric, values in self.values.items()},
            is_answered=self.is_answered[chosen],
            is_refusal=self.is_refusal[chosen],
        )


def tabulate_scores(
    samples: Iterable[Sample], answers: Iterable[ModelAnswer], scores: Iterable[Score]
) -> ScoreTable:
    """The table of an evaluation, rows in the order of the samples' ids."""
    ordered = tuple(sorted(samples, key=lambda sample: sample.sample_id))
    row_of = {sample.sample_id: row for row, sample in enumerate(ordered)}
    shape = (len(ordered), len(ROLES))
    is_answered, is_refusal = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    values = {metric: np.full(shape, np.nan) for metric in METRICS}
    for answer in answers:
        where = row_of[answer.sample_id], ROLES.index(answer.role)
        is_answered[where], is_refusal[where] = True, answer.is_refusal
    for score in scores:
        if score.value is not None:
            values[score.metric][row_of[score.sample_id], ROLES.index(score.role)] = score.value
    return ScoreTable(ordered, values, is_answered, is_refusal)
