"""Reads pages that are pictures with Tesseract, where the extra `ocr` and its data are installed.

Tesseract runs in this process, and so under its limits of time and memory.
"""

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]

from jobs.documents.readers.clean_text import clean_line
from jobs.documents.readers.pdf.lines.page_lines import Line

MAX_PAGES = 30  # a file; each takes seconds, and a file that takes too long is lost as a whole
_DATA_DIRS = (  # where Linux distributions and Homebrew put Tesseract's data
    *("/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tesseract-ocr/4.00/tessdata"),
    *("/usr/share/tessdata", "/usr/local/share/tessdata", "/opt/homebrew/share/tessdata"),
)
_NO_LANGUAGES = {"osd", "equ", "snum"}  # data for other ends
_THREAD_LIMIT = "OMP_THREAD_LIMIT"  # OpenMP reads it as Tesseract is loaded
_MAX_LANGUAGES = 3  # each takes its time
_POINTS_PER_INCH = 72
_DOTS_PER_INCH = 300  # Tesseract's guide asks for as many
_MAX_DOTS = 16_000_000  # a page
_MIN_CONFIDENCE = 40  # percent; less is what pictures look like as letters
_SIZE_SHARE = 0.75  # of the height of a line's box


class PictureReader:
    """Reads at most MAX_PAGES pages. Does nothing where Tesseract or its data is missing."""

    def __init__(self) -> None:
        self._left = MAX_PAGES
        self._tesseract: ModuleType | None = None
        self._data_dir, self._languages = "", ""

    def read(self, page: pdfium.PdfPage) -> list[Line]:
        """The lines of a picture, from the top down; none if it cannot be read."""
        if not self._left or not self._open():
            return []
        self._left -= 1
        return _as_set(list(self._lines(page)))

    def _open(self) -> bool:
        if self._tesseract is None:
            os.environ.setdefault(_THREAD_LIMIT, "1")  # there is a reader process for each core
            try:
                self._tesseract = importlib.import_module("tesserocr")
            except ImportError:
                self._left = 0
                return False
            self._data_dir, self._languages = installed_data()
            self._left *= bool(self._languages)
        return bool(self._languages)

    def _lines(self, page: pdfium.PdfPage) -> Iterator[Line]:
        assert self._tesseract is not None
        width, height = page.get_size()
        dots = width * height * (_DOTS_PER_INCH / _POINTS_PER_INCH) ** 2
        scale = _DOTS_PER_INCH / _POINTS_PER_INCH * min(1.0, (_MAX_DOTS / max(dots, 1)) ** 0.5)
        bitmap = page.render(scale=scale, grayscale=True)
        with self._tesseract.PyTessBaseAPI(path=self._data_dir, lang=self._languages) as api:
            api.SetImageBytes(bytes(bitmap.buffer), bitmap.width, bitmap.height, 1, bitmap.stride)
            api.SetSourceResolution(round(scale * _POINTS_PER_INCH))
            api.Recognize()
            level = self._tesseract.RIL.TEXTLINE
            for found in self._tesseract.iterate_level(api.GetIterator(), level):
                box = found.BoundingBox(level)
                text = clean_line(found.GetUTF8Text(level) or "") if box else ""
                if text and found.Confidence(level) >= _MIN_CONFIDENCE:
                    left, top, right, bottom = (place / scale for place in box)
                    size = _SIZE_SHARE * (bottom - top)
                    baseline = height - bottom
                    yield Line(text, left, right, baseline, baseline, size)


def _as_set(lines: list[Line]) -> list[Line]:
    """Lines of nearly one height are of one font size; boxes are never as exact."""
    usual = median(line.size for line in lines) if lines else 0.0
    return [
        line._replace(size=usual) if abs(line.size - usual) < usual / 3 else line for line in lines
    ]


class _Data(NamedTuple):
    folder: str
    languages: str


def installed_data() -> _Data:
    """The folder of Tesseract's data and the languages in it; empty if there is none."""
    for folder in map(Path, _DATA_DIRS):
        languages = {path.stem for path in folder.glob("*.traineddata")} - _NO_LANGUAGES
        if languages:
            first = sorted(languages, key=lambda language: (language != "eng", language))
            return _Data(str(folder), "+".join(first[:_MAX_LANGUAGES]))
    return _Data("", "")
