import math

import numpy as np
import pytest

from engine.errors import ConfigError
from jobs.text.repeats.near_duplicates import Match
from jobs.text.repeats.near_meanings import NearMeanings, Vector

LENGTH = 384


def never(_: str, __: str) -> bool:
    return False


def turned(vector: Vector, cosine: float, chance: np.random.Generator) -> Vector:
    """A vector of length 1 at this angle to another one."""
    other = chance.standard_normal(len(vector)).astype(np.float32)
    other -= (other @ vector) * vector
    other /= np.linalg.norm(other)
    made: Vector = cosine * vector + math.sqrt(1 - cosine**2) * other
    return made.astype(np.float32)


def unit(chance: np.random.Generator) -> Vector:
    vector = chance.standard_normal(LENGTH).astype(np.float32)
    made: Vector = vector / np.linalg.norm(vector)
    return made


def find(meanings: NearMeanings, kept: dict[str, Vector], vector: Vector) -> Match | None:
    kept["new"] = vector
    return meanings.find("new", "text")


def test_closest_counts_then_the_earliest_and_what_differs_does_not() -> None:
    chance = np.random.default_rng(2)
    first = unit(chance)
    kept = {"a": turned(first, 0.95, chance), "b": first, "c": first, "d": first}
    meanings = NearMeanings(0.9, kept.get, lambda item_id, _: item_id == "b")
    for item_id in list(kept):
        meanings.remember(item_id)

    match = find(meanings, kept, first)

    assert match is not None
    assert (match.item_id, match.similarity) == ("c", 1.0)


def test_item_without_a_vector_is_like_no_other() -> None:
    kept = {"a": np.full(4, 0.5, np.float32)}
    meanings = NearMeanings(0.9, kept.get, never)
    meanings.remember("a")
    meanings.remember("failed")

    assert meanings.find("failed", "text") is None
    assert find(meanings, kept, kept["a"]) == Match("a", 1.0)


def test_vectors_of_two_lengths_are_of_two_models() -> None:
    kept = {"a": np.full(4, 0.5, np.float32)}
    meanings = NearMeanings(0.9, kept.get, never)
    meanings.remember("a")

    with pytest.raises(ConfigError, match="vectors of 4 numbers and of 9"):
        find(meanings, kept, np.full(9, 1 / 3, np.float32))
