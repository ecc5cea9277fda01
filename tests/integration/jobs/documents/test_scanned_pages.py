"""Pages of a PDF that are pictures, with the OCR that is installed or without."""

from importlib.util import find_spec

from jobs.documents.readers.pdf.ocr import installed_data
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import drawn_pdf, lines, picture, scanned
from tests.unit.jobs.documents.readers.reading import read

PAGE = lines(["The seal must be dry."])


def test_pages_that_are_pictures_are_counted_and_named() -> None:
    scan = [picture()]

    found = read("pdf", drawn_pdf([PAGE, scan, scan, PAGE, scan, []]))

    (note,) = found.notes
    assert note.startswith("3 of 6 pages hold no text but pictures (2-3, 5); ")


def test_a_scanned_page_is_read_where_tesseract_is_installed_and_named_elsewhere() -> None:
    page = lines(["The seal must be dry before the", "valve is opened again."], size=14, leading=17)
    scan = [scanned(drawn_pdf([page]))]

    found = read("pdf", drawn_pdf([PAGE, scan]))

    is_read = find_spec("tesserocr") is not None and bool(installed_data().languages)
    assert ("The seal must be dry before the valve is opened again." in found.text) == is_read
    wanted = "are pictures that OCR has read (2)" if is_read else "hold no text but pictures (2)"
    assert found.notes[0].startswith(f"1 of 2 pages {wanted}")
