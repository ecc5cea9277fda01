"""Finds an id's line in a file with 16 bytes of memory an id, whatever the id's length."""

from __future__ import annotations  # array[int] is not subscriptable before Python 3.12

from array import array
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

MERGE_AT_LEAST = 8_192  # a recent entry takes ten times the memory of a sorted one
MERGE_SHARE = 64  # recent entries are merged once they are more than 1/64 of the sorted ones


class IdIndex:
    """From ids to the offsets at which their lines begin.

    It keeps a 64-bit hash and an offset for each id, not the id: `offsets` names candidates, and
    whoever asks compares the id in the file. The hash is Python's own keyed one (SipHash), so that
    nobody can prepare ids that collide; it lives no longer than the process.
    """

    def __init__(self, hashes: array[int], offsets: array[int]) -> None:
        by_hash, at = _as_int64(hashes), _as_int64(offsets)
        order = np.argsort(by_hash, kind="stable")
        self._hashes, self._offsets = by_hash[order], at[order]
        self._recent: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._hashes) + len(self._recent)

    def add(self, key: bytes, offset: int) -> None:
        """Remember that the line of `key` begins at `offset`."""
        hashed = hash(key)
        if hashed in self._recent or self._is_merge_due():
            self._merge()
        self._recent[hashed] = offset

    def offsets(self, key: bytes) -> Iterator[int]:
        """Offsets at which the line of `key` may begin: almost always none or one."""
        hashed = hash(key)
        recent = self._recent.get(hashed)
        if recent is not None:
            yield recent
        position = int(np.searchsorted(self._hashes, hashed))
        while position < len(self._hashes) and int(self._hashes[position]) == hashed:
            yield int(self._offsets[position])
            position += 1

    def first_offsets(self, keys: Sequence[bytes]) -> list[int]:
        """For each of many keys the first of its offsets, -1 where there is none."""
        self._merge()
        if not len(self._hashes):
            return [-1] * len(keys)
        hashes = np.fromiter(map(hash, keys), np.int64, len(keys))
        positions = np.searchsorted(self._hashes, hashes)
        positions[positions == len(self._hashes)] = 0
        is_there = self._hashes[positions] == hashes
        first_offsets: list[int] = np.where(is_there, self._offsets[positions], -1).tolist()
        return first_offsets

    @property
    def size_bytes(self) -> int:
        """Memory of the sorted part, which is the part that grows."""
        return int(self._hashes.nbytes + self._offsets.nbytes)

    def _is_merge_due(self) -> bool:
        return len(self._recent) >= max(MERGE_AT_LEAST, len(self._hashes) // MERGE_SHARE)

    def _merge(self) -> None:
        if not self._recent:
            return
        hashes = np.fromiter(self._recent.keys(), np.int64, len(self._recent))
        offsets = np.fromiter(self._recent.values(), np.int64, len(self._recent))
        self._recent.clear()
        order = np.argsort(hashes)
        hashes, offsets = hashes[order], offsets[order]
        positions = np.searchsorted(self._hashes, hashes)
        self._hashes = np.insert(self._hashes, positions, hashes)
        self._offsets = np.insert(self._offsets, positions, offsets)


def _as_int64(numbers: array[int]) -> NDArray[np.int64]:
    return np.frombuffer(numbers, dtype=np.int64) if numbers else np.empty(0, np.int64)
