"""Finds an id's line in a file with 16 bytes of memory an id, whatever the id's length."""

from __future__ import annotations  # array[int] is not subscriptable before Python 3.12

from array import array
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # numpy takes 0.1 s to import: only who has ids in a file, or many, needs it
    import numpy as np
    from numpy.typing import NDArray

RECENT_COUNT = 8_192  # a recent entry takes ten times the memory of a sorted one
SORTED_PER_RECENT = 128  # so that what is copied for each entry does not grow with their number
BUCKET_BITS = 8
FEW_KEYS = 256  # are looked up one by one, and not sorted

_SHIFT = 64 - BUCKET_BITS
_LOWEST = -(1 << (BUCKET_BITS - 1))


class IdIndex:
    """From ids to the offsets at which their lines begin.

    It keeps a 64-bit hash and an offset for each id, not the id: `offsets` names candidates, and
    the caller compares the id in the file. The hash is Python's own keyed one (SipHash), so that
    ids that collide cannot be prepared; it lives no longer than the process.

    Its length is that of distinct ids. What the file held at opening is one sorted part, unless
    it is little; what is added goes through a dict into sorted buckets, so that no more than a
    bucket is ever copied at once. The dict holds a small part of them: each time that it is full,
    all buckets are copied.
    """

    def __init__(self, hashes: array[int], offsets: array[int]) -> None:
        self._opened: _Sorted | None = None
        self._added: list[_Sorted] = []
        self._added_count = 0
        self._recent: dict[int, int] = {}
        self._most_recent = RECENT_COUNT
        if len(hashes) <= FEW_KEYS:
            self._recent.update(zip(hashes, offsets, strict=True))
        if len(self._recent) < len(hashes):  # there are many, or two have one hash
            self._recent.clear()
            self._opened = _sort(hashes, offsets)

    def __len__(self) -> int:
        opened_count = self._opened.distinct_count if self._opened else 0
        return opened_count + self._added_count + len(self._recent)

    def add(self, key: bytes, offset: int) -> None:
        """Remember that the line of `key` begins at `offset`."""
        hashed = hash(key)
        if hashed in self._recent or len(self._recent) >= self._most_recent:
            self._sort_recent()
        self._recent[hashed] = offset

    def add_each(self, keys: Sequence[bytes], offsets: Sequence[int]) -> None:
        """Remember where the lines of many keys begin."""
        hashes = list(map(hash, keys))
        among = set(hashes)
        if len(among) < len(hashes) or not self._recent.keys().isdisjoint(among):
            for key, offset in zip(keys, offsets, strict=True):
                self.add(key, offset)
            return
        self._recent.update(zip(hashes, offsets, strict=True))
        if len(self._recent) >= self._most_recent:
            self._sort_recent()

    def holds(self, key: bytes) -> bool:
        """Whether a line of `key` is known, but for a collision of hashes: next to impossible."""
        return next(self.offsets(key), None) is not None

    def offsets(self, key: bytes) -> Iterator[int]:
        """Offsets at which the line of `key` may begin: almost always none or one."""
        hashed = hash(key)
        recent = self._recent.get(hashed)
        if recent is not None:
            yield recent
        if self._added:
            yield from self._added[(hashed >> _SHIFT) - _LOWEST].find(hashed)
        if self._opened:
            yield from self._opened.find(hashed)

    def first_offsets(self, keys: Sequence[bytes]) -> list[int]:
        """For each of many keys one of its offsets, -1 where there is none."""
        if not len(self):
            return [-1] * len(keys)
        if len(keys) <= FEW_KEYS:
            return [next(self.offsets(key), -1) for key in keys]
        import numpy as np

        hashes = np.fromiter(map(hash, keys), np.int64, len(keys))
        order = np.argsort(hashes)
        in_order = hashes[order]
        found = np.full(len(keys), -1, np.int64)
        if self._opened:
            found[order] = self._opened.first_offsets(in_order)
        if self._added:
            found[order] = np.maximum(found[order], self._added_offsets(in_order))
        first_offsets: list[int] = found.tolist()
        if self._recent:
            recent = map(self._recent.get, hashes.tolist(), repeat(-1))
            first_offsets = list(map(max, first_offsets, recent))
        return first_offsets

    def _added_offsets(self, hashes: NDArray[np.int64]) -> NDArray[np.int64]:
        """The offsets of hashes in order, by the buckets; -1 where there is none."""
        import numpy as np

        ends = _ends_of_buckets(hashes)
        found = [
            bucket.first_offsets(hashes[start:end])
            for bucket, start, end in zip(self._added, [0, *ends], ends, strict=False)
        ]
        return np.concatenate(found)

    @property
    def size_bytes(self) -> int:
        """Memory of the sorted parts, which are what grows."""
        parts = [*([self._opened] if self._opened else []), *self._added]
        return sum(part.hashes.nbytes + part.offsets.nbytes for part in parts)

    def _sort_recent(self) -> None:
        import numpy as np

        if not self._added:
            nothing = np.empty(0, np.int64)
            self._added = [_Sorted(nothing, nothing) for _ in range(1 << BUCKET_BITS)]
        hashes = np.fromiter(self._recent.keys(), np.int64, len(self._recent))
        offsets = np.fromiter(self._recent.values(), np.int64, len(self._recent))
        self._added_count += len(self._recent)
        self._most_recent = max(RECENT_COUNT, self._added_count // SORTED_PER_RECENT)
        self._recent.clear()
        order = np.argsort(hashes)
        ends = _ends_of_buckets(hashes := hashes[order])
        for bucket, start, end in zip(self._added, [0, *ends], ends, strict=False):
            bucket.insert(hashes[start:end], offsets[order[start:end]])


class _Sorted:
    """Hashes in order, and the offset of each."""

    __slots__ = ("distinct_count", "hashes", "offsets")

    def __init__(self, hashes: NDArray[np.int64], offsets: NDArray[np.int64]) -> None:
        self.hashes = hashes
        self.offsets = offsets
        self.distinct_count = int((hashes[1:] != hashes[:-1]).sum()) + bool(len(hashes))

    def find(self, hashed: int) -> Iterator[int]:
        position = int(self.hashes.searchsorted(hashed))
        while position < len(self.hashes) and int(self.hashes[position]) == hashed:
            yield int(self.offsets[position])
            position += 1

    def first_offsets(self, hashes: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each of many hashes an offset, -1 where there is none."""
        import numpy as np

        if not len(self.hashes):
            return np.full(len(hashes), -1, np.int64)
        positions = np.searchsorted(self.hashes, hashes)
        positions[positions == len(self.hashes)] = 0
        is_there = self.hashes[positions] == hashes
        return np.where(is_there, self.offsets[positions], -1)

    def insert(self, hashes: NDArray[np.int64], offsets: NDArray[np.int64]) -> None:
        """Add entries whose hashes are in order."""
        import numpy as np

        if not len(hashes):
            return
        places = np.searchsorted(self.hashes, hashes) + np.arange(len(hashes))
        is_old = np.ones(len(self.hashes) + len(hashes), np.bool_)
        is_old[places] = False
        self.hashes = _merged(is_old, self.hashes, places, hashes)
        self.offsets = _merged(is_old, self.offsets, places, offsets)


def _merged(
    is_old: NDArray[np.bool_],
    old: NDArray[np.int64],
    places: NDArray[np.int64],
    new: NDArray[np.int64],
) -> NDArray[np.int64]:
    import numpy as np

    merged = np.empty(len(is_old), np.int64)
    merged[is_old] = old
    merged[places] = new
    return merged


def _ends_of_buckets(hashes: NDArray[np.int64]) -> list[int]:
    """Where hashes in order come to the end of each bucket."""
    import numpy as np

    edges = np.arange(_LOWEST + 1, -_LOWEST, dtype=np.int64) << _SHIFT
    return [*np.searchsorted(hashes, edges).tolist(), len(hashes)]


def _sort(hashes: array[int], offsets: array[int]) -> _Sorted:
    import numpy as np

    by_hash, at = np.frombuffer(hashes, np.int64), np.frombuffer(offsets, np.int64)
    order = np.argsort(by_hash, kind="stable")
    return _Sorted(by_hash[order], at[order])
