"""Pages that are drawn for a test, and their text."""

from tests.unit.jobs.documents.readers.pdf.drawn_pdf import (
    drawn_pdf,
)
from tests.unit.jobs.documents.readers.reading import read

PROSE = "The pump starts only while the valve is closed, and the operator watches the gauge. " * 4


CLASS = [
    "class Pump:",
    "    def start(self, x):",
    "        if x:",
    "            return 1",
    "",
    "    size = 2",
]


def text_of(*pages: list[bytes]) -> str:
    """The text of a PDF of these pages."""
    return read("pdf", drawn_pdf(pages)).text
