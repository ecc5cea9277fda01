"""Finds texts that mean the same as an earlier one, by the vectors of an embedding model."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigError
from jobs.text.repeats.near_duplicates import Match
from jobs.text.repeats.text_similarity import Vectors

SKETCH_BITS = 256
DEVIATIONS = 4.0  # beyond what is expected, before a sketch rules a text out: one of 30,000 is
FIRST_TEXTS = 1_024

Vector = NDArray[np.float32]
SignSketch = NDArray[np.uint64]


class NearMeanings:
    """Remembers sketches of vectors and finds the item whose vector is closest to a new one.

    A sketch has a bit for each of 256 random planes: on which side of it a vector lies. Vectors at
    an angle a differ in a share a/pi of the bits, about (Charikar 2002). What sketches leave is
    compared exactly, by the cosine. A remembered text costs 32 bytes beside its id, and a new one
    is held against the sketches of all.
    """

    def __init__(
        self,
        min_cosine: float,
        vector_of: Callable[[str], Vector | None],
        differ: Callable[[str, str], bool],
    ) -> None:
        """`vector_of` reads the vector of an item, of length 1; None: it has none.

        `differ`: whether the item of an id and a text say different things all the same.
        """
        self._min_cosine = min_cosine
        self._vector_of = vector_of
        self._differ = differ
        self._most_bits = _most_differing_bits(min_cosine)
        self._item_ids: list[str] = []
        self._sketches: SignSketch = np.zeros((SKETCH_BITS // 64, FIRST_TEXTS), np.uint64)
        self._planes: Vectors | None = None

    def remember(self, item_id: str) -> None:
        """Remember an item by its vector, if it has one."""
        vector = self._vector_of(item_id)
        if vector is None:
            return
        count = len(self._item_ids)
        if count == self._sketches.shape[1]:
            room = np.zeros_like(self._sketches)
            self._sketches = np.concatenate([self._sketches, room], axis=1)
        self._sketches[:, count] = self._sketch(vector)
        self._item_ids.append(item_id)

    def find(self, item_id: str, text: str) -> Match | None:
        """The closest remembered item that means the same as one; of several the earliest."""
        vector = self._vector_of(item_id)
        if vector is None:
            return None
        near = [self._item_ids[n] for n in self._near(self._sketch(vector))]
        matches = [Match(other, self._cosine(other, vector)) for other in near]
        alike = [match for match in matches if match.similarity >= self._min_cosine]
        for match in sorted(alike, key=lambda each: -each.similarity):
            if not self._differ(match.item_id, text):
                return match
        return None

    def _near(self, sketch: SignSketch) -> list[int]:
        """The numbers of those whose sketches are near to one."""
        count = len(self._item_ids)
        distances = np.zeros(count, np.uint16)
        for known, word in zip(self._sketches, sketch, strict=True):
            distances += np.bitwise_count(known[:count] ^ word)
        found: list[int] = np.flatnonzero(distances <= self._most_bits).tolist()
        return found

    def _cosine(self, item_id: str, vector: Vector) -> float:
        other = self._vector_of(item_id)
        return -1.0 if other is None else round(float(vector @ other), 4)

    def _sketch(self, vector: Vector) -> SignSketch:
        if self._planes is None:  # always the same for vectors of one length
            chance = np.random.default_rng(0)
            planes = chance.standard_normal((len(vector), SKETCH_BITS), np.float32)
            self._planes = planes
        if len(vector) != len(self._planes):
            raise ConfigError(
                f"questions.embedding_model: found vectors of {len(self._planes)} numbers and of "
                f"{len(vector)}, expected those of one model: did its server change it?"
            )
        sketch: SignSketch = np.packbits(vector @ self._planes > 0).view(np.uint64)
        return sketch


def _most_differing_bits(min_cosine: float) -> int:
    share = math.acos(max(-1.0, min(1.0, min_cosine))) / math.pi
    spread = math.sqrt(SKETCH_BITS * share * (1 - share))
    return math.ceil(SKETCH_BITS * share + DEVIATIONS * spread)
