"""Which rows a person is shown to review, in a drawn order, and what their decisions say."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from engine.files.records import read_records
from engine.run_folder import RunFolder
from jobs.comparison.statistics.intervals import Averages
from jobs.dataset.rows.apply_reviews import reviews_path
from schemas.comparison import Estimate
from schemas.reviews import Review

ERRORS = ("drop", "edit")


def draw_numbers(total: int, count: int, seed: int) -> list[int]:
    """So many of the numbers 0 to total - 1, drawn without repetition; the same for a seed."""
    return random.Random(seed).sample(range(total), min(count, total))  # noqa: S311


def describe_reviews(folder: RunFolder) -> dict[str, Any]:
    """Counts of decisions, the share of rows that needed one, and how far reviewers agree.

    Raises:
        DamagedLogError: a line is damaged.
    """
    reviews = [r for r in read_records(reviews_path(folder), Review) if r.decision != "comment"]
    last = {review.row_hash: review for review in reviews}
    counts: defaultdict[str, int] = defaultdict(int)
    for review in last.values():
        counts[review.decision] += 1
    rate = error_rate(list(last.values()))
    return {
        "reviewed": len(last),
        "counts": dict(counts),
        "error_rate": rate.model_dump(),
        "agreement": reviewer_agreement(reviews),
    }


def decided_answers(folder: RunFolder) -> frozenset[str]:
    """The answer ids of rows with a decision."""
    reviews = read_records(reviews_path(folder), Review)
    return frozenset(each.answer_id for each in reviews if each.decision != "comment")


def error_rate(decisions: Sequence[Review]) -> Estimate:
    """The share of rows that were dropped or edited, with its interval by document."""
    numbers = {each.document_id: n for n, each in enumerate(decisions)}
    units = np.array([numbers[each.document_id] for each in decisions], dtype=np.intp)
    is_error = np.array([float(each.decision in ERRORS) for each in decisions])
    return Averages({"error": is_error}, units).mean("error", is_score=True)


def reviewer_agreement(reviews: Iterable[Review]) -> dict[str, Any] | None:
    """How far the two reviewers with most rows in common agree on which rows are in error.

    Cohen's kappa: 0 is chance, 1 is always. None: no row was decided by two people.
    """
    by_row: defaultdict[str, dict[str, bool]] = defaultdict(dict)
    for review in reviews:
        by_row[review.row_hash][review.reviewer] = review.decision in ERRORS
    common: defaultdict[tuple[str, str], list[tuple[bool, bool]]] = defaultdict(list)
    for decided in by_row.values():
        names = sorted(decided)
        for i, one in enumerate(names):
            for other in names[i + 1 :]:
                common[one, other].append((decided[one], decided[other]))
    if not common:
        return None
    (one, other), pairs = max(common.items(), key=lambda each: len(each[1]))
    return {"reviewers": [one, other], "rows": len(pairs), "kappa": cohen_kappa(pairs)}


def cohen_kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """Agreement beyond chance (Cohen 1960); None where chance alone would always agree."""
    n = len(pairs)
    observed = sum(one == other for one, other in pairs) / n
    first, second = (sum(pair[i] for pair in pairs) / n for i in (0, 1))
    by_chance = first * second + (1 - first) * (1 - second)
    return (observed - by_chance) / (1 - by_chance) if by_chance < 1 else None
