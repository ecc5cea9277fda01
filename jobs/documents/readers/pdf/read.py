"""Reads PDF: paragraphs in page order, pages, and the headings that its outline names."""

from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from jobs.documents.readers.extract import Extract, assemble
from jobs.documents.readers.limits import ReadLimits, UnreadableFileError, damaged
from jobs.documents.readers.pdf.form_fields import field_lines
from jobs.documents.readers.pdf.furniture import drop_furniture
from jobs.documents.readers.pdf.glyphs.inkless import keep_inkless, text_objects
from jobs.documents.readers.pdf.lines.page_lines import Line, page_lines
from jobs.documents.readers.pdf.ocr import PictureReader
from jobs.documents.readers.pdf.paragraphs.captions import put_captions_behind
from jobs.documents.readers.pdf.paragraphs.headings import mark_headings, outline_of
from jobs.documents.readers.pdf.paragraphs.join_lines import join_lines
from jobs.documents.readers.pdf.paragraphs.notes import place_notes
from jobs.documents.readers.pdf.paragraphs.words import join_words
from jobs.documents.readers.pdf.unread import Unread, has_flat_text, is_picture, notes_of
from jobs.documents.readers.pdf.watermarks import drop_watermarks

_END_MARK = b"%%EOF"
_LAST_PART = b"endobj"


class _Pages(NamedTuple):
    """The lines of each page, and which pages cannot be read as text."""

    lines: list[list[Line]]
    unread: Unread


def read_pdf(data: bytes, limits: ReadLimits) -> Extract:
    """Raises: UnreadableFileError."""
    document = _open(data)
    try:
        document.init_forms()
        pages = _read_pages(document, limits)
        title = document.get_metadata_value("Title")
        outline = outline_of(document)
    except pdfium.PdfiumError as error:
        raise damaged(f"a part of this PDF cannot be read ({error})") from error
    finally:
        document.close()
    parts = list(join_lines(drop_furniture(drop_watermarks(pages.lines))))
    paragraphs = join_words(put_captions_behind(parts))
    count = len(pages.lines)
    blocks = place_notes(list(mark_headings(paragraphs, outline)))
    extract = assemble(blocks, limits, title=title, page_count=count)
    return extract._replace(notes=tuple(notes_of(pages.unread, count)))


def _open(data: bytes) -> pdfium.PdfDocument:
    """The document; what comes before its head or after its end is no part of it."""
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
            raise UnreadableFileError(
                "password_protected", "needs a password; save a copy without one"
            ) from error
        raise damaged(f"is no whole PDF ({str(error).rstrip('.')})") from error
    if data.rfind(_END_MARK) < data.rfind(_LAST_PART):
        document.close()
        raise damaged("is cut off (a PDF ends with %%EOF)")
    return document


def _read_pages(document: pdfium.PdfDocument, limits: ReadLimits) -> _Pages:
    pages = _Pages([], Unread([], [], [], []))
    pictures = PictureReader()
    length = 0
    for index in range(len(document)):
        lines = _read_page(document, index, pages.unread, pictures)
        length += sum(len(line.text) for line in lines)
        limits.check_text(length)
        pages.lines.append(lines)
    return pages


def _read_page(
    document: pdfium.PdfDocument, index: int, unread: Unread, pictures: PictureReader
) -> list[Line]:
    page = document[index]
    try:
        items = text_objects(page)
        keep_inkless(items)
        found = page_lines(page)
        lines = found.lines
        lines += list(field_lines(document, page, {line.text for line in lines}))
        if has_flat_text(items):
            unread.flat.append(index + 1)
        if found.has_lost_letters:
            unread.lost.append(index + 1)
        elif not lines and is_picture(page):
            lines = pictures.read(page)
            (unread.recognized if lines else unread.pictures).append(index + 1)
    finally:
        page.close()
    return lines
