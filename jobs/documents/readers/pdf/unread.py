"""Says which pages of a PDF hold something that cannot be read as text."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

_PICTURES = {pdfium_c.FPDF_PAGEOBJ_IMAGE, pdfium_c.FPDF_PAGEOBJ_FORM, pdfium_c.FPDF_PAGEOBJ_SHADING}
_MIN_PATHS = 20  # letters that are drawn as figures; fewer are frames and rules
_MAX_OBJECTS = 1000  # that are looked at


def is_picture(page: pdfium.PdfPage) -> bool:
    """Whether a page has pictures or many figures, as a scanned page has."""
    count = min(pdfium_c.FPDFPage_CountObjects(page.raw), _MAX_OBJECTS)
    kinds = [
        pdfium_c.FPDFPageObj_GetType(pdfium_c.FPDFPage_GetObject(page.raw, index))
        for index in range(count)
    ]
    return any(kind in _PICTURES for kind in kinds) or len(kinds) >= _MIN_PATHS


class Unread(NamedTuple):
    """Numbers (1-based) of pages: still pictures, read by OCR, or set in letters that are lost."""

    pictures: list[int]
    recognized: list[int]
    lost: list[int]


def notes_of(unread: Unread, page_count: int) -> Iterator[str]:
    """What people are told of these pages."""
    pictures, recognized, lost = unread
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


def _ranges(numbers: Iterable[int]) -> str:
    """Ascending numbers in short: 1, 3-7."""
    ordered = list(numbers)
    starts = [ordered[0], *(b for a, b in pairwise(ordered) if b != a + 1)]
    ends = [*(a for a, b in pairwise(ordered) if b != a + 1), ordered[-1]]
    return ", ".join(
        str(start) if start == end else f"{start}-{end}"
        for start, end in zip(starts, ends, strict=True)
    )
