"""Underscores that are drawn: TeX's text fonts have none and set a short rule instead."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from jobs.documents.readers.pdf.glyphs.page_glyphs import Glyph
from jobs.documents.readers.pdf.tables.bands import Rule

_HEIGHT = 0.13  # as all shares here, of the font size
_NARROWEST, _WIDEST = 0.2, 0.7
_MAX_GAP = 2.5  # to the end of a line: there may be two underscores
_ALONE = 12.0  # between the letters on both sides of underscores that stand for names
_NEAR = 0.2  # between an underscore and its letter; a space is wider
_SLACK = 0.15
_SAME_BASELINE = 0.1  # points
_HAIR = 0.3  # the same

_Heights = dict[int, list[Rule]]


def with_underscores(glyphs: Sequence[Glyph], rules: Sequence[Rule]) -> list[Glyph]:
    """The glyphs with an underscore where a short rule lies on the baseline beside one of them."""
    if not rules:
        return list(glyphs)
    by_height: defaultdict[int, list[Rule]] = defaultdict(list)
    largest = max([glyph.style.size for glyph in glyphs], default=0.0)
    for rule in sorted(rules, key=lambda rule: rule.left):
        if rule.right - rule.left < _WIDEST * largest:  # as wide as a letter
            by_height[round(rule.bottom)].append(rule)
    return list(_insert(glyphs, by_height)) if by_height else list(glyphs)


def _insert(glyphs: Sequence[Glyph], by_height: _Heights) -> Iterator[Glyph]:
    last: Glyph | None = None
    for glyph in glyphs:
        if last is not None and last.style is glyph.style and glyph.left - last.right < _HAIR:
            yield glyph  # letters of one word
            last = glyph
            continue
        if last is not None and _is_next(last, glyph):
            if glyph.left - last.right > _NARROWEST * glyph.style.size:
                drawn = _between(last, glyph, by_height)
                yield from drawn
                glyph = _after(drawn[-1], glyph) if drawn else glyph
        else:
            if last is not None:
                yield from _behind(last, by_height)
            before = _before(glyph, by_height)
            yield from before
            if before:
                glyph = glyph._replace(is_spaced=False)
        yield glyph
        last = glyph
    if last is not None:
        yield from _behind(last, by_height)


def _is_next(last: Glyph, glyph: Glyph) -> bool:
    """Whether a glyph stands on the line of the last one, to the right of it."""
    is_level = (
        glyph.style is last.style
        or abs(glyph.style.baseline - last.style.baseline) <= _SAME_BASELINE
    )
    return is_level and glyph.left > last.left


def _between(last: Glyph, glyph: Glyph, by_height: _Heights) -> list[Glyph]:
    if glyph.left - last.right >= _ALONE * glyph.style.size:
        return []
    return _drawn(glyph, _rules(glyph, last.right, glyph.left, by_height), last)


def _behind(last: Glyph, by_height: _Heights) -> list[Glyph]:
    """The underscores at the end of a line."""
    size = last.style.size
    found = _rules(last, last.right, last.right + _MAX_GAP * size, by_height)
    return _drawn(last, found, last) if last.char.isalnum() else []


def _before(glyph: Glyph, by_height: _Heights) -> list[Glyph]:
    """The underscores at the beginning of a line."""
    size = glyph.style.size
    found = _rules(glyph, glyph.left - _MAX_GAP * size, glyph.left, by_height)
    is_beside = found and glyph.char.isalnum() and glyph.left - found[-1].right < _NEAR * size
    return _drawn(glyph, found, None) if is_beside else []


def _rules(glyph: Glyph, left: float, right: float, by_height: _Heights) -> list[Rule]:
    """The short rules on the baseline of a glyph between two places, from the left."""
    size, height = glyph.style.size, round(glyph.style.baseline)
    start, end = left - _SLACK * size, right + _SLACK * size
    found: list[Rule] = []
    for near in (height - 1, height, height + 1):
        rules = by_height.get(near)
        if rules is None:
            continue
        for rule in rules[bisect_left(rules, start, key=lambda rule: rule.left) :]:
            if rule.right > end:
                break
            is_flat = rule.top - rule.bottom < _HEIGHT * size
            if is_flat and _NARROWEST < (rule.right - rule.left) / size < _WIDEST:
                found.append(rule)
    return sorted(found)


def _drawn(glyph: Glyph, rules: Sequence[Rule], last: Glyph | None) -> list[Glyph]:
    """The underscores, set as `glyph` is; each is apart from what is before it if there is room."""
    found: list[Glyph] = []
    for rule in rules:
        is_apart = last is None or rule.left - last.right > _NEAR * glyph.style.size
        last = glyph._replace(char="_", left=rule.left, right=rule.right, is_spaced=is_apart)
        found.append(last)
    return found


def _after(underscore: Glyph, glyph: Glyph) -> Glyph:
    """A glyph behind an underscore, which PDFium does not know and takes for a space."""
    is_apart = glyph.left - underscore.right > _NEAR * glyph.style.size
    return glyph._replace(is_spaced=glyph.is_spaced and is_apart)
