"""Chunks of any text."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from jobs.documents.chunk_documents import chunk_document
from schemas.documents import Chunk, Side, SideSpan, SplitAssignment
from tests.unit.jobs.documents.test_chunk_documents import LENIENT
from tests.unit.jobs.documents.texts import make_document

TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from("aAb \n\t.,😀日\u00a0\u2028\x1c"), st.characters(exclude_categories=["Cs"])
    ),
    max_size=400,
)


@given(
    TEXTS,
    st.lists(st.integers(0, 400), max_size=6),
    st.lists(st.integers(0, 400), max_size=5),
    st.integers(1, 2),
)
def test_every_character_of_a_side_lies_in_exactly_one_chunk(
    text: str, cuts: list[int], heading_starts: list[int], rules: int
) -> None:
    edges = sorted({min(cut, len(text)) for cut in cuts})
    sides: list[Side] = ["train", "held_out"]
    spans = tuple(
        SideSpan(start_char=start, end_char=end, side=sides[i % 2])
        for i, (start, end) in enumerate(zip(edges[::2], edges[1::2], strict=False))
    )
    headings = tuple((min(s, len(text)), s % 3 + 1, "Title") for s in sorted(heading_starts))
    document = make_document(text, headings=headings)

    settings = LENIENT.model_copy(update={"rules": rules})

    results = chunk_document(document, SplitAssignment(document_id="d1", spans=spans), settings)

    seen: Counter[int] = Counter()
    for result in results:
        if isinstance(result, Chunk):
            assert result.text == text[result.start_char : result.end_char]
            assert result.text == result.text.strip()
            assert result.token_count <= LENIENT.target_tokens
            seen.update(range(result.start_char, result.end_char))
    wanted = {i for span in spans for i in range(span.start_char, span.end_char)}
    assert set(seen) <= wanted
    assert all(seen[i] == 1 for i in wanted if not text[i].isspace())
    assert set(seen.values()) <= {1}
