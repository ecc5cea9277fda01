"""Writes the text between HTML tags as blocks: what is apart on the page is apart in the text."""

from collections.abc import Iterator
from typing import NamedTuple

from jobs.documents.readers.clean_text import clean, clean_line
from jobs.documents.readers.extract import LINE, PARAGRAPH, SPACE, Block

_BLOCKS = frozenset(
    """
    address article aside blockquote body caption center dd details div dl dt fieldset
    figcaption figure h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main ol p pre search
    section summary table tbody td tfoot th thead tr ul
    """.split()  # noqa: SIM905 - as a list it would be one name a line
)
_LISTS = frozenset({"ul", "ol"})
_CELLS = frozenset({"td", "th"})
_LEVELS = {f"h{level}": level for level in range(1, 7)}
_BREAK = "\v"  # a line break that is meant, until spaces are collapsed
_CELL_GLUE = " | "
_INDENT = "  "


class _List(NamedTuple):
    tag: str
    counter: list[int]


class BlockWriter:
    """Takes tags and text in page order; `take` gives the blocks that are complete."""

    def __init__(self) -> None:
        self._done: list[Block] = []
        self._text: list[str] = []
        self._level = 0
        self._marker = ""
        self._glue = PARAGRAPH
        self._lists: list[_List] = []
        self._row: list[str] | None = None  # the cells of the row that is open
        self._tables: list[bool] = []  # of the open tables, whether it only lays out the page
        self._pre_depth = 0

    def open(self, tag: str) -> None:
        """An element begins."""
        if self._row is not None and tag in _BLOCKS:
            self._text.append(SPACE)  # a block in a cell
            return
        if tag in _BLOCKS:
            self._end_block()
        if tag in _LEVELS:
            self._level = _LEVELS[tag]
        elif tag in _LISTS:
            self._lists.append(_List(tag, [0]))
        elif tag == "li":
            self._begin_item()
        elif tag == "pre":
            self._pre_depth += 1
        elif tag == "tr" and self._tables and not self._tables[-1]:
            self._row = []

    def open_table(self, *, is_layout: bool) -> None:
        """A table begins; the cells of one that lays out the page are blocks, not cells."""
        self.open("table")
        self._tables.append(is_layout)

    def break_line(self) -> None:
        """A line break that is meant."""
        self._text.append(LINE if self._pre_depth else _BREAK)

    def close(self, tag: str) -> None:
        """An element ends."""
        if tag == "table" and self._tables:
            self._tables.pop()
        if self._row is not None:
            self._close_in_row(tag)
        elif tag in _BLOCKS:
            self._end_block()
            self._level = 0
            self._close_group(tag)

    def _close_in_row(self, tag: str) -> None:
        if tag == "tr":
            self._end_row()
        elif tag in _CELLS and self._row is not None:
            self._row.append(self._take_text())
        elif tag in _BLOCKS:
            self._text.append(SPACE)

    def _close_group(self, tag: str) -> None:
        if tag == "pre" and self._pre_depth:
            self._pre_depth -= 1
        elif tag in _LISTS and self._lists:
            self._lists.pop()
        if tag == "table" or (tag in _LISTS and not self._lists):
            self._glue = PARAGRAPH

    def add_text(self, text: str) -> None:
        """Text as it stands in the source."""
        self._text.append(text)

    def take(self) -> Iterator[Block]:
        """The blocks that are complete, once."""
        yield from self._done
        self._done.clear()

    def finish(self) -> Iterator[Block]:
        """The last blocks."""
        self._end_row()
        self._end_block()
        yield from self.take()

    def _begin_item(self) -> None:
        marker = "- "
        if self._lists:
            current = self._lists[-1]
            current.counter[0] += 1
            marker = f"{current.counter[0]}. " if current.tag == "ol" else marker
        self._marker = _INDENT * (len(self._lists) - 1) + marker

    def _end_row(self) -> None:
        if self._row is None:
            return
        row = _CELL_GLUE.join([*self._row, *filter(None, [self._take_text()])])
        self._row = None
        if row.strip(_CELL_GLUE):
            self._done.append(Block(row, self._glue))
            self._glue = LINE

    def _end_block(self) -> None:
        if self._pre_depth:
            text = clean("".join(self._text))
            self._text.clear()
        else:
            text = self._take_text()
        if not text:
            return
        glue = LINE if self._marker and self._glue == LINE else PARAGRAPH
        self._done.append(Block(self._marker + text, glue, self._level))
        self._glue = LINE if self._marker else PARAGRAPH
        self._marker = ""

    def _take_text(self) -> str:
        lines = "".join(self._text).split(_BREAK)
        self._text.clear()
        return LINE.join(filter(None, map(clean_line, lines)))
