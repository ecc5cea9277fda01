"""Tells under which headings a place of a document lies."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence

from schemas.documents import Document, Heading


class HeadingPaths:
    """The headings of one document, each from the start of its line.

    A chapter is a heading of the uppermost level that occurs more than once (above it stands at
    most the title of the whole).
    """

    def __init__(self, document: Document) -> None:
        headings = sorted(document.headings, key=lambda heading: heading.start_char)
        self._starts = [_line_start(document.text, heading.start_char) for heading in headings]
        self._paths = _paths(headings)
        chapter_level = _chapter_level(headings)
        self._chapter_starts = {
            start
            for start, heading in zip(self._starts, headings, strict=True)
            if heading.level <= chapter_level
        }

    def path_at(self, position: int) -> tuple[str, ...]:
        """The titles of the sections around a character, the outermost first."""
        index = bisect_right(self._starts, position)
        return self._paths[index - 1] if index else ()

    def starts_between(self, start: int, end: int) -> list[int]:
        """Where headings start within the open range, in order, each once."""
        first, last = bisect_right(self._starts, start), bisect_left(self._starts, end)
        return sorted(set(self._starts[first:last]))

    def is_chapter(self, start: int) -> bool:
        """Whether a chapter starts at this character."""
        return start in self._chapter_starts


def _line_start(text: str, position: int) -> int:
    return text.rfind("\n", 0, position) + 1


def _paths(headings: Sequence[Heading]) -> list[tuple[str, ...]]:
    paths: list[tuple[str, ...]] = []
    open_headings: list[Heading] = []
    for heading in headings:
        open_headings = [outer for outer in open_headings if outer.level < heading.level]
        open_headings.append(heading)
        paths.append(tuple(outer.text for outer in open_headings))
    return paths


def _chapter_level(headings: Sequence[Heading]) -> int:
    counts = Counter(heading.level for heading in headings)
    return min((level for level, count in counts.items() if count > 1), default=0)
