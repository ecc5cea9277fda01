"""Says which pages of a PDF hold something that cannot be read as text."""

import ctypes
import math
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from jobs.documents.readers.pdf.glyphs.characters import address_function

_PICTURES = {pdfium_c.FPDF_PAGEOBJ_IMAGE, pdfium_c.FPDF_PAGEOBJ_FORM, pdfium_c.FPDF_PAGEOBJ_SHADING}
_MIN_PATHS = 100  # letters that are drawn as figures; fewer are frames and rules
_PICTURE_SHARE = 0.25  # of the page; smaller ones are emblems on a page that is else blank
_MAX_OBJECTS = 1000  # that are looked at
_FLAT = 0.0001  # of the height of letters


def is_picture(page: pdfium.PdfPage) -> bool:
    """Whether a page is mostly a picture, or has many figures, as a scanned page has."""
    count = pdfium_c.FPDFPage_CountObjects(page.raw)
    items = [
        pdfium_c.FPDFPage_GetObject(page.raw, index) for index in range(min(count, _MAX_OBJECTS))
    ]
    pictures = [item for item in items if pdfium_c.FPDFPageObj_GetType(item) in _PICTURES]
    width, height = page.get_size()
    is_covered = sum(map(_area, pictures)) > _PICTURE_SHARE * width * height
    return is_covered or len(items) >= _MIN_PATHS


def _area(item: object) -> float:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    pdfium_c.FPDFPageObj_GetBounds(item, left, bottom, right, top)
    return (right.value - left.value) * (top.value - bottom.value)


def has_flat_text(items: Iterable[int]) -> bool:
    """Whether a piece of text is set with a horizontal scale of 0: PDFium reads nothing of it."""
    get_matrix = address_function("FPDFPageObj_GetMatrix", ctypes.c_void_p)
    matrix = pdfium_c.FS_MATRIX()
    for item in items:
        get_matrix(item, ctypes.byref(matrix))
        width, height = math.hypot(matrix.a, matrix.b), math.hypot(matrix.c, matrix.d)
        if width < _FLAT * height:
            return True
    return False


class Unread(NamedTuple):
    """Numbers (1-based) of pages: still pictures, read by OCR, or with letters that are lost.

    `flat`: with text that is set so narrow that it has no width at all.
    """

    pictures: list[int]
    recognized: list[int]
    lost: list[int]
    flat: list[int]


def notes_of(unread: Unread, page_count: int) -> Iterator[str]:
    """What people are told of these pages."""
    pictures, recognized, lost, flat = unread
    if recognized:
        yield (
            f"{len(recognized)} of {page_count} pages are pictures that OCR has read "
            f"({_ranges(recognized)}); their text may have faults"
        )
    if pictures:
        yield (
            f"{len(pictures)} of {page_count} pages hold no text but pictures "
            f"({_ranges(pictures)}); scanned pages need OCR: the extra `ocr`"
        )
    if lost:
        yield (
            f"{len(lost)} of {page_count} pages are set in letters without width, of which some "
            f"are lost ({_ranges(lost)}); print the file to a new PDF"
        )
    if flat:
        yield (
            f"{len(flat)} of {page_count} pages hold text that is scaled to no width, which "
            f"nothing shows and is left out ({_ranges(flat)})"
        )


def _ranges(numbers: Iterable[int]) -> str:
    """Ascending numbers in short: 1, 3-7."""
    ordered = list(numbers)
    starts = [ordered[0], *(b for a, b in pairwise(ordered) if b != a + 1)]
    ends = [*(a for a, b in pairwise(ordered) if b != a + 1), ordered[-1]]
    return ", ".join(
        str(start) if start == end else f"{start}-{end}"
        for start, end in zip(starts, ends, strict=True)
    )
