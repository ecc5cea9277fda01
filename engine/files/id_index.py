"""Finds an id's line in a file with 16 bytes of memory an id, whatever the id's length."""

from __future__ import annotations  # array[int] is not subscriptable before Python 3.12

from array import array
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # numpy takes 0.1 s to import: only who has ids in a file, or many, needs it
    import numpy as np
    from numpy.typing import NDArray

RECENT_COUNT = 8_192  # a recent entry takes ten times the memory of a sorted one
BUCKET_BITS = 8

_SHIFT = 64 - BUCKET_BITS
_LOWEST = -(1 << (BUCKET_BITS - 1))


class IdIndex:
    """From ids to the offsets at which their lines begin.

    It keeps a 64-bit hash and an offset for each id, not the id: `offsets` names candidates, and
    the caller compares the id in the file. The hash is Python's own keyed one (SipHash), so that
    ids that collide cannot be prepared; it lives no longer than the process.

    Its length is that of distinct ids. What the file held at opening is one sorted part; what is
    added goes through a small dict into sorted buckets, so that no more than a bucket is ever
    copied at once.
    """

    def __init__(self, hashes: array[int], offsets: array[int]) -> None:
        self._opened = _sort(hashes, offsets) if hashes else None
        self._added: list[_Sorted] = []
        self._added_count = 0
        self._recent: dict[int, int] = {}

    def __len__(self) -> int:
        opened_count = self._opened.distinct_count if self._opened else 0
        return opened_count + self._added_count + len(self._recent)

    def add(self, key: bytes, offset: int) -> None:
        """Remember that the line of `key` begins at `offset`."""
        hashed = hash(key)
        if hashed in self._recent or len(self._recent) >= RECENT_COUNT:
            self._sort_recent()
        self._recent[hashed] = offset

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
        """For each of many keys the first of its offsets, -1 where there is none."""
        first_offsets = self._opened.first_offsets(keys) if self._opened else [-1] * len(keys)
        if self._added_count or self._recent:
            return [
                offset if offset >= 0 else next(self.offsets(key), -1)
                for key, offset in zip(keys, first_offsets, strict=True)
            ]
        return first_offsets

    @property
    def size_bytes(self) -> int:
        """Memory of the sorted parts, which are what grows."""
        parts = [*([self._opened] if self._opened else []), *self._added]
        return sum(part.hashes.nbytes + part.offsets.nbytes for part in parts)

    def _sort_recent(self) -> None:
        import numpy as np

        edges = np.arange(_LOWEST, -_LOWEST, dtype=np.int64) << _SHIFT
        if not self._added:
            nothing = np.empty(0, np.int64)
            self._added = [_Sorted(nothing, nothing) for _ in edges]
        hashes = np.fromiter(self._recent.keys(), np.int64, len(self._recent))
        offsets = np.fromiter(self._recent.values(), np.int64, len(self._recent))
        self._added_count += len(self._recent)
        self._recent.clear()
        order = np.argsort(hashes)
        hashes, offsets = hashes[order], offsets[order]
        ends = [*np.searchsorted(hashes, edges[1:]).tolist(), len(hashes)]
        start = 0
        for bucket, end in zip(self._added, ends, strict=True):
            bucket.insert(hashes[start:end], offsets[start:end])
            start = end


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

    def first_offsets(self, keys: Sequence[bytes]) -> list[int]:
        import numpy as np

        hashes = np.fromiter(map(hash, keys), np.int64, len(keys))
        positions = np.searchsorted(self.hashes, hashes)
        positions[positions == len(self.hashes)] = 0
        is_there = self.hashes[positions] == hashes
        offsets: list[int] = np.where(is_there, self.offsets[positions], -1).tolist()
        return offsets

    def insert(self, hashes: NDArray[np.int64], offsets: NDArray[np.int64]) -> None:
        """Add entries whose hashes are in order."""
        import numpy as np

        if len(hashes):
            positions = np.searchsorted(self.hashes, hashes)
            self.hashes = np.insert(self.hashes, positions, hashes)
            self.offsets = np.insert(self.offsets, positions, offsets)


def _sort(hashes: array[int], offsets: array[int]) -> _Sorted:
    import numpy as np

    by_hash, at = np.frombuffer(hashes, np.int64), np.frombuffer(offsets, np.int64)
    order = np.argsort(by_hash, kind="stable")
    return _Sorted(by_hash[order], at[order])
