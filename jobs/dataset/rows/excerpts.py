"""Cuts a chunk down to the part around the evidence of a row, so that rows stay short."""

from collections.abc import Sequence

from engine.wire.tokens import count_tokens
from jobs.text.sentences import split_sentences
from schemas.documents import Chunk
from schemas.record import Span


def excerpt_around(chunk: Chunk, evidence: Sequence[Span], max_tokens: int) -> str:
    """The sentences from the first to the last of the evidence, and what fits around them.

    The evidence stays whole, however long it is. Sentences join on both sides in turn, the one
    before first, as long as all is within `max_tokens`.
    """
    spans = split_sentences(chunk.text)
    inside = [n for n, span in enumerate(spans) if _is_evidence(span, evidence, chunk.start_char)]
    if not inside:
        return chunk.text
    first, last = inside[0], inside[-1]
    while grown := _grow(chunk.text, spans, first, last, max_tokens):
        first, last = grown
    return chunk.text[spans[first].start_char : spans[last].end_char]


def _grow(
    text: str, spans: Sequence[Span], first: int, last: int, max_tokens: int
) -> tuple[int, int] | None:
    """The next larger range that still fits; None: there is none."""
    wider = [(first - 1, last), (first, last + 1)]
    if last - first > 0 and (last - first) % 2:
        wider.reverse()
    for start, end in wider:
        if start < 0 or end >= len(spans):
            continue
        piece = text[spans[start].start_char : spans[end].end_char]
        if count_tokens(piece) <= max_tokens:
            return start, end
    return None


def _is_evidence(span: Span, evidence: Sequence[Span], chunk_start: int) -> bool:
    start, end = span.start_char + chunk_start, span.end_char + chunk_start
    return any(start < each.end_char and each.start_char < end for each in evidence)
