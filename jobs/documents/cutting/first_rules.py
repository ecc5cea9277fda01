"""The first rules of cutting (`chunks.rules = 1`): runs that began under them go on under them."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from semantic_text_splitter import TextSplitter

from engine.wire.tokens import count_tokens
from jobs.documents.cutting.heading_paths import HeadingPaths
from schemas.record import Span
from schemas.settings import ChunkSettings

MAX_SPLIT_CHARS = 20_000  # the splitter takes quadratic time on text without spaces and lines

_LEAD_IN = re.compile(r"([:：])(\s*\n\s*)")


def cut_by_first_rules(
    text: str, span: Span, headings: HeadingPaths, settings: ChunkSettings
) -> Iterator[Span]:
    """The ranges of the chunks of a span, not trimmed: whole sections where they fit."""
    for section in _pack_sections(text, span, headings, settings):
        section_text = text[section.start_char : section.end_char]
        for offset, piece in _split_section(section_text, settings.target_tokens):
            start = section.start_char + offset
            yield Span(start_char=start, end_char=start + len(piece))


def _pack_sections(
    text: str, span: Span, headings: HeadingPaths, settings: ChunkSettings
) -> Iterator[Span]:
    """Neighbouring sections together, as many as fit into a chunk.

    A new chapter starts a new chunk, unless what stands before it is too short to be one.
    """
    inner_starts = headings.starts_between(span.start_char, span.end_char)
    start, tokens = span.start_char, 0
    for section_start, section_end in pairwise([span.start_char, *inner_starts, span.end_char]):
        section_tokens = count_tokens(text[section_start:section_end])
        is_full = tokens + section_tokens > settings.target_tokens
        if tokens >= settings.min_tokens and (is_full or headings.is_chapter(section_start)):
            yield Span(start_char=start, end_char=section_start)
            start, tokens = section_start, 0
        tokens += section_tokens
    yield Span(start_char=start, end_char=span.end_char)


def _split_section(text: str, target_tokens: int) -> Iterator[tuple[int, str]]:
    """The pieces of a section with their offsets: of about equal size, so that no stub is left.

    Where a piece would end with a line that leads on ("as follows:"), all are cut anew with such
    lines tied to what follows.
    """
    for start, end in _windows(text):
        window = text[start:end]
        pieces = _cut(window, window, target_tokens)
        if _leading_on(pieces):
            tied = _cut(window, _LEAD_IN.sub(_tie, window), target_tokens)
            is_within = all(count_tokens(piece.strip()) <= target_tokens for _, piece in tied)
            if is_within and _leading_on(tied) < _leading_on(pieces):
                pieces = tied
        for offset, piece in pieces:
            yield start + offset, piece


def _cut(window: str, by: str, target_tokens: int) -> list[tuple[int, str]]:
    """The pieces of `window`, cut where `by`, of the same length, is best cut."""
    piece_count = -(-count_tokens(by) // target_tokens)
    if piece_count <= 1:
        return [(0, window)]
    capacity = (-(-count_tokens(by) // piece_count), target_tokens)
    found = TextSplitter.from_callback(count_tokens, capacity).chunk_indices(by)
    return [(offset, window[offset : offset + len(piece)]) for offset, piece in found]


def _leading_on(pieces: Sequence[tuple[int, str]]) -> int:
    """How many pieces but for the last end with a line that leads on."""
    return sum(piece.rstrip().endswith((":", "：")) for _, piece in pieces[:-1])


def _tie(lead_in: re.Match[str]) -> str:
    return lead_in[1] + " " * len(lead_in[2])


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Ranges of at most MAX_SPLIT_CHARS that cover `text`, cut at the last paragraph if any."""
    start = 0
    while len(text) - start > MAX_SPLIT_CHARS:
        limit = start + MAX_SPLIT_CHARS
        cuts = (text.rfind(separator, start + 1, limit) for separator in ("\n\n", "\n", " "))
        end = next((cut for cut in cuts if cut > start), limit)
        yield start, end
        start = end
    yield start, len(text)
