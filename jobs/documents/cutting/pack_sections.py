"""Puts the sections of a text together until they are as large as a chunk."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.wire.tokens import count_tokens
from jobs.documents.cutting.heading_paths import HeadingPaths
from schemas.record import Span
from schemas.settings import ChunkSettings


class _Part(NamedTuple):
    """Neighbouring sections. `is_whole`: they are all that stands below their headings."""

    start: int
    end: int
    tokens: int
    is_whole: bool = True


class _Node(NamedTuple):
    """A section and, of deeper levels, those that follow it; none has a level above its own."""

    own: _Part
    level: int
    inner: list["_Node"]


def pack_sections(
    text: str, span: Span, headings: HeadingPaths, settings: ChunkSettings
) -> list[Span]:
    """The ranges of a span that are chunks if they are no larger than the target.

    A section stays whole with all sections within it, if that fits, and shares a chunk with its
    neighbours of the same parent. What is too short to be a chunk goes to the neighbour that it
    has more headings in common with.
    """
    roots = _build_trees(text, span, headings)
    parts = list(_join(_parts_of(roots, settings.target_tokens), settings.target_tokens))
    return [
        Span(start_char=part.start, end_char=part.end)
        for part in _without_short_ones(parts, headings, settings)
    ]


def _build_trees(text: str, span: Span, headings: HeadingPaths) -> list[_Node]:
    roots: list[_Node] = []
    open_nodes: list[_Node] = []
    for section in headings.sections_between(span.start_char, span.end_char):
        tokens = count_tokens(text[section.start : section.end])
        node = _Node(_Part(section.start, section.end, tokens), section.level, [])
        while open_nodes and open_nodes[-1].level >= section.level:
            open_nodes.pop()
        (open_nodes[-1].inner if open_nodes else roots).append(node)
        open_nodes.append(node)
    return roots


def _parts_of(nodes: Sequence[_Node], target_tokens: int) -> Iterator[_Part]:
    """The parts of neighbours, each a whole section or pieces of one that is too large."""
    for node in nodes:
        whole = _whole(node)
        if whole.tokens <= target_tokens or not node.inner:
            yield whole
            continue
        inner = [node.own, *_parts_of(node.inner, target_tokens)]
        for part in _join(inner, target_tokens):
            yield part._replace(is_whole=False)


def _whole(node: _Node) -> _Part:
    last, tokens, pending = node, 0, [node]
    while pending:
        each = pending.pop()
        tokens += each.own.tokens
        last = max(last, each, key=lambda n: n.own.end)
        pending += each.inner
    return _Part(node.own.start, last.own.end, tokens)


def _join(parts: Iterator[_Part] | Sequence[_Part], target_tokens: int) -> Iterator[_Part]:
    """Whole neighbours together, as many as fit."""
    waiting: _Part | None = None
    for part in parts:
        if waiting is None:
            waiting = part
        elif waiting.is_whole and part.is_whole and waiting.tokens + part.tokens <= target_tokens:
            waiting = _Part(waiting.start, part.end, waiting.tokens + part.tokens)
        else:
            yield waiting
            waiting = part
    if waiting is not None:
        yield waiting


def _without_short_ones(
    parts: Sequence[_Part], headings: HeadingPaths, settings: ChunkSettings
) -> list[_Part]:
    kept: list[_Part] = []
    for number, part in enumerate(parts):
        if kept and kept[-1].tokens < settings.min_tokens:  # it waits for this one
            part = _together(kept.pop(), part)
        following = parts[number + 1] if number + 1 < len(parts) else None
        is_short = part.tokens < settings.min_tokens
        if is_short and kept and not _belongs_to_next(kept[-1], part, following, headings):
            kept[-1] = _together(kept[-1], part)
        else:
            kept.append(part)
    return kept


def _together(one: _Part, other: _Part) -> _Part:
    return _Part(one.start, other.end, one.tokens + other.tokens)


def _belongs_to_next(
    before: _Part, part: _Part, following: _Part | None, headings: HeadingPaths
) -> bool:
    if following is None:
        return False
    path = headings.path_at(part.start)
    last_before = headings.path_at(before.end - 1)
    return _common(path, headings.path_at(following.start)) >= _common(path, last_before)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count
