"""Writes the body of a DOCX as HTML: what holds text is kept, whatever stands around it."""

from collections.abc import Iterator
from html import escape
from typing import NamedTuple
from xml.etree import ElementTree as ET

from jobs.documents.readers.office.docx_included import included_html
from jobs.documents.readers.office.docx_inlines import Inlines
from jobs.documents.readers.office.docx_numbering import Numbering
from jobs.documents.readers.office.docx_styles import Styles
from jobs.documents.readers.office.drawn import DRAWINGS, drawn_html
from jobs.documents.readers.office.ooxml import (
    Package,
    as_number,
    first,
    local,
    shown_children,
    value_of,
)

_REMOVED = frozenset({"del", "moveFrom"})
_PROPERTIES = ("Pr", "PrEx", "Grid")
_TWIPS_PER_SPACE = 120  # of a fixed font of 10 points, whose letters are 6 points wide
_MAX_SPACES = 60
_MAX_LINE_CHARS = 120  # of code
_SENTENCE_ENDS = (".", "!", "?", "。", "！", "？", "”", "؟")
_CONTENTS = "Table of Contents"  # ECMA-376 part 1, 17.5.2.10: the gallery of such parts
_DROP_CAPS = ("drop", "margin")
_MAX_DEPTH = 40  # of tables and boxes in one another


class _CodeLine(NamedTuple):
    """A paragraph of code, and how far it is indented as a paragraph (twentieths of a point)."""

    html: str
    indent: int


def html_of(package: Package) -> str:
    """The text of a document with its notes at the end."""
    name = package.main_name()

    def part(kind: str) -> ET.Element | None:
        related = package.related(name, kind)
        return package.part(related) if related else None

    body = first(package.part(name), "body")
    writer = _BodyWriter(package, Styles(part("styles")), Numbering(part("numbering")))
    if body is not None:
        writer.write(body)
    for kind in ("footnotes", "endnotes"):
        writer.write_notes(kind, part(kind))
    return writer.html()


class _BodyWriter:
    """Takes the paragraphs and tables of a document in order."""

    def __init__(self, package: Package, styles: Styles, numbering: Numbering) -> None:
        self._package = package
        self._styles = styles
        self._numbering = numbering
        self._inlines = Inlines(styles)
        self._pieces: list[str] = []
        self._code: list[_CodeLine] = []
        self._begun: list[str] = []  # paragraphs that have no end
        self._list_depth = 0
        self._depth = 0

    def html(self) -> str:
        """What has been written."""
        self._end_groups()
        self._end_begun()
        return "".join(self._pieces)

    def write(self, parent: ET.Element) -> None:
        """All that stands in `parent`."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            self._pieces.append(f"<p>{escape(' '.join(parent.itertext()))}</p>")
        else:
            for child in shown_children(parent):
                self._write_child(child)
        self._depth -= 1

    def write_notes(self, kind: str, root: ET.Element | None) -> None:
        """The notes that were named in the text, in that order."""
        notes = {value_of(note, "id"): note for note in root} if root is not None else {}
        for mark in list(self._inlines.marks(kind)):
            note = notes.get(mark.note_id)
            if note is not None:
                self._end_groups()
                self._pieces.append(f"<div>[{escape(mark.label)}]</div>")
                start = len(self._pieces)
                self.write(note)
                if mark.is_own:
                    self._drop_label(start, f"<p>{escape(mark.label)}")

    def _drop_label(self, start: int, label: str) -> None:
        """A note with a label of its own has that in its text again."""
        for place in range(start, len(self._pieces)):
            if piece := self._pieces[place]:
                self._pieces[place] = "<p>" * piece.startswith(label) + piece.removeprefix(label)
                return

    def _write_child(self, child: ET.Element) -> None:
        name = local(child)
        if name == "p":
            self._write_paragraph(child)
        elif name == "tbl":
            self._end_groups()
            self._end_begun()
            self._write_table(child)
        elif name == "altChunk":
            self._add(included_html(child, self._package))
        elif name not in _REMOVED and not name.endswith(_PROPERTIES) and not _is_contents(child):
            self.write(child)

    def _write_paragraph(self, paragraph: ET.Element) -> None:
        boxes: list[ET.Element] = []
        self._begun.append(self._inlines.html(paragraph, boxes))
        if _goes_on(paragraph) and not boxes:
            return
        html = "".join(self._begun)
        self._begun.clear()
        if html.strip() and not self._styles.is_contents(paragraph):
            self._place(paragraph, html)
        elif self._code:
            self._code.append(_CodeLine("", self._code[-1].indent))
        for box in boxes:
            self._end_groups()
            if local(box) in DRAWINGS:
                self._pieces.append(drawn_html(box, self._package, self._package.main_name()))
            else:
                self.write(box)

    def _place(self, paragraph: ET.Element, html: str) -> None:
        level = self._styles.heading_level(paragraph)
        place = self._styles.list_place(paragraph)
        label = self._numbering.label(place) if place else ""
        if level:
            self._add(f"<h{level}>{html}</h{level}>")
        elif label or (place is None and self._styles.is_bulleted(paragraph)):
            self._add_item(html, label or "-", place.level if place else 0)
        elif self._is_code(paragraph, html):
            self._close_lists()
            if self._code and _is_block(html) and _is_block(self._code[-1].html):
                self._end_code()  # two blocks, as each of them has all of its lines
            self._code.append(_CodeLine(html, _indent_of(paragraph)))
        else:
            self._add(f"<p>{html}</p>")

    def _is_code(self, paragraph: ET.Element, html: str) -> bool:
        is_indented = html.startswith(("  ", "\t")) and bool(self._code or not _is_prose(html))
        return is_indented or self._styles.is_code(paragraph) or self._inlines.is_mono(paragraph)

    def _add(self, html: str) -> None:
        self._end_groups()
        self._pieces.append(html)

    def _add_item(self, html: str, label: str, level: int) -> None:
        self._end_code()
        while self._list_depth > level + 1:
            self._pieces.append("</ul>")
            self._list_depth -= 1
        while self._list_depth < level + 1:
            self._pieces.append("<ul>")
            self._list_depth += 1
        self._pieces.append(f'<li data-item-label="{escape(label)}">{html}</li>')

    def _end_groups(self) -> None:
        self._close_lists()
        self._end_code()

    def _end_begun(self) -> None:
        begun = "".join(self._begun)
        self._begun.clear()
        if begun.strip():
            self._pieces.append(f"<p>{begun}</p>")

    def _close_lists(self) -> None:
        self._pieces.append("</ul>" * self._list_depth)
        self._list_depth = 0

    def _end_code(self) -> None:
        lines, self._code = self._code, []
        while lines and not lines[-1].html:
            lines.pop()
        if lines:
            least = min(line.indent for line in lines)
            shown = "\n".join(_spaces(line.indent - least) + line.html for line in lines)
            self._pieces.append(f"<pre>\n{shown}</pre>")

    def _write_table(self, table: ET.Element) -> None:
        rows = [_cells_of(row) for row in _parts(table, "tr") if not _is_removed(row)]
        if len(rows) == 1 and len(rows[0]) == 1:
            self.write(rows[0][0].element)  # a frame around text
            self._end_groups()
            return
        self._pieces.append("<table>")
        continued = [{cell.column for cell in row if cell.is_continued} for row in rows]
        for number, row in enumerate(rows):
            self._pieces.append("<tr>")
            for cell in row:
                if not cell.is_continued:
                    self._write_cell(cell, _row_span(continued, number, cell.column))
            self._pieces.append("</tr>")
        self._pieces.append("</table>")

    def _write_cell(self, cell: "_Cell", row_count: int) -> None:
        self._pieces.append(f'<td colspan="{cell.span}" rowspan="{row_count}">')
        start = len(self._pieces)
        self.write(cell.element)
        if len(self._code) == 1 and not any(self._pieces[start:]):
            self._pieces.append(self._code.pop().html)  # a name, not a block of code
        self._end_groups()
        self._pieces.append("</td>")


class _Cell(NamedTuple):
    """A cell, its first column and how many it takes; continued: it is part of one above."""

    element: ET.Element
    column: int
    span: int
    is_continued: bool


def _cells_of(row: ET.Element) -> list[_Cell]:
    cells: list[_Cell] = []
    column = as_number(value_of(first(row, "trPr", "gridBefore")), 0)
    for element in _parts(row, "tc"):
        span = max(1, as_number(value_of(first(element, "tcPr", "gridSpan")), 1))
        merge = first(element, "tcPr", "vMerge")
        is_continued = merge is not None and value_of(merge) != "restart"
        cells.append(_Cell(element, column, span, is_continued))
        column += span
    return cells


def _row_span(continued: list[set[int]], number: int, column: int) -> int:
    """How many rows a cell takes; `continued` are the columns that go on with one above, by row."""
    below = number + 1
    while below < len(continued) and column in continued[below]:
        below += 1
    return below - number


def _parts(parent: ET.Element, name: str) -> Iterator[ET.Element]:
    """The rows of a table or the cells of a row, in content controls too."""
    for child in parent:
        if local(child) == name:
            yield child
        elif local(child) in ("sdt", "sdtContent", "customXml", "ins"):
            yield from _parts(child, name)


def _goes_on(paragraph: ET.Element) -> bool:
    """Whether the next paragraph goes on with it: its end was deleted, or it is a large letter."""
    properties = first(paragraph, "pPr")
    if properties is None:
        return False
    frame = value_of(first(properties, "framePr"), "dropCap")
    return frame in _DROP_CAPS or first(properties, "rPr", "del") is not None


def _is_contents(child: ET.Element) -> bool:
    gallery = first(child, "sdtPr", "docPartObj", "docPartGallery")
    return value_of(gallery) == _CONTENTS


def _is_removed(row: ET.Element) -> bool:
    return first(row, "trPr", "del") is not None


def _is_prose(html: str) -> bool:
    """Whether a line that is indented is a paragraph whose first line is."""
    text = html.strip()
    return len(text) > _MAX_LINE_CHARS or (text.endswith(_SENTENCE_ENDS) and " " in text)


def _is_block(html: str) -> bool:
    """Whether a paragraph of code holds several lines."""
    return "<br>" in html


def _indent_of(paragraph: ET.Element) -> int:
    indent = first(paragraph, "pPr", "ind")
    return as_number(value_of(indent, "left") or value_of(indent, "start"), 0)


def _spaces(indent: int) -> str:
    return " " * min(round(indent / _TWIPS_PER_SPACE), _MAX_SPACES)
