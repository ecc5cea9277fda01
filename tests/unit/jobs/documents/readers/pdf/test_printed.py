"""What print does to a text: heads that change with each section, formulas, titles, addresses."""

from tests.rows import each_row
from tests.unit.jobs.documents.readers.made_files import (
    Bookmark,
    SetLine,
    make_pdf,
    prose_page,
)
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import (
    CODE,
    drawn_pdf,
    lines,
    paragraph,
    text,
)
from tests.unit.jobs.documents.readers.reading import read

PROSE = "The pump starts only while the valve is closed, and the operator watches the gauge. " * 4
SECTIONS = ["1.2. Licences", "1.3. Documents", "1.4. Systems", "1.5. Old versions", "1.6. Thanks"]


def text_of(*pages: list[bytes]) -> str:
    """The text of a PDF of these pages."""
    return read("pdf", drawn_pdf(pages)).text


@each_row("is_first", [True, False])
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


def test_a_head_whose_two_long_ends_are_near_each_other_is_left_out() -> None:
    pages = []
    for number, section in enumerate(SECTIONS):
        head = [text("CHAPTER 7. THE PARTS OF PUMPS", 72, 750), text(section.upper(), 268, 750)]
        pages.append(
            [*head, *lines(paragraph(f"So are the {section} of pumps. {PROSE}", 60 + number))]
        )

    found = text_of(*pages)

    assert "CHAPTER" not in found
    assert all(f"the {section} of pumps" in found for section in SECTIONS)


def test_the_word_above_the_number_of_a_chapter_is_no_head() -> None:
    numbers = ["ONE", "TWO", "THREE", "FOUR", "FIVE"]
    pages = [
        [text("CHAPTER", 492, 720), text(number, 492, 696, 14), *lines(paragraph(PROSE), top=600)]
        for number in numbers
    ]

    found = text_of(*pages)

    assert [f"CHAPTER\n\n{number}" in found for number in numbers] == [True] * len(numbers)


def test_rows_that_begin_alike_at_the_top_of_pages_are_kept() -> None:
    pages = [
        [
            *lines([f"The pump number {n} has the parts of the list below."]),
            *lines([PROSE], top=680),
        ]
        for n in ("one", "two", "three", "four", "five")
    ]

    assert text_of(*pages).count("has the parts") == len(pages)


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

    found = text_of(*pages)

    assert not any(f"{number}" in found for number in range(1, 13))


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


def test_heads_with_the_name_of_a_manual_page_at_both_ends_are_left_out() -> None:
    pages = [
        [
            text(f"{name}(1)", 72, 750),
            text("The Machine Controller", 250, 750),
            text(f"{name}(1)", 480, 750),
            *lines(paragraph(f"{PROSE} It is {name}.")),
        ]
        for name in ("halcmd", "linuxcnc", "mdi", "axis")
    ]

    assert "Controller" not in text_of(*pages)


def test_a_line_of_dots_in_code_is_kept() -> None:
    rows = ["ISR(vector)", "{", "  ...", "}"]

    assert text_of(lines(rows, font=CODE)) == "\n".join(rows)


def test_three_dots_in_a_sentence_do_not_end_its_lines() -> None:
    rows = [
        "More generally, to retrieve the values of lists of ... of lists of vectors we have the",
        "macros for elements of these lists, whose number is told by all of their names here.",
    ]

    assert text_of(lines(rows)) == " ".join(rows)


def test_what_is_said_of_a_definition_is_apart_from_it() -> None:
    page = [
        *(text(f"{name} value", 90, at) for name, at in (("abs", 700), ("U", 687))),
        *(text("[Function]", 460, at) for at in (700, 687)),
        *lines(["Return the absolute value of the given value, e.g. amount."], left=118, top=674),
    ]

    assert text_of(page) == (
        "[Function] abs value\n[Function] U value\n\n"
        "Return the absolute value of the given value, e.g. amount."
    )


def test_the_head_of_a_section_of_two_pages_is_left_out() -> None:
    names = ["application"] * 4 + ["code"] * 3 + ["erl_epmd"] * 2 + ["error_logger"] * 4
    pages = [
        [text(name, 72, 763, 9), *lines(paragraph(f"{PROSE} Page {at} ends."))]
        for at, name in enumerate(names)
    ]

    assert "erl_epmd" not in text_of(*pages)


def test_a_page_number_elsewhere_than_on_other_pages_is_left_out() -> None:
    pages = [
        [*lines(paragraph(PROSE)), text(f"{at}", 300, 40 if at == 43 else 760)]
        for at in range(37, 49)
    ]

    assert "43" not in text_of(*pages)


@each_row(
    "end, start, joined",
    [
        ("without needing to acquire a read-", "or write-lock", "a read- or write-lock"),
        ("configured as a user with the option \u2013with-", "fd-user", "\u2013with-fd-user"),
    ],
)
def test_a_hyphen_that_belongs_to_its_word_is_kept(end: str, start: str, joined: str) -> None:
    assert joined in text_of(lines([f"All threads can have access to this object {end}", start]))
