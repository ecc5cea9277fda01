from jobs.documents.passages import Passages, passages_of
from schemas.dataset import HeldOutQuestion
from schemas.documents import Chunk
from schemas.record import Span
from tests.unit.jobs.dataset.teacher import make_chunk

FIRST = make_chunk("Oak is cut in winter. It dries for years.", start_char=100)
LATER = make_chunk("A lathe turns slowly. Oak needs that.", start_char=900)


def span_of(chunk: Chunk, part: str) -> Span:
    start = chunk.start_char + chunk.text.index(part)
    return Span(start_char=start, end_char=start + len(part))


def test_two_passages_stand_in_the_order_of_the_document_whichever_was_asked_about() -> None:
    for passages in (Passages(FIRST, LATER), Passages(LATER, FIRST)):
        assert passages.in_order == (FIRST, LATER)
        assert passages.text == f"{FIRST.text}\n\n{LATER.text}"


def test_evidence_is_read_in_the_passage_in_which_it_lies() -> None:
    passages = Passages(LATER, FIRST)
    spans = (span_of(FIRST, "dries for years"), span_of(LATER, "turns slowly"))

    assert passages.read(spans) == ("dries for years", "turns slowly")
    within = passages.within(spans)
    assert [passages.text[s.start_char : s.end_char] for s in within] == list(passages.read(spans))
    assert Passages(LATER).read([span_of(LATER, "A lathe")]) == ("A lathe",)


def test_passages_that_touch_are_told_apart_at_their_border() -> None:
    one = make_chunk("One.", start_char=0)
    two = make_chunk("Two.", start_char=4)

    assert Passages(one, two).read([Span(start_char=4, end_char=8)]) == ("Two.",)


def test_item_names_one_chunk_or_two() -> None:
    chunks = {each.chunk_id: each for each in (FIRST, LATER)}
    item = HeldOutQuestion(
        question_id="q",
        chunk_id=FIRST.chunk_id,
        document_id="d1",
        path="policy.txt",
        kind="why",
        question="Why?",
        context="",
        evidence=(),
    )

    both = item.model_copy(update={"second_chunk_id": LATER.chunk_id})

    assert passages_of(item, chunks.__getitem__) == Passages(FIRST)
    assert passages_of(both, chunks.__getitem__) == Passages(FIRST, LATER)
    assert b"second" not in item.model_dump_json().encode()
