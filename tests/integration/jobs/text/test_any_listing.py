"""Any text between its marks."""

from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.text.numbered_sentences import number_sentences
from tests.unit.jobs.dataset.teacher import make_chunk
from tests.unit.jobs.text.test_numbered_sentences import assert_contained


@given(
    st.text(max_size=300) | st.text("=<|>[]123. \n\r\x85\u2028TEXDN", max_size=60),
    st.text(max_size=80),
)
@settings(deadline=None)
def test_no_text_or_title_whatever_leaves_its_marks(text: str, title: str) -> None:
    listing = number_sentences(make_chunk(text, title=title)).listing

    assert_contained(listing)
