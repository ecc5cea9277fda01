"""Which kinds of question a chunk is asked for."""

from collections.abc import Mapping
from itertools import accumulate
from typing import get_args

from schemas.record import content_id
from schemas.settings.types import Kind

KINDS: tuple[Kind, ...] = get_args(Kind)


def draw_kinds(chunk_id: str, count: int, weights: Mapping[Kind, float]) -> tuple[Kind, ...]:
    """`count` kinds for a chunk: the same in every process, their shares those of `weights`.

    Systematic sampling: one offset, drawn by a hash of the chunk id, and `count` equal steps
    over the weights laid end to end. A kind of weight w is drawn count * w / total times on
    average and never more than one time off, so few chunks suffice for the shares to show.
    """
    wanted = wanted_kinds(weights)
    ends = list(accumulate(weights[kind] for kind in wanted))
    step = ends[-1] / count
    offset = int(content_id("kinds", chunk_id)[:13], 16) / 16**13  # 52 bits: exact in a float
    return tuple(_kind_at((offset + index) * step, wanted, ends) for index in range(count))


def wanted_kinds(weights: Mapping[Kind, float]) -> tuple[Kind, ...]:
    """The kinds with a weight, in the order of `Kind`."""
    return tuple(kind for kind in KINDS if weights.get(kind, 0.0) > 0)


def _kind_at(position: float, kinds: tuple[Kind, ...], ends: list[float]) -> Kind:
    hits = (kind for kind, end in zip(kinds, ends, strict=True) if position < end)
    return next(hits, kinds[-1])
