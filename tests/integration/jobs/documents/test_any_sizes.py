"""Documents of any sizes on two sides."""

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.jobs.documents.test_split_documents import (
    CHARS_PER_TOKEN,
    SETTINGS,
    make_sizes,
    split,
    tokens_on,
)

SIZES = st.lists(st.integers(0, 6_000), max_size=20)


@given(SIZES, st.randoms(use_true_random=False))
def test_the_order_of_the_documents_changes_nothing(
    token_counts: list[int], random: Random
) -> None:
    sizes = make_sizes(token_counts)
    shuffled = list(sizes)
    random.shuffle(shuffled)

    assert split(shuffled) == split(sizes)


@given(SIZES, SIZES)
def test_what_is_assigned_never_moves_and_new_documents_join(
    first: list[int], then: list[int]
) -> None:
    old_sizes, new_sizes = make_sizes(first, "old"), make_sizes(then, "new")
    before = split(old_sizes)

    joined = split([*new_sizes, *old_sizes], before)

    assert set(joined) == {size.document_id for size in new_sizes}


@given(st.lists(st.integers(1, 6_000), min_size=2, max_size=12))
def test_two_documents_are_enough_for_both_sides(token_counts: list[int]) -> None:
    assignments = split(make_sizes(token_counts)).values()

    assert tokens_on(assignments, "train") > 0
    assert tokens_on(assignments, "held_out") > 0


@given(st.integers(200, 10_000), st.sampled_from([0.01, 0.1, 0.3, 0.5]), st.integers(0, 9))
def test_one_document_is_cut_into_both_sides_with_gaps(
    tokens: int, fraction: float, seed: int
) -> None:
    settings = SETTINGS.model_copy(update={"seed": seed, "held_out_fraction": fraction})
    size = make_sizes([tokens])

    (assignment,) = split(size, settings=settings).values()

    spans = assignment.spans
    gap_chars = settings.gap_tokens * CHARS_PER_TOKEN
    for left, right in pairwise(spans):
        assert left.side == right.side or right.start_char - left.end_char >= gap_chars
    if tokens >= 8 * 128:
        assert {span.side for span in spans} == {"train", "held_out"}
    assert all(0 <= span.start_char < span.end_char <= size[0].text_length_chars for span in spans)
