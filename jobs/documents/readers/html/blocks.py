"""Writes the text between HTML tags as blocks: what is apart on the page is apart in the text."""

import re
from collections.abc import Iterator

from jobs.documents.readers.clean_text import clean, clean_line
from jobs.documents.readers.extract import LINE, PARAGRAPH, SPACE, Block
from jobs.documents.readers.html.lists import ListMarkers
from jobs.documents.readers.html.tables import Span, TableRows
from jobs.documents.readers.raised_text import lowered, raised

_BLOCKS = frozenset(
    """
    address article aside blockquote body caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main
    menu noscript ol optgroup p pre search section summary table tbody td textarea tfoot th thead tr
    ul xmp
    """.split()  # noqa: SIM905 - as a list it would be one name a line
)
_LISTS = frozenset({"ul", "ol", "menu", "dir"})
_CELLS = frozenset({"td", "th"})
_CODE = frozenset({"pre", "listing", "textarea", "xmp"})
_LEVELS = {f"h{level}": level for level in range(1, 7)}
_BREAK = "\v"  # a line break that is meant, until spaces are collapsed
_BREAKS = re.compile("\n{2,}")
_GLUE_IN_CELL = {"li": "; ", "tr": "; ", "td": ", ", "th": ", "}
_SEPARATORS = frozenset(_GLUE_IN_CELL.values())
_NOTE_LABEL = re.compile(r"\[[^\]\s]{1,40}\]")
_LOOSE_DOT = " ·"  # before a link that was left out
_BULLETS = ("- ", "• ", "– ", "· ")  # written by hand
_SEEN_CHARS = 16


class BlockWriter:
    """Takes tags and text in page order; blocks that are complete stand in `done` until taken."""

    def __init__(self) -> None:
        self.done: list[Block] = []
        self._text: list[str] = []
        self._level = 0
        self._marker = ""  # of the item or note that the next block begins
        self._glue = PARAGRAPH
        self._lists = ListMarkers()
        self._cell_lists = ListMarkers()  # within the cell that is open
        self._tables: list[TableRows | None] = []  # None: it only lays out the page
        self._row: TableRows | None = None  # the table with an open row that all text belongs to
        self._span = Span()
        self._pre_depth = 0
        self._is_after_term = False

    def open(self, tag: str) -> None:
        """An element begins that has no method of its own."""
        if tag not in _BLOCKS:
            self._quote(tag)
        elif self._row is not None:
            self._separate_in_cell(tag)
        elif self._pre_depth:
            self.end_line()
        else:
            self._open_block(tag)

    def open_table(self, *, is_layout: bool) -> None:
        """A table begins; the cells of one that lays out the page are blocks, not cells."""
        self.open("table")
        is_in_cell = self._row is not None
        self._tables.append(None if is_layout or is_in_cell else TableRows())
        self._find_row()

    @property
    def table_count(self) -> int:
        """How many tables are open, one in the other."""
        return len(self._tables)

    def open_cell(self, span: Span) -> None:
        """A cell begins."""
        if self._is_own_cell:
            self._text.clear()
            self._span = span
        else:
            self.open("td")

    def open_list(self, tag: str, *, style: str, start: int, step: int) -> None:
        """A list begins: how its items are numbered if it is an `ol`."""
        self.open(tag)
        if self._pre_depth:
            return  # of lines of code: their numbers are none of it
        lists = self._lists if self._row is None else self._cell_lists
        lists.open(tag, style=style, start=start, step=step)

    def open_item(self, *, number: int | None, label: str | None) -> None:
        """An item begins, with a number or label of its own or that of its place."""
        self.open("li")
        if self._pre_depth:
            return
        if self._row is None:
            self._marker = self._lists.next(number=number, label=label)
        elif (marker := self._cell_lists.next(number=number, label=label).strip()) != "-":
            self._text.append(f"{marker} ")

    def break_line(self) -> None:
        """A line break that is meant."""
        self._text.append(LINE if self._pre_depth else _BREAK)

    def end_line(self) -> None:
        """What follows begins a line, as it would without another break if it does so already."""
        mark = LINE if self._pre_depth else _BREAK
        while not self._pre_depth and self._text and not self._text[-1].strip(" \t\n"):
            self._text.pop()
        if self._text and not self._text[-1].endswith(mark):
            self._text.append(mark)

    def add_text(self, text: str) -> None:
        """Text as it stands in the source. Space that only begins a block is passed over."""
        if self._text or self._pre_depth or not text.isspace():
            self._text.append(text)

    def add_raised(self, text: str, *, is_note: bool) -> None:
        """A superscript; `is_note` if it leads to a note."""
        self._text.append(raised(self._seen(), text, is_note=is_note))

    def add_numerator(self, text: str) -> None:
        """What of a fraction stands above its line: apart from a whole number before it."""
        self._text.append(f" {text}" if self._seen()[-1:].isdigit() else text)

    def add_lowered(self, text: str) -> None:
        """A subscript."""
        self._text.append(lowered(self._seen(), text))

    def close(self, tag: str) -> None:
        """An element ends."""
        if tag not in _BLOCKS:
            self._quote(tag)
        elif tag == "table" and self._tables:
            self._close_table()
        elif self._row is not None:
            self._close_in_row(tag, self._row)
        elif self._pre_depth and tag not in _CODE:
            self.end_line()
        else:
            if self._text:
                self._end_block(tag)
            self._level = 0
            self._close_group(tag)

    def take(self) -> Iterator[Block]:
        """The blocks that are complete, once."""
        yield from self.done
        self.done.clear()

    def finish(self) -> Iterator[Block]:
        """The last blocks."""
        self._end_block()
        if self._marker.strip() and _NOTE_LABEL.match(self._marker.strip()):
            self.done.append(Block(self._marker.strip()))
        yield from self.take()

    def _find_row(self) -> None:
        self._row = next((table for table in self._tables if table and table.is_open), None)

    @property
    def _is_own_cell(self) -> bool:
        return bool(self._tables) and (rows := self._tables[-1]) is not None and rows.is_open

    def _quote(self, tag: str) -> None:
        if tag == "q":
            self._text.append('"')

    def _open_block(self, tag: str) -> None:
        if self._text:
            self._end_block()
        if tag in _LEVELS:
            self._level = _LEVELS[tag]
        elif tag in _CODE:
            self._pre_depth += 1
        elif tag == "tr" and self._tables and (rows := self._tables[-1]) is not None:
            rows.open_row()
            self._find_row()

    def _separate_in_cell(self, tag: str) -> None:
        while self._text and not self._text[-1].strip():
            self._text.pop()
        if self._text and self._text[-1] not in _SEPARATORS:
            self._text[-1] = self._text[-1].rstrip()
            self._text.append(_GLUE_IN_CELL.get(tag, SPACE))

    def _close_table(self) -> None:
        self._tables.pop()
        self._find_row()
        if self._row is None:
            self._end_block()
            self._glue = PARAGRAPH
        else:
            self._text.append(SPACE)

    def _close_in_row(self, tag: str, rows: TableRows) -> None:
        if tag == "tr" and self._is_own_cell:
            line = rows.close_row()
            self._find_row()
            if line:
                self.done.append(Block(line, self._glue))
                self._glue = LINE
        elif tag in _CELLS and self._is_own_cell:
            rows.add_cell(clean_line(self._take_text()), self._span)
            self._cell_lists = ListMarkers()
        elif tag in _LISTS:
            self._cell_lists.close()
            self._text.append(SPACE)
        else:
            self._text.append(SPACE)

    def _close_group(self, tag: str) -> None:
        if tag in _CODE and self._pre_depth:
            self._pre_depth -= 1
        elif tag == "li":
            self._marker = ""  # an empty item's
        elif tag == "dl":
            self._is_after_term = False
        elif tag in _LISTS:
            self._lists.close()
            if not self._lists:
                self._glue = PARAGRAPH

    def _end_block(self, tag: str = "") -> None:
        text = self._take_code() if self._pre_depth else self._take_text()
        if not text:
            return
        if self._level:
            text = clean_line(text)
            self._marker = "" if self._marker.strip() == "-" else self._marker
        elif self._marker and text.startswith(_BULLETS):
            self._marker = self._marker.removesuffix("- ")
        elif (
            text[0] == "[" and _NOTE_LABEL.fullmatch(text) and not (self._marker or self._pre_depth)
        ):
            self._marker = f"{text} "
            return
        is_next_item = bool(self._marker) and self._glue == LINE
        is_described = self._is_after_term and not self._level
        glue = LINE if is_next_item or is_described else PARAGRAPH
        self.done.append(Block(self._marker + text, glue, self._level))
        self._glue = LINE if self._marker else PARAGRAPH
        self._marker = ""
        self._is_after_term = tag == "dt"

    def _seen(self) -> str:
        return "".join(self._text[-4:])[-_SEEN_CHARS:]

    def _take_code(self) -> str:
        text = clean("".join(self._text))
        self._text.clear()
        return text

    def _take_text(self) -> str:
        """The words of a block; one break in them ends a line, several end a paragraph."""
        text = "".join(self._text)
        self._text.clear()
        if _BREAK not in text:
            return clean_line(text).removesuffix(_LOOSE_DOT)
        lines = map(clean_line, text.split(_BREAK))
        return _BREAKS.sub(PARAGRAPH, LINE.join(lines).strip(LINE))
