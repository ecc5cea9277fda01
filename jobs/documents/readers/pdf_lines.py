"""The lines of a PDF page with where and how they are set."""

import ctypes
import re
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from jobs.documents.readers.clean_text import clean_line

HYPHEN = "\ufffe"  # where a word was divided; PDFium's own sign for it, not a character of any text
_HYPHEN_CODE = 2  # PDFium's code of a hyphen at the end of a line, which has no line end after it
_BREAKS = {ord("\r"), ord("\n"), 0}
_NOTE_MARK = re.compile(r"(?:[^\W\d_]{3}|[.,;:!?)”’\"])(?=\d{1,3}(?!\d))")
_MARK_SIZE = 0.8  # of the font size of its line
_FIXED_PITCH = 1  # PDF 32000-1, table 123: font flags
_FONT_NAME_BYTES = 128
_MONO_NAMES = (b"mono", b"courier", b"cursor", b"consol", b"typewriter")


class Line(NamedTuple):
    """One line of text. Lengths are in points (1/72 inch), `baseline` counts up from the bottom.

    `is_hyphenated`: its last word goes on in the next line, its hyphen is cut off.
    """

    text: str
    left: float
    right: float
    baseline: float
    size: float
    is_mono: bool
    is_hyphenated: bool


def page_lines(page: pdfium.PdfPage) -> list[Line]:
    """The lines of a page in the order of its content, without empty ones."""
    text_page = page.get_textpage()
    try:
        return [
            line for span in _line_spans(text_page) if (line := _describe(text_page, span)).text
        ]
    finally:
        text_page.close()


class _LineSpan(NamedTuple):
    start: int
    first: int  # index of the first character that is no space
    last: int  # and of the last one
    codes: list[int]
    is_hyphenated: bool


def _line_spans(text_page: pdfium.PdfTextPage) -> Iterator[_LineSpan]:
    codes: list[int] = []
    count: int = text_page.count_chars()
    for index in range(count + 1):
        code = pdfium_c.FPDFText_GetUnicode(text_page.raw, index) if index < count else 0
        is_hyphen = code == _HYPHEN_CODE and bool(pdfium_c.FPDFText_IsHyphen(text_page, index))
        if code not in _BREAKS and not is_hyphen:
            codes.append(code)
            continue
        visible = [at for at, seen in enumerate(codes) if not chr(seen).isspace()]
        if visible:
            start = index - len(codes)
            yield _LineSpan(start, start + visible[0], start + visible[-1], codes, is_hyphen)
        codes = []


def _describe(text_page: pdfium.PdfTextPage, span: _LineSpan) -> Line:
    sampled = (span.first, (span.first + span.last) // 2, span.last)
    size = median(pdfium_c.FPDFText_GetFontSize(text_page, index) for index in sampled)
    return Line(
        text=_text_of(text_page, span, size),
        left=text_page.get_charbox(span.first)[0],
        right=text_page.get_charbox(span.last)[2],
        baseline=median(_baseline(text_page, index) for index in sampled),
        size=size,
        is_mono=all(_is_mono(text_page, index) for index in sampled),
        is_hyphenated=span.is_hyphenated,
    )


def _text_of(text_page: pdfium.PdfTextPage, span: _LineSpan, size: float) -> str:
    """The text of a line; a footnote mark that is set small stands apart from its word."""
    text = "".join(map(chr, span.codes))
    for match in reversed(list(_NOTE_MARK.finditer(text))):
        index = span.start + match.end()
        if pdfium_c.FPDFText_GetFontSize(text_page, index) < _MARK_SIZE * size:
            text = f"{text[: match.end()]} {text[match.end() :]}"
    units = text.encode("utf-16-le", "surrogatepass")  # PDFium gives some characters in two halves
    return clean_line(units.decode("utf-16-le", "replace"))


def _baseline(text_page: pdfium.PdfTextPage, index: int) -> float:
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium_c.FPDFText_GetCharOrigin(text_page, index, x, y)
    return y.value


def _is_mono(text_page: pdfium.PdfTextPage, index: int) -> bool:
    name = ctypes.create_string_buffer(_FONT_NAME_BYTES)
    flags = ctypes.c_int()
    pdfium_c.FPDFText_GetFontInfo(text_page, index, name, _FONT_NAME_BYTES, flags)
    lowered = name.value.lower()
    return bool(flags.value & _FIXED_PITCH) or any(part in lowered for part in _MONO_NAMES)
