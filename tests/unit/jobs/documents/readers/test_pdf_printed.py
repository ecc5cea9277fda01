"""What print does to a text: heads that change with each section, formulas, titles, addresses."""

import pytest

from tests.unit.jobs.documents.readers.drawn_pdf import CODE, drawn_pdf, lines, paragraph, text
from tests.unit.jobs.documents.readers.made_files import (
    Bookmark,
    SetLine,
    make_pdf,
    prose_page,
)
from tests.unit.jobs.documents.readers.reading import read

PROSE = "The pump starts only while the valve is closed, and the operator watches the gauge. " * 4
SECTIONS = ["1.2. Licences", "1.3. Documents", "1.4. Systems", "1.5. Old versions", "1.6. Thanks"]


def text_of(*pages: list[bytes]) -> str:
    """The text of a PDF of these pages."""
    return read("pdf", drawn_pdf(pages)).text


@pytest.mark.parametrize("is_first", [True, False])
def test_a_head_of_which_one_side_changes_with_each_section_is_left_out(*, is_first: bool) -> None:
    pages = []
    for number, section in enumerate(SECTIONS):
        own, others = (400, 72) if is_first else (72, 400)
        head = [text(section, own, 750), text("Chapter 1. Of pumps", others, 750)]
        body = f"{PROSE} Page {number} ends."
        pages.append(
            [*sorted(head, key=lambda drawn: b"Chapter" in drawn), *lines(paragraph(body))]
        )

    found = text_of(*pages)

    assert not any(section in found for section in SECTIONS)
    assert "Of pumps" not in found


def test_rows_that_begin_alike_at_the_top_of_pages_are_kept() -> None:
    pages = [
        [
            *lines([f"The pump number {n} has the parts of the list below."]),
            *lines([PROSE], top=680),
        ]
        for n in ("one", "two", "three", "four", "five")
    ]

    assert text_of(*pages).count("has the parts") == len(pages)


def test_an_exponent_of_letters_is_told_from_its_base() -> None:
    page = [text("It is x", 72, 700), text("n-1", 95.5, 704, 6), text("and f(2)", 107, 700)]
    page += [text("k", 141.6, 704, 6), text("in all.", 148, 700)]

    assert text_of(page) == "It is x^(n-1) and f(2)^k in all."


def test_an_index_of_letters_is_told_from_its_name() -> None:
    page = [text("It is x", 72, 700), text("n", 95.5, 698, 6), text("of the row.", 102, 700)]

    assert text_of(page) == "It is x_n of the row."


def test_ordinals_keep_their_letters() -> None:
    page = [text("On the 4", 72, 700), text("th", 111, 704, 6), text("day.", 120, 700)]

    assert text_of(page) == "On the 4th day."


def test_a_bookmark_finds_its_title_with_other_quotation_marks_and_dashes() -> None:
    page = [SetLine("1.1 Additions to C\x92s grammar", size=14), *prose_page(PROSE, top=660)]
    data = make_pdf([page], bookmarks=[Bookmark("Additions to C's grammar", 0)])

    (heading,) = read("pdf", data).headings

    assert heading.text == "1.1 Additions to C’s grammar"


def test_the_full_stop_after_a_title_is_no_paragraph() -> None:
    page = [SetLine("1.3 The types.", size=14), *prose_page(PROSE, top=660)]
    extract = read("pdf", make_pdf([page], bookmarks=[Bookmark("The types", 0)]))

    assert extract.text.startswith("1.3 The types.\n\nThe pump")
    assert [heading.text for heading in extract.headings] == ["1.3 The types."]


def test_an_address_that_fills_two_lines_of_its_own_is_whole() -> None:
    rows = ["https://www.example.com/content/dam/acom/en/devnet/pdfs/", "TN5600.Shading.pdf"]
    page = [
        *lines(paragraph(PROSE)),
        *lines(rows, left=92, top=640, font=CODE),
        *lines(paragraph(PROSE), top=612),
    ]

    assert "\n\nhttps://www.example.com/content/dam/acom/en/devnet/pdfs/TN5600.Shading.pdf\n\n" in (
        text_of(page)
    )


def test_an_operator_after_a_name_that_ends_in_a_dot_is_apart() -> None:
    rows = ["To change the spacing of the legend alter the lines that are called"]
    page = [
        *lines(rows),
        text(".legend_y.", 382, 700, font=CODE),
        text("+=", 72, 688, font=CODE),
        text("of the file.", 88, 688),
    ]

    assert ".legend_y. += of the file." in text_of(page)
