"""Letters of fonts that are neither in the file nor on this machine, Japanese ones above all.

PDFium cannot draw them, so they have no extent, and it drops text without extent: each piece of
one letter, such as the first of a line.
"""

import ctypes
from collections import defaultdict
from collections.abc import Sequence

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from jobs.documents.readers.pdf.glyphs.characters import address_function


def text_objects(page: pdfium.PdfPage) -> list[int]:
    """The addresses of the pieces of text on a page."""
    raw = ctypes.cast(page.raw, ctypes.c_void_p).value
    object_at = address_function("FPDFPage_GetObject", ctypes.c_int)
    type_of = address_function("FPDFPageObj_GetType")
    items = [object_at(raw, at) or 0 for at in range(pdfium_c.FPDFPage_CountObjects(page.raw))]
    return [item for item in items if type_of(item) == pdfium_c.FPDF_PAGEOBJ_TEXT]


def keep_inkless(items: Sequence[int]) -> None:
    """Have PDFium keep what of the pieces of text has no extent, before it reads the page.

    An outline, which is never drawn, gives it one.
    """
    font_of = address_function("FPDFTextObj_GetFont")
    is_embedded = address_function("FPDFFont_GetIsEmbedded")
    inked: set[int] = set()
    lone: dict[int, list[int]] = defaultdict(list)
    for item in items:
        font = font_of(item) or 0
        if font in inked:
            continue
        width, height = (0.0, 1.0) if is_embedded(font) else _extent(item)
        if height > 0:
            inked.add(font)
            lone.pop(font, None)
        elif width == 0:
            lone[font].append(item)
    for item in (item for found in lone.values() for item in found):
        handle = ctypes.cast(item, pdfium_c.FPDF_PAGEOBJECT)
        pdfium_c.FPDFTextObj_SetTextRenderMode(handle, pdfium_c.FPDF_TEXTRENDERMODE_FILL_STROKE)
        pdfium_c.FPDFPageObj_Transform(handle, 1, 0, 0, 1, 0, 0)  # then it is measured anew


def _extent(item: int) -> tuple[float, float]:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    handle = ctypes.cast(item, pdfium_c.FPDF_PAGEOBJECT)
    pdfium_c.FPDFPageObj_GetBounds(handle, left, bottom, right, top)
    return right.value - left.value, top.value - bottom.value
