"""Cuts a range of a document into pieces no larger than a chunk: by sections, then within them."""

from collections.abc import Iterator

from jobs.documents.cutting.best_cuts import cut_best
from jobs.documents.cutting.heading_paths import HeadingPaths
from jobs.documents.cutting.pack_sections import pack_sections
from schemas.record import Span
from schemas.settings import ChunkSettings


def cut_into_pieces(
    text: str, span: Span, headings: HeadingPaths, settings: ChunkSettings
) -> Iterator[Span]:
    """The ranges of the chunks of a span, not trimmed; they cover it."""
    for part in pack_sections(text, span, headings, settings):
        start, end = part.start_char, part.end_char
        heading_starts = {place - start for place in headings.starts_between(start - 1, end)}
        for piece in cut_best(text[start:end], heading_starts, settings):
            yield Span(start_char=start + piece.start_char, end_char=start + piece.end_char)
