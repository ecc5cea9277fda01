"""An index of long texts by the least hashes of their words."""

from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jobs.text.repeats.rare_groups import TextWords

HASH_COUNT = 128
RECALL = 0.995  # of texts that are just similar enough; those that are more so are missed less
GROWTH = 4  # times as many texts until the buckets are made anew
FIRST_TEXTS = 1_024

Hashes = NDArray[np.uint64]


class MinHashGroups(TextWords):
    """Finds the texts that may be similar to another one; some that are not, too.

    For sets of many words, of which `RareGroups` would make too many groups. Of two sets of
    Jaccard's similarity s the least of the hashes of all words is the same with probability s
    (Broder 1997); a bucket holds texts that agree in a band of several such least hashes. So few
    bands are shared by chance, and of similar texts all but a share of 1 - RECALL have one. A text
    costs about 16 bytes a band and 4 a word.
    """

    def __init__(self, min_similarity: float) -> None:
        super().__init__()
        self._rows = rows_of_band(min_similarity)
        self._bands = HASH_COUNT // self._rows
        chance = np.random.default_rng(0)  # always the same hashes
        self._factors: Hashes = chance.integers(2**63, size=(HASH_COUNT, 1), dtype=np.uint64) * 2
        self._factors += np.uint64(1)
        self._keys = array("I")  # of all texts, one of each band
        self._reset(FIRST_TEXTS)

    def add(self, words: Sequence[int]) -> None:
        """Remember a text of one word at least, whose number is how many there were."""
        keys = self._band_keys(words)
        self._keep_words(words)
        self._keys.extend(keys)
        if len(self) >= self._full_at:
            self._make_anew()
        else:
            self._post(len(self) - 1, keys)

    def find(self, words: Sequence[int], _: int) -> set[int]:
        """The texts that share a band with one of `words`."""
        found: set[int] = set()
        if not words:
            return found
        keys = self._band_keys(words)
        for key, bucket in zip(keys, self._buckets(keys), strict=True):
            posting = self._heads[bucket]
            while posting:
                if self._keys[posting - 1] == key:
                    found.add((posting - 1) // self._bands)
                posting = self._following[posting]
        return found

    def _band_keys(self, words: Sequence[int]) -> list[int]:
        """A number of 32 bits for each band."""
        hashed = _mix(np.array(words, np.uint64))
        with np.errstate(over="ignore"):
            least = (self._factors * hashed).min(axis=1)
            bands = least[: self._bands * self._rows].reshape(self._bands, self._rows)
            keys = np.zeros(self._bands, np.uint64)
            for row in range(self._rows):
                keys = _mix(keys * np.uint64(31) + bands[:, row])
        return list(map(int, keys & np.uint64(0xFFFF_FFFF)))

    def _buckets(self, keys: Sequence[int]) -> list[int]:
        return [(key + band * 0x9E37_79B1) & self._mask for band, key in enumerate(keys)]

    def _post(self, text: int, keys: Sequence[int]) -> None:
        for band, bucket in enumerate(self._buckets(keys)):
            self._following.append(self._heads[bucket])
            self._heads[bucket] = text * self._bands + band + 1

    def _make_anew(self) -> None:
        self._reset(GROWTH * len(self))
        for text in range(len(self)):
            self._post(text, self._keys[text * self._bands : (text + 1) * self._bands])

    def _reset(self, full_at: int) -> None:
        """Empty the buckets, with room for so many texts."""
        self._full_at = full_at
        self._mask = (1 << (self._bands * full_at).bit_length()) - 1
        self._heads = array("I", bytes(4 * (self._mask + 1)))
        # By posting: one for each band of each text, in their order, from 1 on.
        self._following = array("I", [0])


def rows_of_band(min_similarity: float) -> int:
    """The most hashes of a band with which similar texts share one: fewest share one by chance."""
    for rows in range(HASH_COUNT, 1, -1):
        missed = (1 - min_similarity**rows) ** (HASH_COUNT // rows)
        if missed <= 1 - RECALL:
            return rows
    return 1


def _mix(values: Hashes) -> Hashes:
    """64 bits of which each depends on all bits of a number (splitmix64, Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        mixed = values + np.uint64(0x9E37_79B9_7F4A_7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
        return mixed ^ (mixed >> np.uint64(31))
