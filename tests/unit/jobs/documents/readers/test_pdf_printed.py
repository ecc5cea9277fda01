"""What print does to a text: heads that change with each section, formulas, titles, addresses."""

import pytest

from tests.unit.jobs.documents.readers.drawn_pdf import (
    CODE,
    NAMELESS,
    SYMBOLS,
    drawn_pdf,
    lines,
    paragraph,
    text,
)
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


def test_a_dotted_name_goes_on_with_a_brace() -> None:
    page = [*lines(["The developer has to make a suitable tarball, which is called"])]
    page += [text(".orig.tar.", 362, 700, font=CODE), text("{gz,bz2,xz}", 72, 688, font=CODE)]

    assert ".orig.tar.{gz,bz2,xz}" in text_of(page)


def test_a_page_whose_text_runs_beyond_it_does_not_keep_the_numbers_of_others() -> None:
    pages = [
        [*lines(paragraph(f"{PROSE} It is {word}.")), text(f"{number}", 300, 40)]
        for number, word in enumerate(["one", "two", "three", "four", "five", "six"] * 2, start=1)
    ]
    pages[3].append(text("This is drawn far below.", 72, -420))

    assert not any(f"{number}" in text_of(*pages) for number in range(1, 13))


def test_heads_over_pages_of_small_code_are_left_out() -> None:
    pages = [
        [text(f"{number} File documentation", 72, 750, 9), *lines(rows, size=7, font=CODE)]
        for number, rows in enumerate(
            [["int pump(void) {", f"    return drained + {n};", "}"] for n in "abcde"]
        )
    ]
    pages = [[*page, *lines(["It pumps."], top=600, size=9)] for page in pages]

    assert "File documentation" not in text_of(*pages)


def test_a_number_that_is_drawn_after_its_title_stands_before_it() -> None:
    page = [
        *lines(["How can it be installed?"], left=90, size=12),
        *lines([PROSE], left=90, top=660),
    ]
    page.append(text("6.", 78, 703, 9))

    found = text_of(page)

    assert found.index("6.") < found.index("The pump")


def test_brackets_of_a_formula_font_are_brackets() -> None:
    page = [text("useGrids", 72, 700), text("h", 115, 700, font=SYMBOLS)]
    page += [text("Interpolate", 120.6, 700), text("i", 170, 700, font=SYMBOLS)]

    assert text_of(page).replace(" ", "") == "useGrids⟨Interpolate⟩"


def test_a_font_without_a_name_whose_characters_are_equally_wide_is_code() -> None:
    rows = ["gap> gens := Generators(R);", ">    function(x)", "[ <object> ]"]
    page = [text(row, 72, 700 - 12 * at, font=NAMELESS) for at, row in enumerate(rows)]

    assert text_of([*page, *lines([PROSE], top=640)]).startswith("\n".join(rows))


@pytest.mark.parametrize("is_accent_first", [True, False])
def test_an_accent_that_is_drawn_over_a_letter_is_in_it(*, is_accent_first: bool) -> None:
    drawn = [text("A", 111, 700), text("¨", 112.7, 702)]
    page = [text("It is 5", 72, 700), *(reversed(drawn) if is_accent_first else drawn)]

    assert text_of(page) == "It is 5 Ä"


def test_small_numbers_before_lines_of_code_are_left_out() -> None:
    rows = ["border(ib, t_min, t_max)", "  begin", "    x := f(t);"]
    numbers = [text(f"{at}", 64, 700 - 12 * at + 12, 5) for at in (1, 2, 3)]

    found = text_of(
        [*(drawn for pair in zip(numbers, lines(rows, font=CODE), strict=True) for drawn in pair)]
    )

    assert found == "\n".join(rows)


def test_numbers_with_zeros_before_lines_of_code_are_left_out() -> None:
    rows = ["00001 int main() {", "00002   return pump();", "00003 }", "00005 // the end"]
    page = [text(row, 72, 700 - 12 * at, font=CODE) for at, row in enumerate(rows)]

    assert text_of(page) == "int main() {\n  return pump();\n}\n// the end"


def test_titles_with_as_much_room_as_lists_are_paragraphs() -> None:
    items = [f"PUMP_{n} is request {n};" for n in range(30)]
    full = "The routine returns a pointer to the pump that the solver uses now, whichever is that."
    rows = [*paragraph(PROSE * 3), full]
    page = [*lines(items[:20], top=760, leading=18), *lines(rows, top=390)]
    page += lines(["Comments"], top=390 - 12 * (len(rows) - 1) - 18)

    assert text_of(page).endswith(f"{full}\n\nComments")


def test_a_definition_of_two_lines_is_one_and_two_of_them_are_no_table() -> None:
    page = [
        text("MD2_DIGEST_SIZE", 90, 700),
        text("[Constant]", 460, 700),
        text("MD2_BLOCK_SIZE", 90, 680),
        text("[Constant]", 460, 680),
        text("void md2_update (struct md2_ctx *ctx, size_t length, const long uint8_t", 90, 660),
        text("[Function]", 460, 660),
        text("*data)", 139.8, 648, font=CODE),
        *lines(paragraph(PROSE), left=118, top=634),
    ]

    found = text_of(page)

    assert found.startswith("[Constant] MD2_DIGEST_SIZE\n\n[Constant] MD2_BLOCK_SIZE\n\n[Function]")
    assert "const long uint8_t *data)\n" in found
