"""Bounds that a model's mean must reach, for checks that run by themselves."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

from engine.errors import ConfigError
from jobs.comparison.shown.table import describe_estimate
from schemas.comparison import Comparison, ContenderScore
from schemas.evaluation import METRICS, ROLES, Metric, Role

_FORM = re.compile(r"(?:(?P<role>\w+)\.)?(?P<metric>\w+)=(?P<least>[0-9.]+)")


class LeastMean(NamedTuple):
    """The least mean of a metric. `role` None: of the tuned student."""

    role: Role | None
    metric: Metric
    least: float


def read_bounds(texts: Sequence[str]) -> list[LeastMean]:
    """Bounds of the form METRIC=NUMBER or ROLE.METRIC=NUMBER.

    Raises:
        ConfigError: one has another form.
    """
    return [_read_bound(text) for text in texts]


def find_failures(comparison: Comparison, bounds: Sequence[LeastMean]) -> Iterator[str]:
    """One line for each mean below its bound, in either mode; what was not scored fails too."""
    for bound in bounds:
        role = bound.role or "tuned"
        scores = [
            score
            for score in comparison.answerable.scores
            if score.contender.role == role and score.metric == bound.metric
        ]
        if not any(score.estimate.n for score in scores):
            yield f"{bound.metric} of {role}: it was not scored; at least {bound.least:g} is asked"
        for score in scores:
            if score.estimate.value is not None and score.estimate.value < bound.least:
                yield _below(score, bound.least)


def _below(score: ContenderScore, least: float) -> str:
    found = describe_estimate(score.estimate)
    return f"{score.metric} of {score.contender.name}: {found}, below {least:g}"


def _read_bound(text: str) -> LeastMean:
    found = _FORM.fullmatch(text)
    if found is None or found["metric"] not in METRICS or found["role"] not in (None, *ROLES):
        raise ConfigError(
            f"--fail-under {text!r}: expected METRIC=NUMBER or ROLE.METRIC=NUMBER, with METRIC one "
            f"of {', '.join(METRICS)} and ROLE one of {', '.join(ROLES)}"
        )
    try:
        least = float(found["least"])
    except ValueError as error:
        raise ConfigError(
            f"--fail-under {text!r}: found {found['least']!r}, expected a number"
        ) from error
    return LeastMean(cast("Role | None", found["role"]), cast("Metric", found["metric"]), least)
