"""Pages that a browser prints: every background is a box, and each page has its address as foot.

The reports: xberg 1345, 1543 and 1580; pdf_oxide 1310 and 1340; pypdf 2138; and manuals that
Chromium, FOP and Jade have made.
"""

from tests.rows import each_row
from tests.unit.jobs.documents.readers.made_files import Bookmark, make_pdf, prose_page
from tests.unit.jobs.documents.readers.pdf.drawn_pages import PROSE, text_of
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import (
    CODE,
    WIDE,
    box,
    drawn_pdf,
    lines,
    paragraph,
    rule,
    text,
)
from tests.unit.jobs.documents.readers.reading import headings, read

WHOLE_PAGE = box(28, 28, 584, 764, grey=1)


def test_backgrounds_of_a_page_and_of_code_are_no_table() -> None:
    rows = paragraph(PROSE)
    page = [
        WHOLE_PAGE,
        *(box(70, 578 - 40 * n, 500, 596 - 40 * n) for n in range(4)),
        *(box(150 + 60 * n, 697 - 12 * n, 190 + 60 * n, 708 - 12 * n) for n in range(3)),
        *lines(rows, top=700),
        *(text(f"make step{n}", 76, 583 - 40 * n, font=CODE) for n in range(4)),
        text("file:///usr/share/doc/a.html", 40, 15),
        text("3/16", 560, 15),
    ]

    shown = text_of(page)

    assert "|" not in shown
    assert " ".join(rows) in shown
    assert "make step2" in shown.split("\n\n")


def test_code_in_boxes_in_one_line_is_no_row_of_a_table() -> None:
    words = [("The", 72), ("make", 100), ("and", 140), ("test", 170), ("targets are run.", 205)]
    row = [
        text(word, left, 700, font=CODE if n % 2 else "F1") for n, (word, left) in enumerate(words)
    ]
    page = [WHOLE_PAGE, box(98, 697, 126, 708), box(168, 697, 196, 708), *row]

    assert text_of(page) == "The make and test targets are run."


def test_text_that_runs_across_what_is_drawn_over_it_is_no_table() -> None:
    rules = [rule(left, 640, left, 720) for left in (70, 113, 153, 273, 560)]
    rules += [rule(70, height, 560, height) for height in (640, 720)]
    rows = paragraph(PROSE)

    assert text_of([*rules, *lines(rows, top=706)]) == " ".join(rows)


def test_cells_that_are_boxes_side_by_side_are_a_table() -> None:
    places = [(72 + 100 * column, 680 - 20 * row) for row in range(3) for column in range(3)]
    cells = [box(left, low, left + 99, low + 19) for left, low in places]
    words = [text(f"c{n}", left + 4, low + 6) for n, (left, low) in enumerate(places)]

    shown = text_of([WHOLE_PAGE, *cells, *words, *lines(paragraph(PROSE), top=560)])

    assert shown.startswith("c0 | c1 | c2\nc3 | c4 | c5\nc6 | c7 | c8\n\nThe pump")


@each_row("foot", ["file:///usr/share/doc/a.html {}/4", "{}/4"])
def test_the_foot_of_a_browser_is_left_out(foot: str) -> None:
    pages = [
        [*lines(paragraph(f"Part {n} is this. {PROSE}"), top=700), text(foot.format(n), 28, 15)]
        for n in range(1, 5)
    ]

    assert "/4" not in text_of(*pages)


def test_the_foot_of_slides_is_left_out_though_several_pages_show_one_slide() -> None:
    pages = [
        [
            *lines(paragraph(f"Part {page} is this. {PROSE}"), top=700),
            *(box(left, 8, left + 180, 28, grey=0.1 * left / 28) for left in (28, 208, 388)),
            text("Pumps and valves", 32, 15),
            text("A. Writer", 212, 15),
            text(f"May 2 {slide} / 90", 392, 15),
        ]
        for page, slide in enumerate([1, 1, 1, 2, 3, 3])
    ]

    assert "Writer" not in text_of(*pages)


def test_the_bullets_of_slides_begin_a_line_each() -> None:
    row = "The pump is known to all of those who have ever been to the cellar of it, by day"
    page = [
        drawn
        for n, left in enumerate([72, 82, 72])
        for drawn in (
            text("\u25b6", left, 700 - 12 * n, font=WIDE),
            text(row, left + 14, 700 - 12 * n),
        )
    ]

    assert text_of(page) == "\n".join([f"\u25b6 {row}"] * 3)


@each_row(
    "first, second, word",
    [
        ("That is hard to do and leads to many hard-", "to-find bugs.", "hard-to-find"),
        (
            "What git names must pass what is called git-",
            "check-ref-format first.",
            "git-check-ref",
        ),
        ("It is opened in a new window by the double-", "clicking of it.", "double-clicking"),
        ("It runs on very many of the machines: mul-", "ti-platform it is.", "multi-platform"),
    ],
)
def test_a_chain_of_words_keeps_its_hyphens(first: str, second: str, word: str) -> None:
    assert word in text_of(lines([first, second]))


def test_each_entry_of_a_numbered_list_has_its_line() -> None:
    entries = [
        *("215914 Valgrind inserts an empty variable, which is a long line", "217863 == 197988"),
        *("219538 adjtimex is wrong in readonly mode", "222545 shmat fails on some of the targets"),
        *("222560 ARM NEON is supported by this one now", "230407 == 202315"),
    ]

    assert text_of(lines(entries)) == "\n".join(entries)


def test_the_last_word_of_a_paragraph_stays_in_it_though_it_is_code() -> None:
    rows = paragraph(PROSE)
    code = [
        text(row, 72, 500 - 11.2 * n, 9.6, CODE) for n, row in enumerate(["a = 1", "b = 2"] * 8)
    ]
    page = [
        *lines(
            [*rows, "and these are the targets that are called by the program that is named"],
            leading=15.8,
            size=10.8,
        ),
        text("dpkg-buildpackage", 72, 700 - 15.8 * (len(rows) + 1), 9.6, CODE),
        text("and others.", 180, 700 - 15.8 * (len(rows) + 1), 10.8),
        *code,
    ]

    assert "that is named dpkg-buildpackage and others." in text_of(page)


def test_a_title_that_is_drawn_after_the_text_stands_in_its_place() -> None:
    above, below = lines(["One is above it.", "Two as well."]), lines(["It is below."], top=640)

    shown = text_of([*above, *below, text("Title", 72, 664, 14)])

    assert shown.index("Two as well.") < shown.index("Title") < shown.index("It is below.")


def test_prose_is_joined_though_code_of_its_size_has_narrower_lines() -> None:
    rows = paragraph(PROSE)
    code = lines([f"line{n} = {n}" for n in range(30)], top=560, font=CODE)

    assert " ".join(rows) in text_of([*lines(rows, leading=15.2), *code])


def test_lines_of_numbers_between_rules_are_rows() -> None:
    columns = [("Sarwate", "6.61", "6.62"), ("Black", "5.44", "5.46"), ("Slicing", "2.15", "2.10")]
    rules = [
        *(rule(left, 600, left, 720) for left in (70, 170, 270, 370)),
        *(rule(70, height, 370, height) for height in (600, 700, 720)),
    ]
    head = [text(word, 80 + 100 * n, 706) for n, word in enumerate(["Size", "64", "256"])]
    cells = [
        text(word, 80 + 100 * n, 680 - 12 * row)
        for row, words in enumerate(columns)
        for n, word in enumerate(words)
    ]

    assert text_of([*rules, *head, *cells]) == (
        "Size | 64 | 256\nSarwate | 6.61 | 6.62\nBlack | 5.44 | 5.46\nSlicing | 2.15 | 2.10"
    )


def test_dots_far_from_each_other_that_lead_to_page_numbers_are_no_cells() -> None:
    page = [
        piece
        for number, title in enumerate(("Pumps", "Valves in general", "Gauges", "Lamps"))
        for piece in (
            text(title, 72, 700 - 12 * number),
            *(text(".", 170 + 15 * at, 700 - 12 * number) for at in range(20)),
            text(str(2 * number + 1), 490, 700 - 12 * number),
        )
    ]

    assert "|" not in text_of(page)
    assert ". ." not in text_of(page)


def test_an_underscore_is_drawn_though_the_letters_beside_it_stand_a_hair_apart() -> None:
    page = [text("asn", 72, 700.01), rule(90, 699.8, 95, 699.8), text("create", 96, 700)]

    assert text_of(page) == "asn_create"


@each_row(
    "end, start, joined",
    [
        ("git send --", "subject-prefix=WIP", "git send --subject-prefix=WIP"),
        ("git send --", "prefix=WIP", "git send --prefix=WIP"),
    ],
)
def test_an_option_that_a_browser_divides_is_whole(end: str, start: str, joined: str) -> None:
    words = "You can add this flag to each of the patches that you want to send to them with "
    page = [
        *lines([words]),
        *lines([end], left=440, font=CODE),
        *lines([start], top=688, font=CODE),
        *lines(["and then you send it."], left=72 + 6 * len(start) + 8, top=688),
    ]

    assert joined in text_of(page)


def test_a_number_at_the_end_of_a_sentence_is_apart_from_what_follows() -> None:
    page = lines(["The octets are there if the length is not 0 and LEN != 0.", "value=1 is one."])

    assert "0. value=1" in text_of(page).replace("\n", " ")


@each_row("button", [">>>", "Copy"])
@each_row("height", [702, 704.5])
def test_a_button_in_the_corner_of_code_is_left_out(button: str, height: float) -> None:
    code = [">>> parser = Parser()", ">>> parser.parse()", "Copy"]

    assert text_of([text(button, 520, height, font=CODE), *lines(code, font=CODE)]) == "\n".join(
        code
    )


def test_xml_whose_first_sign_is_of_another_font_is_code() -> None:
    rows = ["<match>", '<test name="lang">', "<string>zh</string>", "</test>"]
    page = [
        part
        for n, row in enumerate(rows)
        for part in (
            text("<", 72, 700 - 10 * n, 9),
            text(row[1:], 77.4, 700 - 10 * n, 9, CODE),
        )
    ]

    assert text_of(page) == "\n".join(rows)


def test_a_sentence_that_begins_as_a_title_does_is_no_heading() -> None:
    data = make_pdf(
        [prose_page("Fontconfig has orthographies for several languages built into it.")],
        bookmarks=[Bookmark("Fontconfig", 0)],
    )

    extract = read("pdf", data)

    assert headings(extract) == []
    assert extract.text.startswith("Fontconfig has orthographies")


def test_a_page_of_boxes_without_end_costs_little() -> None:
    boxes = [box(10, 10 + n % 700, 600, 11 + n % 700 + 4) for n in range(3_900)]

    assert read("pdf", drawn_pdf([[*boxes, text("Text.", 72, 400)]])).text == "Text."


def test_a_name_in_capitals_that_is_divided_is_whole() -> None:
    rows = ["The window manager asks for FILL_PUMP_STATE, and each client that has a FILL_PU-"]
    page = lines([*rows, "MP_STATE of its own tells the window manager before it maps windows."])

    assert "has a FILL_PUMP_STATE of its own" in text_of(page)
