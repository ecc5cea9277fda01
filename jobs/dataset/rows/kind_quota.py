"""Keeps the kinds of question in balance by leaving rows out, where one kind is too many."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from schemas.record import content_id
from schemas.settings.types import Kind


class KindedRow(NamedTuple):
    """What is chosen by: an id, and the kind of the question."""

    row_id: str
    kind: Kind


class KindQuota(NamedTuple):
    """Which rows stay: `last_draws` has the last that does, of each kind with a surplus."""

    last_draws: Mapping[Kind, int]

    def has(self, row: KindedRow) -> bool:
        """Whether a row stays; of a kind those stay that a draw by their ids puts first."""
        return row.kind not in self.last_draws or _draw(row.row_id) <= self.last_draws[row.kind]


def choose_rows(
    rows: Iterable[KindedRow], weights: Mapping[Kind, float], max_excess: float
) -> KindQuota:
    """The most rows of which no kind has more than `max_excess` times the share of its weight.

    Depends on ids alone, not on their order. Memory: some 40 bytes a row.
    """
    draws: defaultdict[Kind, list[int]] = defaultdict(list)
    for row in rows:
        draws[row.kind].append(_draw(row.row_id))
    kept = quotas({kind: len(each) for kind, each in draws.items()}, weights, max_excess)
    return KindQuota(
        {
            kind: sorted(each)[kept[kind] - 1] if kept[kind] else -1
            for kind, each in draws.items()
            if kept[kind] < len(each)
        }
    )


def quotas(
    counts: Mapping[Kind, int], weights: Mapping[Kind, float], max_excess: float
) -> dict[Kind, int]:
    """How many of each kind stay. Shares are those of the weights of the kinds that there are."""
    total_weight = sum(weights.get(kind, 0.0) for kind in counts)
    if not total_weight:
        return dict(counts)
    largest = {kind: max_excess * weights.get(kind, 0.0) / total_weight for kind in counts}
    kept = Counter(dict(counts))
    while True:  # fewer of one kind make the share of every other larger
        fewer = {
            kind: min(count, math.ceil(largest[kind] * kept.total()))
            for kind, count in kept.items()
        }
        if fewer == kept:
            return fewer
        kept = Counter(fewer)


def _draw(row_id: str) -> int:
    return int(content_id("kind quota", row_id)[:15], 16)
