"""Cuts one document into contiguous blocks of both sides, with a gap between the sides."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from schemas.documents import Side, SideSpan
from schemas.settings import SplitSettings

MIN_BLOCK_COUNT = 4  # with fewer, the gaps may leave nothing to train on
LEAST_BLOCKS_WANTED = 8  # blocks are made smaller for it
MIN_BLOCK_TOKENS = 128

_SEPARATORS = ("\n\n", "\n", ". ", " ")  # the ends of paragraphs, lines, sentences, words


class BlockPlan(NamedTuple):
    """A document in `block_count` equal blocks, of which `held_out_count` are held out."""

    block_count: int
    held_out_count: int
    gap_chars: int


def count_blocks(token_count: int, settings: SplitSettings) -> int:
    """Into how many blocks a document is cut; 0 if it is too short for both sides and gaps.

    Blocks have `block_tokens`, or fewer where it takes that to meet `held_out_fraction`, but are
    never smaller than the gap.
    """
    fine_share = min(settings.held_out_fraction, 1 / LEAST_BLOCKS_WANTED)
    fine_tokens = min(settings.block_tokens, fine_share * token_count)
    count = int(token_count / max(MIN_BLOCK_TOKENS, settings.gap_tokens, fine_tokens))
    return count if count >= MIN_BLOCK_COUNT else 0


def cut_into_blocks(text: str, plan: BlockPlan, by_chance: Sequence[int]) -> tuple[SideSpan, ...]:
    """The spans of both sides of `text`, in order; blocks end where paragraphs do.

    The first blocks of `by_chance`, a permutation of all, are held out, unless their gaps leave
    nothing to train on: then the last blocks of the text. Gaps are taken from training blocks.
    """
    count = plan.held_out_count
    spans = _spans(text, plan, frozenset(by_chance[:count]))
    if all(span.side == "held_out" for span in spans):
        spans = _spans(text, plan, range(plan.block_count - count, plan.block_count))
    return spans


def _spans(text: str, plan: BlockPlan, held_out: Collection[int]) -> tuple[SideSpan, ...]:
    reach = len(text) // plan.block_count // 4
    spans = []
    for side, start, end in _runs(text, plan.block_count, held_out, reach):
        if side == "train" and start > 0:
            start = _edge_after(text, start + plan.gap_chars, reach)
        if side == "train" and end < len(text):
            end = _edge_before(text, end - plan.gap_chars, reach)
        if start < end:
            spans.append(SideSpan(start_char=start, end_char=end, side=side))
    return tuple(spans)


def _runs(
    text: str, block_count: int, held_out: Collection[int], reach: int
) -> Iterator[tuple[Side, int, int]]:
    """Neighbouring blocks of one side as one range; the ranges cover the text."""
    inner = (len(text) * index // block_count for index in range(1, block_count))
    edges = [0, *(_edge_after(text, edge, reach) for edge in inner), len(text)]
    for is_held_out, run in groupby(range(block_count), key=lambda index: index in held_out):
        blocks = list(run)
        yield "held_out" if is_held_out else "train", edges[blocks[0]], edges[blocks[-1] + 1]


def _edge_after(text: str, position: int, reach: int) -> int:
    """The first end of a paragraph from `position` on, at most `reach` characters away."""
    for separator in _SEPARATORS:
        found = text.find(separator, position, position + reach)
        if found >= 0:
            return found + len(separator)
    return min(position, len(text))


def _edge_before(text: str, position: int, reach: int) -> int:
    """The last end of a paragraph up to `position`, at most `reach` characters away."""
    for separator in _SEPARATORS:
        found = text.rfind(separator, max(0, position - reach), max(0, position))
        if found >= 0:
            return found + len(separator)
    return max(0, position)
