"""What is due to each of many who want some of one limit."""

from collections.abc import Iterable
from typing import NamedTuple

FRESH_SHARE = 1 / 64  # of all who want some may have changed without a new level at once


class Level(NamedTuple):
    """Max-min fairness: none gets less than it wants as long as another gets more than it does.

    Each gets what it wants up to `most`, and `more`: what none wants, divided evenly, so that all
    may be used at once.
    """

    most: float
    more: float

    def part(self, wanted: float) -> float:
        """The part of 1.0 of one who wants so much."""
        return min(wanted, self.most) + self.more


def find_level(wants: Iterable[float]) -> Level:
    """The level at which the parts of all of these, of whom there must be one, add up to 1.0."""
    ascending = sorted(wants)
    left = 1.0
    for above, wanted in zip(range(len(ascending), 0, -1), ascending, strict=True):
        if wanted > left / above:
            return Level(left / above, 0.0)
        left -= wanted
    return Level(1.0, left / len(ascending))


class Wants:
    """What each holder wants of a limit. Few can be asked about exactly, many nearly so.

    Of many, the level is found out anew once a 64th of them want something else than before, and
    for fewer once as many as there are have asked: so a claim costs the same however many there
    are, and who comes last need not wait for others to change. What is lent adds up to 1.0 all the
    same, as nobody is lent what others hold.
    """

    def __init__(self) -> None:
        self._wanted: dict[str, float] = {}
        self._level = Level(1.0, 0.0)
        self._changed_count = self._asked_count = 0  # since the level was found out

    def __len__(self) -> int:
        return len(self._wanted)

    def note(self, holder: str, wanted: float) -> None:
        """A holder wants so much from now on."""
        if self._wanted.get(holder) != wanted:
            self._wanted[holder] = wanted
            self._changed_count += 1

    def forget(self, holder: str) -> None:
        """A holder wants nothing more; it may have wanted nothing before."""
        if self._wanted.pop(holder, None) is not None:
            self._changed_count += 1

    def due(self, holder: str) -> float:
        """The part that is due to one of those who want some."""
        self._asked_count += 1
        fewest = 0 if self._asked_count > len(self) else FRESH_SHARE * len(self)
        if self._changed_count > fewest:
            self._level = find_level(self._wanted.values())
            self._changed_count = self._asked_count = 0
        return self._level.part(self._wanted[holder])
