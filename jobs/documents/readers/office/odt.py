"""Reads ODT (OpenDocument 1.3): its text becomes HTML for the HTML reader."""

from collections.abc import Iterator
from html import escape
from typing import NamedTuple
from xml.etree import ElementTree as ET

from jobs.documents.readers.extract import Extract, assemble
from jobs.documents.readers.html.lists import written
from jobs.documents.readers.html.page import html_blocks
from jobs.documents.readers.limits import ReadLimits, damaged
from jobs.documents.readers.office.odt_styles import ListLevel, OdtStyles
from jobs.documents.readers.office.ooxml import PARSE_ERRORS, as_number, first, local, value_of
from jobs.documents.readers.zip_files import Archive, open_zip

_CONTENT, _STYLES, _META = "content.xml", "styles.xml", "meta.xml"
_NO_TEXT = frozenset(
    (
        *("tracked-changes", "table-of-content", "sequence-decls", "variable-decls", "forms"),
        *("alphabetical-index", "illustration-index", "table-index", "object-index", "user-index"),
        *("annotation", "annotation-end", "note-citation", "ruby-text", "desc", "title", "scripts"),
    )
)
_HIDDEN_PARAGRAPH = "hidden-paragraph"  # a mark in it
_HEADER_ROWS = frozenset({"table-header-rows", "table-rows", "table-row-group"})
_MAX_REPEATED = 50  # of cells that say how often they stand side by side
_MAX_REPEATED_CHARS = 100  # a longer cell stands there once: tables may be in it
_MAX_SPACES = 200
_MAX_DEPTH = 60


class _Note(NamedTuple):
    """A note: its mark in the text and what it says."""

    label: str
    body: ET.Element


def read_odt(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    with open_zip(data, limits) as archive:
        try:
            writer = _OdtWriter(archive)
            html = writer.html()
        except PARSE_ERRORS as error:
            raise damaged(f"is no whole ODT file ({type(error).__name__}: {error})") from error
        return assemble(html_blocks(html), limits, title=writer.title())


class _OdtWriter:
    """Writes the text of one document, with its notes at the end."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._names = archive.known_names
        self._content = self._part(_CONTENT)
        roots = [self._content, *([self._part(_STYLES)] if _STYLES in self._names else [])]
        self._styles = OdtStyles(roots)
        self._notes: list[_Note] = []
        self._boxes: list[ET.Element] = []
        self._code: list[str] = []
        self._last_numbers: dict[str, int] = {}
        self._numbers: list[str] = []  # of the items that are open, the innermost last

    def title(self) -> str:
        """The title in the file's properties; may be empty."""
        meta = self._part(_META) if _META in self._names else None
        return (meta.findtext("{*}meta/{*}title") or "") if meta is not None else ""

    def html(self) -> str:
        """The whole text."""
        text = first(self._content, "body", "text")
        pieces = list(self._blocks(text, 0)) if text is not None else []
        pieces += self._end_code()
        for note in self._notes:  # more may come from within notes
            pieces += [f"<div>[{escape(note.label)}]</div>", *self._blocks(note.body, 0)]
            pieces += self._end_code()
        return "".join(pieces)

    def _part(self, name: str) -> ET.Element:
        try:  # expat loads nothing from outside and stops entities that grow
            return ET.fromstring(self._archive.read(name))  # noqa: S314
        except ET.ParseError as error:
            raise damaged(f"its part {name!r} is no XML ({error})") from error

    def _blocks(self, parent: ET.Element, depth: int) -> Iterator[str]:
        if depth > _MAX_DEPTH:
            yield f"<p>{escape(' '.join(parent.itertext()))}</p>"
            return
        for child in parent:
            name = local(child)
            if name in ("p", "h"):
                yield from self._paragraph(child, name)
                continue
            yield from self._end_code()
            if name == "list":
                yield from self._list(child, "", 1, depth)
            elif name == "table":
                yield from self._table(child, depth)
            elif name not in _NO_TEXT and not _is_hidden(child):
                yield from self._blocks(child, depth + 1)

    def _paragraph(self, element: ET.Element, name: str) -> Iterator[str]:
        style = value_of(element, "style-name") or ""
        marks = (child for child in element if local(child) == _HIDDEN_PARAGRAPH)
        is_hidden = self._styles.is_hidden(style) or any(map(_is_hidden, marks))
        html = "" if is_hidden else "".join(self._inlines(element, 0))
        boxes, self._boxes = self._boxes, []
        if name == "p" and self._styles.is_code(style) and (html.strip() or self._code):
            self._code.append(html)
        elif html.strip():
            yield from self._end_code()
            level = as_number(value_of(element, "outline-level") or "1", 0)
            tag = f"h{min(level, 6)}" if name == "h" and level else "p"
            yield f"<{tag}>{html}</{tag}>"
        for box in boxes:
            yield from self._end_code()
            yield from self._blocks(box, 1)

    def _end_code(self) -> list[str]:
        lines, self._code = self._code, []
        return ["<pre>\n" + "\n".join(lines) + "</pre>"] if lines else []

    def _list(self, element: ET.Element, style: str, level: int, depth: int) -> Iterator[str]:
        style = value_of(element, "style-name") or style
        numbering = self._styles.numbering(style, level)
        goes_on = value_of(element, "continue-numbering") == "true" or (
            value_of(element, "continue-list") is not None
        )
        key = f"{style} {level}"
        number = self._last_numbers.get(key, 0) + 1 if goes_on else numbering.start
        tag = "ol" if numbering.is_numbered else "ul"
        yield f"<{tag}>"
        for item in element:
            if local(item) == "list-header":  # it has no number
                yield from self._item(item, style, level, depth + 1)
                yield from self._end_code()
            elif local(item) == "list-item":
                number = as_number(value_of(item, "start-value"), number)
                yield self._item_tag(numbering, number, level)
                yield from self._item(item, style, level, depth + 1)
                yield from self._end_code()
                yield "</li>"
                number += 1
        self._last_numbers[key] = number - 1
        yield f"</{tag}>"

    def _item_tag(self, numbering: ListLevel, number: int, level: int) -> str:
        if not numbering.is_numbered:
            return "<li>"
        del self._numbers[level - 1 :]
        self._numbers += [""] * (level - 1 - len(self._numbers))
        self._numbers.append(written(number, numbering.form))
        return f'<li data-item-label="{escape(numbering.label(self._numbers))}">'

    def _item(self, item: ET.Element, style: str, level: int, depth: int) -> Iterator[str]:
        for child in item:
            if local(child) == "list" and depth < _MAX_DEPTH:
                yield from self._end_code()
                yield from self._list(child, style, level + 1, depth)
            else:
                holder = ET.Element("item")
                holder.append(child)
                yield from self._blocks(holder, depth)

    def _table(self, table: ET.Element, depth: int) -> Iterator[str]:
        yield "<table>"
        for row in _rows(table):
            yield "<tr>"
            for cell in row:
                if local(cell) == "table-cell":
                    yield from self._cell(cell, depth)
            yield "</tr>"
        yield "</table>"

    def _cell(self, cell: ET.Element, depth: int) -> Iterator[str]:
        columns = as_number(value_of(cell, "number-columns-spanned"), 1)
        rows = as_number(value_of(cell, "number-rows-spanned"), 1)
        count = as_number(value_of(cell, "number-columns-repeated"), 1)
        html = "".join([*self._blocks(cell, depth + 1), *self._end_code()])
        most = _MAX_REPEATED if len(html) <= _MAX_REPEATED_CHARS else 1
        yield f'<td colspan="{columns}" rowspan="{rows}">{html}</td>' * min(count, most)

    def _inlines(self, element: ET.Element, depth: int) -> Iterator[str]:
        yield escape(element.text or "")
        for child in element:
            name = local(child)
            if depth > _MAX_DEPTH:
                yield escape("".join(child.itertext()))
            elif name not in _NO_TEXT and not _is_hidden(child):
                yield self._inline(child, name, depth + 1)
            yield escape(child.tail or "")

    def _inline(self, child: ET.Element, name: str, depth: int) -> str:
        match name:
            case "s":
                return " " * min(as_number(value_of(child, "c"), 1), _MAX_SPACES)
            case "tab":
                return "\t"
            case "line-break":
                return "<br>"
            case "note":
                return self._note(child)
            case "text-box":
                self._boxes.append(child)
                return ""
            case "object":
                return self._object(child)
        if name == "span" and self._styles.is_hidden(value_of(child, "style-name") or ""):
            return ""
        html = "".join(self._inlines(child, depth))
        tag = self._styles.script(value_of(child, "style-name") or "") if name == "span" else ""
        return f"<{tag}>{html}</{tag}>" if tag and html.strip() else html

    def _note(self, note: ET.Element) -> str:
        citation = first(note, "note-citation")
        label = "".join(citation.itertext()).strip() if citation is not None else "*"
        body = first(note, "note-body")
        if body is not None:
            self._notes.append(_Note(label, body))
        return f"[{escape(label)}]"

    def _object(self, child: ET.Element) -> str:
        """An embedded formula: MathML, in a part of its own."""
        name = (value_of(child, "href") or "").removeprefix("./").rstrip("/") + "/content.xml"
        if name not in self._names:
            return ""
        root = self._part(name)
        return _plain_xml(root) if local(root) == "math" else ""


def _rows(table: ET.Element) -> Iterator[ET.Element]:
    for child in table:
        if local(child) == "table-row":
            yield child
        elif local(child) in _HEADER_ROWS:
            yield from _rows(child)


def _is_hidden(element: ET.Element) -> bool:
    """Whether a section or a part of a paragraph says that it is not shown."""
    return value_of(element, "display") == "none" or value_of(element, "is-hidden") == "true"


def _plain_xml(element: ET.Element) -> str:
    """An element without its namespaces, as HTML has MathML."""
    for part in element.iter():
        part.tag = local(part)
    return ET.tostring(element, encoding="unicode")
