"""What PDFium tells of the characters of a page: asked for many at once, without objects for each.

A call of a function of PDFium takes a fourth of the time where it is given addresses as numbers.
"""

import ctypes
from collections import deque
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any, NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

_AT_ONCE = 4096  # characters
_BOX_BYTES = ctypes.sizeof(pdfium_c.FS_RECTF)  # left, top, right, bottom
_BOX_SIDES = 4


def address_function(name: str, *arguments: Any) -> Callable[..., int | None]:  # noqa: ANN401
    """PDFium's function of this name, which takes and gives addresses as numbers; None for 0.

    `arguments` are the types of those after the first, which is an address.
    """
    return _function(name, ctypes.c_void_p, *arguments)


class Box(NamedTuple):
    """Where a character is drawn, in points, heights counting up."""

    left: float
    right: float
    bottom: float
    top: float


class Look(NamedTuple):
    """What the characters of many text objects have in common; lengths are in points.

    `matrix`: how they are turned and scaled (PDF 32000-1, 8.3.3), `size`: of their font before
    that. `colour`: their red, green, blue and alpha, from 0 to 255; None if they have none.
    """

    matrix: tuple[float, ...]
    size: float
    colour: tuple[int, ...] | None


class Characters:
    """Those of one page, by their numbers. The text page has to stay open."""

    def __init__(self, text_page: pdfium.PdfTextPage) -> None:
        self._page = ctypes.cast(text_page.raw, ctypes.c_void_p).value
        self._codes = _codes(text_page)
        self._doubles = (ctypes.c_double * 4)()
        self._floats = (ctypes.c_float * 6)()
        self._channels = (ctypes.c_uint * 4)()
        self._four_doubles = _addresses(self._doubles)
        self._first_double, self._second_double, *_ = self._four_doubles
        self._first_float = ctypes.addressof(self._floats)
        self._four_channels = _addresses(self._channels)
        self._size_of = _function("FPDFText_GetFontSize", ctypes.c_double, ctypes.c_int)
        self._object_of = address_function("FPDFText_GetTextObject", ctypes.c_int)
        self._get_loose_box = _getter("FPDFText_GetLooseCharBox", 1)
        self._get_box = _getter("FPDFText_GetCharBox", 4)
        self._get_origin = _getter("FPDFText_GetCharOrigin", 2)
        self._get_matrix = _getter("FPDFText_GetMatrix", 1)
        self._get_colour = _getter("FPDFText_GetFillColor", 4)

    def placed(self) -> Iterator[tuple[str, int | None, float, float]]:
        """Each with the address of its text object, and from where to where it is set.

        What PDFium has put in of its own has no text object.
        """
        page, boxes = self._page, (ctypes.c_float * (_BOX_SIDES * _AT_ONCE))()
        first = ctypes.addressof(boxes)
        for start in range(0, len(self._codes), _AT_ONCE):
            codes = self._codes[start : start + _AT_ONCE]
            count = len(codes)
            numbers = range(start, start + count)
            places = range(first, first + count * _BOX_BYTES, _BOX_BYTES)
            deque(map(self._get_loose_box, repeat(page), numbers, places), maxlen=0)
            objects = map(self._object_of, repeat(page), numbers)
            end = _BOX_SIDES * count
            yield from zip(codes, objects, boxes[0:end:4], boxes[2:end:4], strict=True)

    def box_of(self, index: int) -> Box:
        """Where a character is drawn."""
        self._get_box(self._page, index, *self._four_doubles)
        return Box(*self._doubles)

    def origin_of(self, index: int) -> tuple[float, float]:
        """Where a character begins on its baseline: to the right, and up."""
        self._get_origin(self._page, index, self._first_double, self._second_double)
        doubles = self._doubles
        return doubles[0], doubles[1]

    def look_of(self, index: int) -> Look:
        """How a character is set."""
        page = self._page
        self._get_matrix(page, index, self._first_float)
        is_coloured = self._get_colour(page, index, *self._four_channels)
        colour = tuple(self._channels) if is_coloured else None
        return Look(tuple(self._floats[:4]), self._size_of(page, index), colour)


def _codes(text_page: pdfium.PdfTextPage) -> list[str]:
    """The characters of a page, one for each of PDFium's, which counts in UTF-16."""
    count: int = text_page.count_chars()
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium_c.FPDFText_GetText(text_page.raw, 0, count, buffer)
    if written == count + 1:
        return list(map(chr, buffer[:count]))
    return [chr(pdfium_c.FPDFText_GetUnicode(text_page.raw, index)) for index in range(count)]


def _addresses(values: ctypes.Array[Any]) -> list[int]:
    first = ctypes.addressof(values)
    return [first + place * ctypes.sizeof(values._type_) for place in range(len(values))]


def _getter(name: str, count: int) -> Callable[..., Any]:
    """A function that is given a page, the number of a character and `count` addresses to fill."""
    return _function(name, ctypes.c_int, ctypes.c_int, *(ctypes.c_void_p,) * count)


def _function(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:  # noqa: ANN401
    address = ctypes.cast(getattr(pdfium_c, name), ctypes.c_void_p).value
    assert address is not None
    return ctypes.CFUNCTYPE(result, ctypes.c_void_p, *arguments)(address)
