"""Near duplicates among any questions."""

from hypothesis import given
from hypothesis import strategies as st

from jobs.text.repeats.near_duplicates import Match, NearDuplicates, words_as_at_first


@given(
    st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8), max_size=30),
    st.sampled_from([0.3, 0.55, 0.6, 0.7, 0.9, 1.0]),
)
def test_the_index_finds_what_comparing_every_pair_finds(
    texts: list[list[str]], max_similarity: float
) -> None:
    duplicates = NearDuplicates(max_similarity)
    kept: list[tuple[str, set[str]]] = []

    for number, letters in enumerate(texts):
        text = " ".join(f"word {letter}{letter}" for letter in letters)
        words = words_as_at_first(text)
        found = duplicates.add(str(number), text)

        similar = [(len(words & other) / len(words | other), item_id) for item_id, other in kept]
        best = max((similarity for similarity, _ in similar), default=0.0)
        if best >= max_similarity:
            earliest = next(item_id for similarity, item_id in similar if similarity == best)
            assert found == Match(earliest, best)
        else:
            assert found is None
            kept.append((str(number), words))
