"""Cuts one side of a document into pieces, by the rules that its run has."""

from collections.abc import Iterator, Sequence

from jobs.documents.cutting.best_cuts import cut_into_pieces
from jobs.documents.cutting.first_rules import cut_by_first_rules
from jobs.documents.cutting.heading_paths import HeadingPaths
from schemas.documents import SideSpan
from schemas.record import Span
from schemas.settings import ChunkSettings

FIRST_RULES = 1  # of `chunks.rules`


def parts_between(side_span: SideSpan, boilerplate: Sequence[Span]) -> Iterator[SideSpan]:
    """The parts of a span that are left between the ranges to leave out."""
    start = side_span.start_char
    for span in boilerplate:
        end = max(start, min(span.start_char, side_span.end_char))
        yield SideSpan(start_char=start, end_char=end, side=side_span.side)
        start = max(start, min(span.end_char, side_span.end_char))
    yield SideSpan(start_char=start, end_char=side_span.end_char, side=side_span.side)


def pieces_of(
    text: str, span: SideSpan, headings: HeadingPaths, settings: ChunkSettings
) -> Iterator[Span]:
    """The trimmed ranges of the chunks-to-be of one span: whole sections where they fit."""
    cut = cut_by_first_rules if settings.rules == FIRST_RULES else cut_into_pieces
    whole = Span(start_char=span.start_char, end_char=span.end_char)
    for piece in cut(text, whole, headings, settings):
        piece_text = text[piece.start_char : piece.end_char]
        if trimmed := piece_text.strip():
            start = piece.start_char + piece_text.index(trimmed)
            yield Span(start_char=start, end_char=start + len(trimmed))


def heading_path(piece: Span, headings: HeadingPaths, settings: ChunkSettings) -> tuple[str, ...]:
    """The headings under which a piece stands."""
    if settings.rules == FIRST_RULES:
        return headings.path_at(piece.start_char)
    return headings.path_of(piece.start_char, piece.end_char)
