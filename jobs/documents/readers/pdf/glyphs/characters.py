"""What PDFium tells of the characters of a page: asked for many at once, without objects for each.

A call of a function of PDFium takes an eighth of the time where it is given addresses as numbers
and other threads wait for it.
"""

import ctypes
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import repeat
from typing import Any, NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from jobs.documents.readers.pdf.glyphs.tex_fonts import CONTROLS

_AT_ONCE = 4096  # characters
_BOX_BYTES = ctypes.sizeof(pdfium_c.FS_RECTF)  # left, top, right, bottom
_BOX_SIDES = 4
BLANKS = (frozenset(map(chr, range(33))) - {"\x02"}) | {"\xa0", "\x7f", "\ufeff"}
_WORD = re.compile(f"[^{re.escape(''.join(sorted(BLANKS)))}]+|[{''.join(sorted(CONTROLS))}]")
_Span = tuple[int, int]
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")  # PDFium reorders it


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


class Piece(NamedTuple):
    """Characters of one text object (its address), without the blanks between them.

    `numbers`: those of the characters; `lefts` and `rights`: from where to where each is set;
    `spaced`: whether a blank is before it, which the first does not tell.
    """

    numbers: list[int]
    chars: str
    text_object: int | None
    lefts: list[float]
    rights: list[float]
    spaced: list[bool]

    def part(self, start: int, end: int, text_object: int | None) -> "Piece":
        """Some of its characters, as those of this text object."""
        here = slice(start, end)
        return Piece(
            self.numbers[here],
            self.chars[here],
            text_object,
            self.lefts[here],
            self.rights[here],
            self.spaced[here],
        )


class Characters:
    """Those of one page, by their numbers. The text page has to stay open."""

    def __init__(self, text_page: pdfium.PdfTextPage) -> None:
        self._page = ctypes.cast(text_page.raw, ctypes.c_void_p).value
        self._text = _text_of(text_page)
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

    def pieces(self) -> Iterator[Piece]:
        """What is set, piece by piece, each of one text object.

        What PDFium has put in, of no text object, is one a character.
        """
        for start in range(0, len(self._text), _AT_ONCE):
            part = self._text[start : start + _AT_ONCE]
            spans = [found.span() for found in _WORD.finditer(part)]
            if spans:
                yield from self._pieces_at(spans, part, start)

    def _pieces_at(self, spans: list[_Span], part: str, start: int) -> Iterator[Piece]:
        """The pieces of words that are at these places of a part of the text."""
        whole = self._whole(spans, part, start)
        firsts = self._objects([start + first for first, _ in spans])
        lasts = self._objects([start + end - 1 for _, end in spans])
        is_reordered = _RIGHT_TO_LEFT.search(part) is not None
        begun = done = 0  # where the piece begins that may go on; where the last word has ended
        current: int | None = None
        for (first, end), text_object, last in zip(spans, firsts, lasts, strict=True):
            if text_object is None or text_object != current or text_object != last or is_reordered:
                if current is not None:
                    yield whole.part(begun, done, current)
                begun, current = done, text_object
                if text_object is None or text_object != last or is_reordered:
                    begun, current = done + end - first, None
                    yield from self._parted(whole.part(done, begun, None))
            done += end - first
        if current is not None:
            yield whole.part(begun, done, current)

    def _whole(self, spans: list[_Span], part: str, start: int) -> Piece:
        """All words of a part of the text, as one piece."""
        numbers = [at for first, end in spans for at in range(start + first, start + end)]
        lefts, rights = self._edges(numbers)
        spaced = [False] * len(numbers)
        done, before = 0, -1
        for first, end in spans:
            spaced[done] = first != before
            done, before = done + end - first, end
        chars = "".join([part[first:end] for first, end in spans])
        return Piece(numbers, chars, None, lefts, rights, spaced)

    def _edges(self, numbers: Sequence[int]) -> tuple[list[float], list[float]]:
        """From where to where characters are set."""
        boxes = (ctypes.c_float * (_BOX_SIDES * len(numbers)))()
        first = ctypes.addressof(boxes)
        addresses = range(first, first + len(numbers) * _BOX_BYTES, _BOX_BYTES)
        deque(map(self._get_loose_box, repeat(self._page), numbers, addresses), maxlen=0)
        return boxes[0::_BOX_SIDES], boxes[2::_BOX_SIDES]

    def _objects(self, numbers: Iterable[int]) -> list[int | None]:
        return list(map(self._object_of, repeat(self._page), numbers))

    def _parted(self, piece: Piece) -> Iterator[Piece]:
        """The parts of a word that are of one text object each."""
        objects = self._objects(piece.numbers)
        start = 0
        for at, text_object in enumerate(objects, start=1):
            if at < len(objects) and text_object is not None and objects[at] == text_object:
                continue
            if text_object is not None or piece.chars[start] not in CONTROLS:
                yield piece.part(start, at, text_object)
            start = at

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


def _text_of(text_page: pdfium.PdfTextPage) -> str:
    """The characters of a page, one for each of PDFium's, which counts in UTF-16."""
    count: int = text_page.count_chars()
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium_c.FPDFText_GetText(text_page.raw, 0, count, buffer)
    if written == count + 1:
        return "".join(map(chr, buffer[:count]))
    numbers = range(count)
    return "".join([chr(pdfium_c.FPDFText_GetUnicode(text_page.raw, index)) for index in numbers])


def _addresses(values: ctypes.Array[Any]) -> list[int]:
    first = ctypes.addressof(values)
    return [first + place * ctypes.sizeof(values._type_) for place in range(len(values))]


def _getter(name: str, count: int) -> Callable[..., Any]:
    """A function that is given a page, the number of a character and `count` addresses to fill."""
    return _function(name, ctypes.c_int, ctypes.c_int, *(ctypes.c_void_p,) * count)


@cache  # a new type of functions for each page would cost more than most pages do
def _function(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:  # noqa: ANN401
    address = ctypes.cast(getattr(pdfium_c, name), ctypes.c_void_p).value
    assert address is not None
    return ctypes.PYFUNCTYPE(result, ctypes.c_void_p, *arguments)(address)
