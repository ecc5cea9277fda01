import random

from jobs.text.repeats.min_hashes import RECALL, MinHashGroups, rows_of_band
from jobs.text.repeats.near_duplicates import NearDuplicates, words_of_any_language
from tests.rows import each_row


def similar_sets(count: int, similarity: float) -> list[tuple[list[int], list[int]]]:
    """Pairs of sets of 60 words of which each pair has the words of this similarity in common."""
    chance = random.Random(5)
    shared = round(120 * similarity / (1 + similarity))
    pairs = []
    for _ in range(count):
        words = chance.sample(range(50_000), 120 - shared)
        own = 60 - shared
        pairs.append((words[:60], words[own:60] + words[60:]))
        assert len(set(pairs[-1][0]) & set(pairs[-1][1])) == shared
    return pairs


@each_row("similarity", [0.6, 0.8, 0.9])
def test_texts_that_are_just_similar_enough_are_found(similarity: float) -> None:
    pairs, index = similar_sets(400, similarity), MinHashGroups(similarity)
    for one, _ in pairs:
        index.add(one)

    found = sum(number in index.find(other, 60) for number, (_, other) in enumerate(pairs))

    assert found >= 0.98 * len(pairs)


def test_texts_of_other_words_are_hardly_ever_looked_at() -> None:
    chance, index = random.Random(6), MinHashGroups(0.8)
    texts = [chance.sample(range(2_000), 60) for _ in range(1_500)]  # more than the first buckets

    for text in texts:
        index.add(text)

    looked_at = sum(len(index.find(text, 60)) for text in texts)
    assert looked_at < 1.05 * len(texts)
    assert all(number in index.find(text, 60) for number, text in enumerate(texts))
    assert list(index.words_of(7)) == texts[7]
    assert index.size_of(7) == 60


def test_words_that_nobody_knows_hide_no_text() -> None:
    duplicates = NearDuplicates(0.8, words_of_any_language, index=MinHashGroups(0.8))
    text = " ".join(f"word{number} common{number}" for number in range(40))
    duplicates.remember("first", text)

    assert duplicates.find(f"{text} novel") is not None
    assert duplicates.find("novel words alone") is None


@each_row("similarity", [0.3, 0.5, 0.7, 0.8, 0.9, 1.0])
def test_bands_are_as_wide_as_recall_lets_them_be(similarity: float) -> None:
    rows = rows_of_band(similarity)

    assert rows == 1 or 1 - (1 - similarity**rows) ** (128 // rows) >= RECALL
