"""What has been filled in in the form fields of a PDF page, as lines."""

import ctypes
from collections.abc import Iterator

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from jobs.documents.readers.clean_text import clean_line
from jobs.documents.readers.pdf.lines.page_lines import Line

_SIZE = 10.0  # points; PDFium does not say how large a value is set
_OFF = "Off"  # a button that is not pressed


def field_lines(
    document: pdfium.PdfDocument, page: pdfium.PdfPage, shown: set[str]
) -> Iterator[Line]:
    """The values of a page's fields, named where they have a name; not those in `shown`."""
    if not document.formenv:
        return
    form = document.formenv.raw
    for index in range(pdfium_c.FPDFPage_GetAnnotCount(page.raw)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page.raw, index)
        try:
            line = _field_line(form, annotation)
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)
        if line is not None and not any(line.text.endswith(text) for text in shown if text):
            yield line


def _field_line(form: object, annotation: object) -> Line | None:
    if pdfium_c.FPDFAnnot_GetSubtype(annotation) != pdfium_c.FPDF_ANNOT_WIDGET:
        return None
    value = _text(pdfium_c.FPDFAnnot_GetFormFieldValue, form, annotation)
    if not value or value == _OFF:
        return None
    name = _text(pdfium_c.FPDFAnnot_GetFormFieldAlternateName, form, annotation) or _text(
        pdfium_c.FPDFAnnot_GetFormFieldName, form, annotation
    )
    box = pdfium_c.FS_RECTF()
    pdfium_c.FPDFAnnot_GetRect(annotation, box)
    text = f"{name}: {value}" if name else value
    return Line(text, box.left, box.right, box.bottom, box.bottom, _SIZE)


def _text(ask: object, form: object, annotation: object) -> str:
    assert callable(ask)
    size_bytes = ask(form, annotation, None, 0)
    buffer = (ctypes.c_ushort * (size_bytes // 2 + 1))()
    ask(form, annotation, buffer, size_bytes)
    return clean_line(bytes(buffer)[: max(size_bytes - 2, 0)].decode("utf-16-le", "replace"))
