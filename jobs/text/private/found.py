"""What was found in a text that should not be in a dataset, and which of it is the same."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Found(NamedTuple):
    """What was found: its name, whether it is a secret, and where it stands in the text."""

    name: str
    is_secret: bool
    start: int
    end: int


def joined(found: Iterable[Found]) -> Iterator[Found]:
    """In the order of the text, with all that overlaps as one.

    It is called as the one that came first, and reaches as far as all of them together.
    """
    by_place = sorted(enumerate(found), key=lambda ranked: (ranked[1].start, ranked[1].end))
    first: tuple[int, Found] | None = None
    for rank, each in by_place:
        if first is None:
            first = rank, each
        elif each.start < first[1].end:
            named = min(first, (rank, each), key=lambda ranked: ranked[0])
            start, end = first[1].start, max(first[1].end, each.end)
            first = named[0], named[1]._replace(start=start, end=end)
        else:
            yield first[1]
            first = rank, each
    if first is not None:
        yield first[1]
