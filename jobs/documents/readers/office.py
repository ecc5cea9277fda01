"""Reads DOCX and PPTX with python-docx and python-pptx, which the extra `office` installs."""

import io
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from jobs.documents.readers.clean_text import clean, clean_line
from jobs.documents.readers.extract import LINE, PARAGRAPH, Block, Extract, assemble
from jobs.documents.readers.limits import ReadLimits, UnreadableFileError, damaged
from jobs.documents.readers.zip_files import open_zip

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.table import Table
    from docx.text.paragraph import Paragraph
    from pptx.presentation import Presentation
    from pptx.shapes.base import BaseShape
    from pptx.slide import Slide

_HEADING_STYLE = re.compile(r"heading (\d)", re.IGNORECASE)
_CELL_GLUE = " | "
_PARSE_ERRORS = (KeyError, ValueError, SyntaxError, AttributeError, OSError)  # lxml's: SyntaxError


def read_docx(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    open_zip(data, limits).close()
    try:
        from docx import Document
    except ImportError as error:
        raise _missing_extra(".docx") from error
    try:
        document = Document(io.BytesIO(data))
        title = document.core_properties.title
        return assemble(_word_blocks(document), limits, title=title)
    except _PARSE_ERRORS as error:
        raise damaged(f"is no whole DOCX file ({type(error).__name__}: {error})") from error


def read_pptx(data: bytes, limits: ReadLimits) -> Extract:
    """A slide is a page. Raises: UnreadableFileError."""
    open_zip(data, limits).close()
    try:
        from pptx import Presentation
    except ImportError as error:
        raise _missing_extra(".pptx") from error
    try:
        deck = Presentation(io.BytesIO(data))
        title, count = deck.core_properties.title, len(deck.slides)
        return assemble(_deck_blocks(deck), limits, title=title, page_count=count)
    except _PARSE_ERRORS as error:
        raise damaged(f"is no whole PPTX file ({type(error).__name__}: {error})") from error


def _missing_extra(suffix: str) -> UnreadableFileError:
    return UnreadableFileError(
        "missing_extra",
        f"reading {suffix} needs an extra: pip install 'corpus-distill[office]'",
    )


def _word_blocks(document: "WordDocument") -> Iterator[Block]:
    from docx.text.paragraph import Paragraph

    was_item = False
    for content in document.iter_inner_content():
        if not isinstance(content, Paragraph):
            yield from _table_blocks(_word_rows(content))
            was_item = False
            continue
        is_item = _is_item(content)
        text = clean(content.text)
        glue = LINE if is_item and was_item else PARAGRAPH
        yield Block("- " * (is_item and bool(text)) + text, glue, _heading_level(content))
        was_item = is_item


def _heading_level(paragraph: "Paragraph") -> int:
    name = (paragraph.style.name if paragraph.style else None) or ""
    if match := _HEADING_STYLE.match(name):
        return int(match[1])
    return int(name == "Title")


def _is_item(paragraph: "Paragraph") -> bool:
    name = (paragraph.style.name if paragraph.style else None) or ""
    properties = paragraph._p.pPr
    return name.startswith("List") or (properties is not None and properties.numPr is not None)


def _word_rows(table: "Table") -> Iterator[list[str]]:
    for row in table.rows:
        cells = {id(cell._tc): cell for cell in row.cells}  # a merged cell is in a row repeatedly
        yield [clean_line(cell.text) for cell in cells.values()]


def _table_blocks(rows: Iterable[list[str]], page: int = 0) -> Iterator[Block]:
    for number, cells in enumerate(rows):
        text = _CELL_GLUE.join(cells)
        yield Block(text if any(cells) else "", LINE if number else PARAGRAPH, page=page)


def _deck_blocks(deck: "Presentation") -> Iterator[Block]:
    for page, slide in enumerate(deck.slides, start=1):
        title = slide.shapes.title
        if title is not None:
            yield Block(clean_line(title.text_frame.text), heading_level=1, page=page)
        for shape in slide.shapes:
            if title is None or shape.shape_id != title.shape_id:
                yield from _shape_blocks(shape, page)
        yield from _notes_blocks(slide, page)


def _shape_blocks(shape: "BaseShape", page: int) -> Iterator[Block]:
    from pptx.shapes.autoshape import Shape
    from pptx.shapes.graphfrm import GraphicFrame
    from pptx.shapes.group import GroupShape

    if isinstance(shape, GroupShape):
        for member in shape.shapes:
            yield from _shape_blocks(member, page)
    elif isinstance(shape, GraphicFrame) and shape.has_table:
        rows = ([clean_line(cell.text) for cell in row.cells] for row in shape.table.rows)
        yield from _table_blocks(rows, page)
    elif isinstance(shape, Shape):
        for number, paragraph in enumerate(shape.text_frame.paragraphs):
            yield Block(clean(paragraph.text), LINE if number else PARAGRAPH, page=page)


def _notes_blocks(slide: "Slide", page: int) -> Iterator[Block]:
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    if notes is not None:
        yield Block(clean(notes.text), page=page)
