from engine.wire.tokens import count_tokens
from jobs.dataset.rows.excerpts import excerpt_around
from schemas.documents import Chunk
from schemas.record import Span
from tests.rows import each_row
from tests.unit.jobs.dataset.teacher import make_chunk

SENTENCES = [f"Sentence number {n} speaks of the tool called {name}." for n, name in enumerate(
    ("saw", "lathe", "anvil", "kiln", "loom", "press", "vat", "forge", "bench"), start=1
)]  # fmt: skip
TEXT = " ".join(SENTENCES)


def span_of(chunk: Chunk, *numbers: int) -> tuple[Span, ...]:
    starts = [chunk.start_char + TEXT.index(SENTENCES[n]) for n in numbers]
    return tuple(
        Span(start_char=start, end_char=start + len(SENTENCES[n]))
        for start, n in zip(starts, numbers, strict=True)
    )


@each_row("middle", [0, 4, 8])
def test_excerpt_holds_the_evidence_and_what_fits_around_it(middle: int) -> None:
    chunk = make_chunk(TEXT)

    excerpt = excerpt_around(chunk, span_of(chunk, middle), 40)

    assert SENTENCES[middle] in excerpt
    assert excerpt in TEXT
    assert 20 < count_tokens(excerpt) <= 40


def test_evidence_stays_whole_however_long_it_is() -> None:
    chunk = make_chunk(TEXT)

    excerpt = excerpt_around(chunk, span_of(chunk, 1, 6), 10)

    assert excerpt == " ".join(SENTENCES[1:7])


def test_everything_fits_a_large_limit() -> None:
    chunk = make_chunk(TEXT)

    assert excerpt_around(chunk, span_of(chunk, 3), 10_000) == TEXT


def test_evidence_that_is_elsewhere_leaves_the_chunk_whole() -> None:
    chunk = make_chunk(TEXT)

    assert excerpt_around(chunk, (Span(start_char=0, end_char=5),), 10) == TEXT
