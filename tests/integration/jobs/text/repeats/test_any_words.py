"""Shingles of any words."""

from hypothesis import given
from hypothesis import strategies as st

from jobs.text.repeats.shingles import shingle_hashes


@given(st.lists(st.sampled_from(["kiln", "loom", "saw", "vat", "press"]), max_size=60))
def test_sample_is_a_part_of_all_hashes(words: list[str]) -> None:
    text = " ".join(words)

    assert set(shingle_hashes(text, one_in=3).tolist()) <= set(shingle_hashes(text).tolist())
