"""What a PDF file may be like around its pages: other bytes, passwords, forms."""

from tests.rows import each_row
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import drawn_pdf, lines, text
from tests.unit.jobs.documents.readers.reading import read

PAGE = lines(["The seal must be dry."])
WHOLE = drawn_pdf([PAGE])


@each_row(
    "data",
    [
        WHOLE + bytes(9000),
        WHOLE + b"<html>" + b"<p>Not found.</p>\n" * 500 + b"</html>",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n" + WHOLE,
        b"\xef\xbb\xbf\n" + WHOLE,
    ],
)
def test_bytes_around_a_pdf_are_passed_over(data: bytes) -> None:
    assert read("pdf", data).text == "The seal must be dry."


def test_an_encrypted_file_that_needs_no_password_is_read() -> None:
    assert read("pdf", drawn_pdf([PAGE], password="")).text == "The seal must be dry."


def test_what_is_filled_in_in_a_form_is_read_with_its_name() -> None:
    data = drawn_pdf([PAGE], fields=[("Owner", "Erika Mustermann"), ("Empty", "")])

    assert read("pdf", data).text == "The seal must be dry.\n\nOwner: Erika Mustermann"


def test_a_blank_page_is_not_named() -> None:
    assert read("pdf", drawn_pdf([PAGE, []])).notes == ()


@each_row("scale", ["0 Tz", "0.001 Tz"])
def test_text_that_is_scaled_to_no_width_is_named(scale: str) -> None:
    narrow = text("Never shown.", 72, 600).replace(b"(Never", scale.encode() + b" (Never")

    extract = read(
        "pdf", drawn_pdf([[text("A page.", 72, 700)], [text("Shown.", 72, 700), narrow]])
    )

    assert extract.text == "A page.\n\nShown."
    (note,) = extract.notes
    assert note.startswith("1 of 2 pages hold text that is scaled to no width")
    assert note.endswith("(2)")
