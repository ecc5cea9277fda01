"""Pairs of questions by which a threshold of meaning is chosen."""

from collections import Counter

from scripts.benchmarks.documents.same_meaning import (
    LANGUAGES,
    Measured,
    Pair,
    describe,
    other_pairs,
    read_pairs,
    repeats_words,
)


def test_pairs_of_each_language_are_in_other_words_or_hard_to_tell() -> None:
    pairs = read_pairs()

    counts = Counter((each.language, each.is_same) for each in pairs)
    assert all(counts[name, True] >= 16 and counts[name, False] >= 8 for name in LANGUAGES)
    assert not any(repeats_words(each) for each in pairs if each.is_same)


def test_other_pairs_are_none_that_were_written_to_mean_the_same() -> None:
    written = read_pairs()

    others = list(other_pairs(written))

    known = {frozenset((each.question, each.other)) for each in written}
    assert len(others) > 10_000
    assert not known & {frozenset((each.question, each.other)) for each in others}


def test_table_counts_pairs_from_each_threshold_on() -> None:
    same = Pair("en", "How is it opened?", "By what is it opened?", is_same=True)
    hard = same._replace(other="How is it shut?", is_same=False)

    table = list(describe([Measured(same, 0.9), Measured(hard, 0.8)], []))

    (row,) = (line for line in table if line.startswith("| 0.84"))
    assert row == "| 0.84 | 1 of 1 | 0 of 0 | 0 of 0 | 0 of 1 | 0 of 0 |"
