"""Finds what a printed page has and a text has not: running heads and page numbers."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from jobs.documents.readers.pdf.contents import (
    NEARBY_PAGES,
    is_number,
    number_of,
    without_contents,
)
from jobs.documents.readers.pdf.lines.page_lines import Line

_EDGE_ROWS = 2  # a head or foot of more rows is rare
_MIN_REPEATS = 2  # on other pages nearby
_MAX_SIZE = 1.15  # of the body's; a larger line at the top is a title
_MAX_NUMBER_SIZE = 1.6  # the same for a number alone
_BULLET = re.compile(r"[•‣◦▪●○■▸–-]\s")
_SAME_PLACE = 2  # points
_ZONE = 0.13  # of the height of all text: heads and feet are at its ends
_FEW_PAGES = 3
_COUNTED = re.compile(r"\b\d{1,4} ?/ ?(\d{1,4})$")  # slides: several pages may have one number
_DASHED = re.compile(r"^[-–—] ?(\w{1,5}) ?[-–—]$")  # a number between dashes
_GLUED = re.compile(r"^(\d{1,4})(?=[^\W\d_]{2})")
_DIGITS = re.compile(r"\d+")
_MIN_LETTERS = 2  # less repeats by chance, as braces do
_APART = 1.5  # of the font size
_HEAD_DISTANCE = 2.0  # the same
_FAR_APART = 4.0  # the same for the title of a section at one end of a head
_END_WORDS = 2
_LONG_END_WORDS = 4  # of a title so long that the other end of the head is near
_MANY_PAGES = 8
_PAGE_SHARE = 0.5  # on so many stands what is a head though it is large or code
_EVERYWHERE = "everywhere"

CHAPTER_WORDS = (  # as they stand above the number of a chapter
    *("chapter", "appendix", "part", "kapitel", "anhang", "teil"),
    *("chapitre", "annexe", "partie", "capítulo", "apéndice", "capitolo"),
)

_Key = tuple[object, ...]


def drop_furniture(pages: list[list[Line]]) -> list[list[Line]]:
    """The lines of each page without running heads, page numbers and the lines of contents."""
    body = body_size(pages)
    zones = _zones(pages)
    seen_on: dict[_Key, set[int]] = defaultdict(set)
    keys: list[dict[Line, list[_Key]]] = []
    for number, lines in enumerate(pages):
        keys.append(defaultdict(list))
        for place in _edges(lines, zones):
            keys[-1][place.line] += _keys(place, number, body)
        for key in (key for found in keys[-1].values() for key in found):
            seen_on[key].add(number)
    most = max(_MANY_PAGES, _PAGE_SHARE * len(pages))
    for key in [key for key in seen_on if key[0] == _EVERYWHERE and len(seen_on[key]) < most]:
        seen_on[key].clear()
    least = _MIN_REPEATS if len(pages) > _FEW_PAGES else 1
    running = [
        {line for line in found if _runs(number, found[line], seen_on, least)}
        for number, found in enumerate(keys)
    ]
    titles = _repeated_titles(pages, keys)
    running = [{line for line in heads if line.text not in titles} for heads in running]
    kept = _without_heads(pages, running)
    return [without_contents(lines, len(pages)) for lines in kept]


def _repeated_titles(pages: list[list[Line]], keys: list[dict[Line, list[_Key]]]) -> set[str]:
    """What stands within pages more often than at their ends: titles such as "Description"."""
    at_ends = Counter(line.text for found in keys for line in found)
    within = Counter(
        line.text
        for lines, found in zip(pages, keys, strict=True)
        for line in lines
        if line.text in at_ends and line not in found
    )
    return {
        text
        for text, count in within.items()
        if count > max(_MIN_REPEATS, at_ends[text]) and sum(map(str.isalpha, text)) >= _MIN_LETTERS
    }


def _without_heads(pages: list[list[Line]], running: list[set[Line]]) -> list[list[Line]]:
    """The lines but those that run through the pages and those that are alone in their place.

    Where heads of the pages nearby are, a line of the same size is one too if it is far from the
    text: the title of a short section.
    """
    taken: dict[_Key, set[int]] = defaultdict(set)
    for number, heads in enumerate(running):
        for line in heads:
            taken[_place(line)].add(number)

    def is_head(line: Line, number: int, heights: list[float]) -> bool:
        pages_of_heads = taken.get(_place(line))
        if pages_of_heads is None or line.text.casefold() in CHAPTER_WORDS:
            return False
        nearby = range(number - NEARBY_PAGES, number + NEARBY_PAGES + 1)
        others = sum(other in pages_of_heads for other in nearby)
        return others > _MIN_REPEATS and _is_far(line, heights)

    kept = []
    for number, lines in enumerate(pages):
        left = [line for line in lines if line not in running[number]]
        heights = sorted(line.baseline for line in left)
        kept.append([line for line in left if not is_head(line, number, heights)])
    return kept


def _place(line: Line) -> _Key:
    return round(line.baseline, 1), round(line.size, 1)


def _is_far(line: Line, heights: list[float]) -> bool:
    """Whether a line is the first or last of its page, and apart from the others."""
    others = [height for height in heights if height != line.baseline]
    if not others or others[0] < line.baseline < others[-1]:
        return False
    distance = min(abs(others[0] - line.baseline), abs(others[-1] - line.baseline))
    return distance > _HEAD_DISTANCE * line.size


def body_size(pages: list[list[Line]]) -> float:
    """The font size of most characters that are no code, in points."""
    sizes: Counter[float] = Counter()
    for lines in pages:
        for line in lines:
            sizes[round(line.size, 1)] += 0 if line.is_mono else len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 1.0


def _runs(number: int, keys: list[_Key], seen_on: dict[_Key, set[int]], least: int) -> bool:
    """Whether a line of page `number` runs through the pages nearby."""
    nearby = range(number - NEARBY_PAGES, number + NEARBY_PAGES + 1)
    return any(
        sum(other in seen_on[key] for other in nearby) > least  # itself is one of them
        for key in keys
    )


class _Zones(NamedTuple):
    """Above and below which heights a head or foot may be."""

    top: float
    bottom: float


def _zones(pages: list[list[Line]]) -> _Zones:
    heights = [[line.baseline for line in shown] for page in pages if (shown := _shown(page))]
    top, bottom = _most(map(max, heights)), -_most(-min(page) for page in heights)
    return _Zones(top - _ZONE * (top - bottom), bottom + _ZONE * (top - bottom))


def _most(heights: Iterable[float]) -> float:
    """The largest, but for those of a few pages, whose text may lie beyond the page."""
    ordered = sorted(heights)
    return ordered[len(ordered) * 9 // 10] if ordered else 0.0


class _EdgeLine(NamedTuple):
    """A line near the top or bottom of its page; `is_outermost`: none is beyond it."""

    line: Line
    edge: str
    is_outermost: bool


def _shown(lines: list[Line]) -> list[Line]:
    """The lines but those that are drawn below the page."""
    return [line for line in lines if line.baseline > 0]


def _edges(lines: list[Line], zones: _Zones) -> Iterator[_EdgeLine]:
    rows = sorted({round(line.baseline) for line in _shown(lines)})
    bottom, top = set(rows[:_EDGE_ROWS]), set(rows[-_EDGE_ROWS:])
    for line in lines:
        row = round(line.baseline)
        if (line.cells and not _COUNTED.search(line.text)) or line.text.casefold() in CHAPTER_WORDS:
            continue
        if line.baseline <= 0:
            yield _EdgeLine(line, "bottom", is_outermost=True)
        if row in top and line.baseline >= zones.top:
            yield _EdgeLine(line, "top", row == rows[-1])
        if row in bottom and line.baseline <= zones.bottom:
            yield _EdgeLine(line, "bottom", row == rows[0])


def _keys(place: _EdgeLine, page_number: int, body: float) -> Iterator[_Key]:
    """What running heads of one kind have in common.

    Height and all words, of large lines and code those of most pages; height and words at one
    end, where the two ends are apart; all words but numbers, one of which grows with the pages;
    or, where a number stands apart at one end, that and its height.
    """
    line, edge, is_outermost = place
    if is_outermost and (counted := _COUNTED.search(line.text)):
        yield edge, "of", counted[1], line.text[: counted.start()]
    printed = _DASHED.sub(r"\1", line.text)
    text = _GLUED.sub(r"\1 ", printed)  # a long title has run into the number
    words = text.casefold().split()
    is_lone = len(words) == 1 and is_number(words[0])
    if _BULLET.match(line.text):
        return
    height = round(line.baseline / _SAME_PLACE)
    is_text = sum(map(str.isalnum, line.text)) >= _MIN_LETTERS
    is_large = line.size > (_MAX_NUMBER_SIZE if is_lone else _MAX_SIZE) * body
    if is_large or (line.is_mono and not is_lone):
        if is_text and is_outermost:
            yield _EVERYWHERE, edge, height, *words
        return
    if is_text:
        yield edge, height, *words
        count = _END_WORDS if line.widest_gap > _FAR_APART else _LONG_END_WORDS
        if is_outermost and line.widest_gap > _APART and len(words) > count:
            yield from ((edge, height, *part) for part in _parts(words, count))
    yield from _number_keys(line, edge, words, page_number, is_glued=text is not printed)


def _number_keys(
    line: Line, edge: str, words: list[str], page_number: int, *, is_glued: bool
) -> Iterator[_Key]:
    height = round(line.baseline / _SAME_PLACE)
    shape = _DIGITS.sub("#", " ".join("#" if is_number(word) else word for word in words))
    for at, word in enumerate(words):
        if not is_number(word):
            continue
        offset = number_of(word) - page_number
        yield edge, offset, shape
        is_apart = line.widest_gap > _APART
        is_at_end = at in {0, len(words) - 1}
        if len(words) == 1 or (is_at_end and (is_apart or is_glued)):
            yield edge, offset, height
        if len(words) == 1 or (is_at_end and is_apart and not is_glued):
            yield "anywhere", offset


def _parts(words: list[str], count: int) -> Iterator[_Key]:
    """What stays where one end of a head changes, or, as on the pages of a manual, both do.

    Of an end that stays, `count` words are enough.
    """
    yield "first", *words[:count]
    yield "last", *words[-count:]
    if words[0] == words[-1]:
        yield "between", *words[1:-1]
