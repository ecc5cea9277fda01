"""Each pair of similar texts is found by one part, whatever the texts."""

import random
from functools import cache
from itertools import combinations

from jobs.text.repeats.rare_groups import FIRST_TEXTS
from jobs.text.repeats.word_parts import WordOrder, WordPart, count_words, part_of, parts_of
from tests.rows import each_row

PARTS = 5
LETTERS = "abcdefghijkl"


def make_texts(count: int) -> list[set[str]]:
    """Sets of words of which some are common."""
    chance = random.Random(0)
    weights = [2.0**-place for place in range(len(LETTERS))]
    return [set(chance.choices(LETTERS, weights, k=chance.randint(1, 9))) for _ in range(count)]


def make_rare_texts(count: int) -> list[set[str]]:
    """Sets of words of which few are the same as another."""
    chance = random.Random(0)
    return [{f"{chance.randrange(40)}" for _ in range(2)} for _ in range(count)]


def jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)


@cache
def make_similarities(count: int) -> dict[tuple[int, int], float]:
    """How similar each two of the made texts are, in order."""
    texts = make_texts(count)
    return {
        (one, other): jaccard(texts[one], texts[other])
        for one, other in combinations(range(count), 2)
    }


def found_pairs(
    texts: list[set[str]], least: float, *, parts: int = PARTS
) -> list[tuple[int, int]]:
    """The pairs that the parts find as their own, each as often as it is found."""
    order, pairs = WordOrder(count_words(texts[::3])), list[tuple[int, int]]()
    for part in range(parts):
        index, numbers = WordPart(part, parts, least), list[int]()
        for number, text in enumerate(texts):
            words = order.sort(text)
            if part not in parts_of(words, least, parts):
                continue
            own = index.number_words(words)
            pairs += [(numbers[each.number], number) for each in index.find(own) if each.is_own]
            index.add(own)
            numbers.append(number)
    return pairs


@each_row("least", [0.1, 0.4, 0.55, 0.7, 0.9, 1.0])
def test_every_similar_pair_is_found_once_and_no_other(least: float) -> None:
    texts = make_texts(100)

    found = found_pairs(texts, least)

    similarities = make_similarities(100)
    assert sorted(found) == [pair for pair in similarities if similarities[pair] >= least]


def test_index_that_grows_finds_what_came_before() -> None:
    texts = make_rare_texts(FIRST_TEXTS)
    texts += texts[:50]
    places: dict[frozenset[str], list[int]] = {}
    for number, text in enumerate(texts):
        places.setdefault(frozenset(text), []).append(number)

    found = found_pairs(texts, 1.0, parts=1)

    expected = [pair for same in places.values() for pair in combinations(same, 2)]
    assert sorted(found) == sorted(expected)


def test_similarity_is_that_of_the_sets() -> None:
    index = WordPart(part_of("rare", 1), 1, 0.5)
    index.add(index.number_words(["rare", "b", "c"]))

    (found,) = index.find(index.number_words(["rare", "c", "d"]))

    assert (found.number, found.similarity, found.is_own) == (0, 0.5, True)


def test_words_of_a_sample_are_ordered_from_rare_to_common() -> None:
    order = WordOrder(count_words([{"what", "kiln"}, {"what", "saw"}, {"what", "saw"}]))

    assert order.sort({"what", "saw", "kiln", "loom"}) == ["kiln", "loom", "saw", "what"]
