"""Cuts a text into pieces no larger than a chunk: by sections, then where a cut harms least."""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from semantic_text_splitter import TextSplitter

from engine.wire.tokens import count_tokens
from jobs.documents.cutting.cut_costs import (
    WITHIN_ITEM,
    WITHIN_LINE,
    WITHIN_SENTENCE,
    Line,
    measure_lines,
)
from jobs.documents.cutting.heading_paths import HeadingPaths
from jobs.documents.cutting.pack_sections import pack_sections
from jobs.text.sentences import split_sentences
from schemas.record import Span
from schemas.settings import ChunkSettings

SIZE_WEIGHT = 8.0  # of the square of how far a piece is from the mean size
PIECE_COST = 2.0  # so that there are not more than need be
SHORT_COST = 20.0  # of a piece that would be dropped for it
LONG_LINE_SHARE = 0.2  # of the target: a longer line may be cut between its sentences
MAX_SPLIT_CHARS = 20_000  # the splitter takes quadratic time on text without spaces and lines


class _Atom(NamedTuple):
    """What is not cut. `cost`: of a cut before it."""

    start: int
    end: int
    tokens: int
    cost: float


def cut_into_pieces(
    text: str, span: Span, headings: HeadingPaths, settings: ChunkSettings
) -> Iterator[Span]:
    """The ranges of the chunks of a span, not trimmed; they cover it."""
    for part in pack_sections(text, span, headings, settings):
        start, end = part.start_char, part.end_char
        heading_starts = {place - start for place in headings.starts_between(start - 1, end)}
        for piece in cut_best(text[start:end], heading_starts, settings):
            yield Span(start_char=start + piece.start_char, end_char=start + piece.end_char)


def cut_best(text: str, heading_starts: Collection[int], settings: ChunkSettings) -> Iterator[Span]:
    """The ranges of pieces of equal size; they cover the text. Headings start at those places."""
    target = settings.target_tokens
    total = count_tokens(text.strip())
    if total <= target:
        yield Span(start_char=0, end_char=len(text))
        return
    lines = measure_lines(text, heading_starts)
    atoms = [atom for line in lines for atom in _atoms(text, line, target)]
    mean = total / -(-total // target)
    for first, last in _choose(atoms, mean, settings):
        start, end = atoms[first].start, atoms[last - 1].end
        yield from _within_target(text, start, end, target)


def _atoms(text: str, line: Line, target: int) -> Iterator[_Atom]:
    tokens = count_tokens(text[line.start : line.end])
    if tokens <= LONG_LINE_SHARE * target:
        yield _Atom(line.start, line.end, tokens, line.cost)
        return
    starts = [span.start_char + line.start for span in split_sentences(text[line.start : line.end])]
    edges = [line.start, *starts[1:], line.end]
    within = max(WITHIN_LINE, WITHIN_ITEM * line.is_in_item)
    for number, (start, end) in enumerate(pairwise(edges)):
        cost = within if number else line.cost
        for piece in _within_target(text, start, end, target):
            size = count_tokens(text[piece.start_char : piece.end_char])
            yield _Atom(piece.start_char, piece.end_char, size, cost)
            cost = WITHIN_SENTENCE


def _choose(
    atoms: Sequence[_Atom], mean: float, settings: ChunkSettings
) -> Sequence[tuple[int, int]]:
    """The pieces, as ranges of atoms, whose costs together are the least."""
    sums = [0, *accumulate(atom.tokens for atom in atoms)]
    largest = max(settings.target_tokens, *(atom.tokens for atom in atoms))
    of_size = np.array([_cost_of_size(size, mean) for size in range(largest + 1)])
    of_short = np.where(np.arange(largest + 1) < settings.min_tokens, SHORT_COST, 0.0)
    ends, least = np.array(sums), np.zeros(len(sums))  # least: of all before, and the cut there
    first_of = [0]
    for last in range(1, len(sums)):
        fitting = bisect_left(sums, sums[last] - settings.target_tokens, 0, last)
        earliest = min(fitting, last - 1)  # what is not cut may be too large
        sizes = ends[last] - ends[earliest:last]
        costs = (least[earliest:last] + of_size[sizes] + of_short[sizes])[::-1]
        chosen = int(costs.argmin())
        first_of.append(last - 1 - chosen)
        cut_cost = atoms[last].cost if last < len(atoms) else 0.0
        least[last] = costs[chosen] + cut_cost
    pieces = [(first_of[-1], len(atoms))]
    while pieces[-1][0]:
        pieces.append((first_of[pieces[-1][0]], pieces[-1][0]))
    return pieces[::-1]


def _cost_of_size(size: int, mean: float) -> float:
    return PIECE_COST + SIZE_WEIGHT * ((size - mean) / mean) ** 2


def _within_target(text: str, start: int, end: int, target: int) -> Iterator[Span]:
    """A range as it is, or cut at spaces where it is too large all the same."""
    if count_tokens(text[start:end].strip()) <= target:
        yield Span(start_char=start, end_char=end)
        return
    for window in range(start, end, MAX_SPLIT_CHARS):
        window_text = text[window : min(end, window + MAX_SPLIT_CHARS)]
        found = TextSplitter.from_callback(count_tokens, target).chunk_indices(window_text)
        edges = [0, *(offset for offset, _ in found[1:]), len(window_text)]
        for one, other in pairwise(edges):
            yield Span(start_char=window + one, end_char=window + other)
