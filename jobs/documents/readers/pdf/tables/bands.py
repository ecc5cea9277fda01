"""Rules that belong together: those of one table, from its top to its bottom."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise

from jobs.documents.readers.pdf.tables.boxes import Box

TOUCH = 3.0  # points between rules that are meant to meet
_APART = 6.0  # points between boxes that are no cells of one table
_LONG = 0.5  # of a band's height: edges of its table, not of a box beside or above

Rule = Box  # a thin line or the edge of a rectangle; level or upright
_END = Rule(0.0, 0.0, 0.0, float("-inf"))  # below every page


def bands_of(rules: Iterable[Rule]) -> Iterator[list[Rule]]:
    """From the top down: upright rules that meet, and the level ones between their ends."""
    rules = list(rules)
    upright = sorted(filter(is_upright, rules), key=lambda rule: -rule.top)
    level = sorted((rule for rule in rules if not is_upright(rule)), key=lambda rule: rule.bottom)
    heights = [rule.bottom for rule in level]
    band: list[Rule] = []
    bottom = 0.0
    for rule in [*upright, _END]:
        if band and rule.top < bottom - TOUCH:
            first = bisect_left(heights, bottom - TOUCH)
            end = bisect_right(heights, band[0].top + TOUCH)
            for part in _divided(band, level[first:end]):
                yield from _side_by_side(part)
            band = []
        bottom = min(bottom, rule.bottom) if band else rule.bottom
        band.append(rule)


def is_upright(rule: Rule) -> bool:
    """Whether it stands between columns."""
    return rule.top - rule.bottom > rule.right - rule.left


def merge(places: Iterable[float]) -> list[float]:
    """The places in order; those that touch are one."""
    merged: list[float] = []
    for place in sorted(places):
        if not merged or place - merged[-1] > TOUCH:
            merged.append(place)
    return merged


def _divided(upright: list[Rule], level: list[Rule]) -> Iterator[list[Rule]]:
    """A band, cut where another box begins or ends that is wider than its table.

    A bar across the top of each page has boxes of its own, and the frame of what stands below may
    begin behind it.
    """
    cuts = _cuts(upright, merge((rule.bottom + rule.top) / 2 for rule in level))
    if not cuts:
        yield upright + level
        return
    for top, bottom in pairwise([float("inf"), *cuts, float("-inf")]):
        inside = [
            rule._replace(top=min(rule.top, top), bottom=max(rule.bottom, bottom))
            for rule in upright
            if min(rule.top, top) - max(rule.bottom, bottom) > TOUCH
        ]
        if inside:
            beside = (rule for rule in level if bottom - TOUCH <= rule.bottom <= top + TOUCH)
            yield [*inside, *beside]


def _side_by_side(band: list[Rule]) -> Iterator[list[Rule]]:
    """The rules of a band in parts that stand apart, as boxes in two columns of a page do."""
    part: list[Rule] = []
    end = 0.0
    for rule in sorted(band, key=lambda rule: rule.left):
        if part and rule.left > end + _APART:
            if any(map(is_upright, part)):
                yield part
            part = []
        end = max(end, rule.right) if part else rule.right
        part.append(rule)
    if any(map(is_upright, part)):
        yield part


def _cuts(upright: list[Rule], heights: list[float]) -> list[float]:
    """The level rules, from the top down, where edges outside those of the table begin and end."""
    top, bottom = max(rule.top for rule in upright), min(rule.bottom for rule in upright)
    spans = {
        edge[0].left: _joined((rule.bottom, rule.top) for rule in edge) for edge in _edges(upright)
    }
    long = [left for left, found in spans.items() if _length(found) > _LONG * (top - bottom)]
    if not long:
        return []
    ends = {
        end
        for left, found in spans.items()
        if left < min(long) or left > max(long)
        for span in found
        for end in span
        if bottom + TOUCH < end < top - TOUCH
    }
    at = {near for end in ends if (near := _nearest(end, heights)) is not None}
    return sorted(at, reverse=True)


def _length(spans: Iterable[tuple[float, float]]) -> float:
    return sum(high - low for low, high in spans)


def _edges(upright: list[Rule]) -> Iterator[list[Rule]]:
    """The rules of each edge between columns, from left to right."""
    edge: list[Rule] = []
    for rule in sorted(upright):
        if edge and rule.left - edge[0].left > TOUCH:
            yield edge
            edge = []
        edge.append(rule)
    yield edge


def _joined(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for low, high in sorted(spans):
        if joined and low - joined[-1][1] <= TOUCH:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined


def _nearest(end: float, heights: list[float]) -> float | None:
    """The level rule that an edge ends at; None where there is none."""
    at = bisect_left(heights, end)
    near = [height for height in heights[max(0, at - 1) : at + 1] if abs(height - end) <= TOUCH]
    return min(near, key=lambda height: abs(height - end), default=None)
