"""How large a difference so many documents can show, and how many a difference takes."""

import math

from jobs.comparison.statistics.intervals import UPPER, Spread
from jobs.comparison.statistics.student_t import t_quantile
from schemas.comparison import Power

OFTEN = 0.8  # four of five comparisons: the usual power of a study
POINTS_3 = 0.03
MAX_DOCUMENTS = 1_000_000  # beyond it the message is the same: not with any test set


def find_power(spread: Spread, difference: float) -> Power | None:
    """What documents like those of `spread` can show; None where they are all alike.

    The standard error shrinks with the root of the number of documents, and the quantiles with
    their degrees of freedom.
    """
    if spread.variance <= 0:
        return None
    of_one = math.sqrt(spread.variance * spread.unit_count)  # documents: of each alone
    return Power(
        detectable=_quantiles(spread.degrees) * math.sqrt(spread.variance),
        documents_for_3_points=_needed(POINTS_3, of_one, spread),
        documents_for_this=_needed(abs(difference), of_one, spread) if difference else None,
    )


def _needed(difference: float, of_one: float, spread: Spread) -> int:
    """The fewest documents that show `difference` often; by halving."""
    share = spread.degrees / (spread.unit_count - 1)  # unequal documents are worth fewer
    low, high = 1, MAX_DOCUMENTS
    while high - low > 1:
        middle = (low + high) // 2
        if _quantiles((middle - 1) * share) * of_one / math.sqrt(middle) <= difference:
            high = middle
        else:
            low = middle
    return high


def _quantiles(degrees: float) -> float:
    return t_quantile(UPPER, degrees) + t_quantile(OFTEN, degrees)
