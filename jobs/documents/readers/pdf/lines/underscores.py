"""Underscores that are drawn: TeX's text fonts have none and set a short rule instead."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from jobs.documents.readers.pdf.lines.glyphs import Glyph
from jobs.documents.readers.pdf.tables.rules import Rule

_HEIGHT = 0.13  # as all shares here, of the font size
_NARROWEST, _WIDEST = 0.2, 0.7
_MAX_GAP = 1.0  # between the letters on both sides
_SLACK = 0.15
_SAME_BASELINE = 0.1  # points


def with_underscores(glyphs: Sequence[Glyph], rules: Sequence[Rule]) -> list[Glyph]:
    """The glyphs with an underscore where a short rule lies on the baseline between two of them."""
    by_height: defaultdict[int, list[Rule]] = defaultdict(list)
    largest = max((glyph.style.size for glyph in glyphs), default=0.0)
    for rule in rules:
        if rule.right - rule.left < _WIDEST * largest:  # as wide as a letter
            by_height[round(rule.bottom)].append(rule)
    return list(_insert(glyphs, by_height)) if by_height else list(glyphs)


def _insert(glyphs: Sequence[Glyph], by_height: dict[int, list[Rule]]) -> Iterator[Glyph]:
    last: Glyph | None = None
    for glyph in glyphs:
        is_next = last is not None and glyph.left - last.right > 0
        drawn = _between(last, glyph, by_height) if last is not None and is_next else None
        if drawn is not None:
            yield glyph._replace(char="_", left=drawn.left, right=drawn.right, is_spaced=False)
            glyph = glyph._replace(is_spaced=False)
        yield glyph
        last = glyph


def _between(last: Glyph, glyph: Glyph, by_height: dict[int, list[Rule]]) -> Rule | None:
    style = glyph.style
    size = style.size
    gap = glyph.left - last.right
    is_apart = abs(style.baseline - last.style.baseline) > _SAME_BASELINE
    if is_apart or not _NARROWEST < gap / size < _MAX_GAP:
        return None
    height = round(style.baseline)
    for near in (height - 1, height, height + 1):
        for rule in by_height.get(near, ()):
            width = rule.right - rule.left
            is_flat = rule.top - rule.bottom < _HEIGHT * size
            is_within = rule.left > last.right - _SLACK * size and (
                rule.right < glyph.left + _SLACK * size
            )
            if is_flat and is_within and _NARROWEST < width / size < _WIDEST:
                return rule
    return None
