"""Many vectors around the threshold."""

import numpy as np

from jobs.text.repeats.near_meanings import NearMeanings, Vector
from tests.unit.jobs.text.repeats.test_near_meanings import find, never, turned, unit


def test_vectors_at_just_the_threshold_are_found_and_others_are_not() -> None:
    chance, kept = np.random.default_rng(1), dict[str, Vector]()
    meanings = NearMeanings(0.9, kept.get, never)
    vectors = {f"q{number}": unit(chance) for number in range(1_500)}  # more than the first room
    kept |= vectors
    for item_id in vectors:
        meanings.remember(item_id)

    matches = {
        item_id: find(meanings, kept, turned(vector, 0.905, chance))
        for item_id, vector in vectors.items()
    }
    apart = [find(meanings, kept, turned(vector, 0.88, chance)) for vector in vectors.values()]

    found = [item_id for item_id, match in matches.items() if match and match.item_id == item_id]
    assert len(found) >= 0.999 * len(vectors)
    assert apart == [None] * len(vectors)
