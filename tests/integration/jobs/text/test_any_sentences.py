"""Sentences of any text."""

import string

from hypothesis import given
from hypothesis import strategies as st

from jobs.text.sentences import MAX_SENTENCE_CHARS, split_sentences

HOSTILE_TEXT = st.text(
    alphabet=st.one_of(
        st.sampled_from(string.ascii_letters + " \n\t.!?…。-*#|1)(“”\"'[]"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=300,
)


@given(HOSTILE_TEXT)
def test_every_character_that_is_not_white_space_lies_in_exactly_one_sentence(text: str) -> None:
    spans = split_sentences(text)

    position = 0
    for span in spans:
        sentence = text[span.start_char : span.end_char]
        assert position <= span.start_char < span.end_char
        assert not text[position : span.start_char].strip()
        assert sentence == sentence.strip()
        assert len(sentence) <= MAX_SENTENCE_CHARS
        position = span.end_char
    assert not text[position:].strip()
