"""Wins, ties and losses of two answers side by side, as the judge saw them without names."""

from collections.abc import Iterator, Sequence

import numpy as np

from jobs.comparison.statistics.intervals import Averages
from jobs.comparison.statistics.units import number_units
from schemas.comparison import Contender, PairComparison, Unit
from schemas.evaluation import PairOutcome, PairVerdict, Sample

POINTS: dict[PairOutcome, float] = {"win": 1.0, "tie": 0.5, "loss": 0.0}


def compare_pairs(
    verdicts: Sequence[PairVerdict],
    samples: Sequence[Sample],
    contenders: Sequence[Contender],
    unit: Unit,
) -> Iterator[PairComparison]:
    """One comparison for each two contenders that the judge was shown side by side."""
    of = {(contender.role, contender.mode): contender for contender in contenders}
    found = dict.fromkeys((each.role, each.versus, each.mode) for each in verdicts)
    for role, versus, mode in sorted(found):
        chosen = [
            each for each in verdicts if (each.role, each.versus, each.mode) == (role, versus, mode)
        ]
        outcomes = {each.sample_id: each for each in chosen if each.outcome is not None}
        asked = [sample for sample in samples if sample.sample_id in outcomes]
        judged = [outcomes[sample.sample_id] for sample in asked]
        points = np.array([POINTS[each.outcome] for each in judged if each.outcome])
        averages = Averages({"points": points}, number_units(asked, unit))
        yield PairComparison(
            contender=of[role, mode],
            versus=of[versus, mode],
            preference=averages.mean("points", is_score=True),
            win_count=sum(each.outcome == "win" for each in judged),
            tie_count=sum(each.outcome == "tie" for each in judged),
            loss_count=sum(each.outcome == "loss" for each in judged),
            inconsistent_count=sum(not each.is_consistent for each in judged),
            failed_count=len(chosen) - len(judged),
        )
