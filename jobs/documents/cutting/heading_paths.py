"""Tells under which headings a place of a document lies."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from jobs.documents.readers.registry import ROW_FORMATS
from schemas.documents import Document, Heading

_Path = tuple[str, ...]


class Section(NamedTuple):
    """What lies between two headings, with the first one. `level` 0: before any heading.

    `text_start`: where its text begins, after the heading.
    """

    start: int
    end: int
    level: int
    text_start: int


class HeadingPaths:
    """The headings of one document, each from the start of its line. A row of a table has none.

    A chapter is a heading of the uppermost level that occurs more than once (above it stands at
    most the title of the whole).
    """

    def __init__(self, document: Document) -> None:
        self._text = document.text
        headings = sorted(_headings(document), key=lambda heading: heading.start_char)
        self._headings = headings
        self._starts = [_line_start(document.text, heading.start_char) for heading in headings]
        self._paths = _paths(headings)
        chapter_level = _chapter_level(headings)
        self._chapter_starts = {
            start
            for start, heading in zip(self._starts, headings, strict=True)
            if heading.level <= chapter_level
        }

    def path_at(self, position: int) -> _Path:
        """The titles of the sections around a character, the outermost first."""
        index = bisect_right(self._starts, position)
        return self._paths[index - 1] if index else ()

    def path_of(self, start: int, end: int) -> _Path:
        """The titles of the sections that all the text of a range lies in.

        A heading that has no text of its own in the range, but other headings, counts by those.
        """
        paths = [
            self.path_at(section.start)
            for section in self.sections_between(start, end)
            if self._text[section.text_start : section.end].strip()
        ]
        if not paths:
            return self.path_at(start)
        return tuple(
            titles[0] for titles in takewhile(lambda t: len(set(t)) == 1, zip(*paths, strict=False))
        )

    def sections_between(self, start: int, end: int) -> Iterator[Section]:
        """The sections of a range, the first perhaps from its midst; they cover it."""
        starts = [start, *self.starts_between(start, end)]
        for section_start, section_end in zip(starts, [*starts[1:], end], strict=True):
            index = bisect_right(self._starts, section_start) - 1
            if index < 0:
                yield Section(section_start, section_end, 0, section_start)
                continue
            heading = self._headings[index]
            text_start = max(section_start, heading.start_char + len(heading.text))
            yield Section(section_start, section_end, heading.level, min(text_start, section_end))

    def starts_between(self, start: int, end: int) -> list[int]:
        """Where headings start within the open range, in order, each once."""
        first, last = bisect_right(self._starts, start), bisect_left(self._starts, end)
        return sorted(set(self._starts[first:last]))

    def is_chapter(self, start: int) -> bool:
        """Whether a chapter starts at this character."""
        return start in self._chapter_starts


def _headings(document: Document) -> Sequence[Heading]:
    if document.format not in ROW_FORMATS:
        return document.headings
    return [Heading(start_char=start, level=1, text="") for start in document.page_starts]


def _line_start(text: str, position: int) -> int:
    return text.rfind("\n", 0, position) + 1


def _paths(headings: Sequence[Heading]) -> list[_Path]:
    paths: list[_Path] = []
    open_headings: list[Heading] = []
    for heading in headings:
        open_headings = [outer for outer in open_headings if outer.level < heading.level]
        open_headings.append(heading)
        paths.append(tuple(outer.text for outer in open_headings if outer.text))
    return paths


def _chapter_level(headings: Sequence[Heading]) -> int:
    counts = Counter(heading.level for heading in headings)
    return min((level for level, count in counts.items() if count > 1), default=0)
