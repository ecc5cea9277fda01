"""The notes at the foot of a page, and what else of a page belongs to the text around it."""

from collections.abc import Sequence

from tests.rows import each_row
from tests.unit.jobs.documents.readers.made_files import Bookmark, SetLine, make_pdf
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import (
    CODE,
    WIDE,
    drawn_pdf,
    lines,
    paragraph,
    text,
)
from tests.unit.jobs.documents.readers.reading import headings, read

WORDS = (
    "The seal of the pump must be dry before it is put in, as water keeps it from sitting right."
)


def noted_page(mark: str) -> list[bytes]:
    """A line with a raised mark behind its text, more lines, and the note below them."""
    head = [text("The flag is set", 72, 700), text(mark, 134.3, 704, 6)]
    foot = [text(mark, 80, 103, 5), text("This is the note.", 86, 100, 7)]
    return [*head, *lines(paragraph(WORDS * 4), top=676), *foot]


@each_row("mark", ["1", "14"])
def test_a_note_begins_with_the_label_of_its_mark(mark: str) -> None:
    extract = read("pdf", drawn_pdf([noted_page(mark)]))

    assert extract.text.startswith(f"The flag is set[{mark}]\n")
    assert extract.text.endswith(f"\n\n[{mark}] This is the note.")


@each_row(
    "base, written", [("cm", "cm^2"), ("sin", "sin 2"), ("(a+b)", "(a+b)^2"), ("bug", "bug[2]")]
)
def test_a_raised_number_is_a_note_where_no_power_is_meant(base: str, written: str) -> None:
    width = {"cm": 13.3, "sin": 12.8, "(a+b)": 23.6, "bug": 16.7}[base]
    page = [text(base, 72, 700), text("2", 72 + width, 704, 6)]

    assert read("pdf", drawn_pdf([page])).text == written


def test_characters_that_are_raised_themselves_are_marks_where_a_note_has_their_number() -> None:
    body = lines(["The format is new.³ A pipe of 3 m² is used.", *paragraph(WORDS * 4)])
    foot = [text("³See the manual.", 80, 110, 7), text("²Or ask.", 80, 100, 7)]

    extract = read("pdf", drawn_pdf([[*body, *foot]]))

    assert extract.text.startswith("The format is new.[3] A pipe of 3 m[2] is used.")
    assert extract.text.endswith("[3] See the manual.\n\n[2] Or ask.")


@each_row("note, shown", [("13旧来の場所", "[13] 旧来の場所"), ("13日の場所", "13日の場所")])
def test_the_number_of_a_japanese_note_is_its_label(note: str, shown: str) -> None:
    rows = ["バルブを閉じた状態でポンプを", "起動すると圧力が上がるので、", "必ず弁を開けること。"]
    body = lines(rows, font=WIDE)

    extract = read("pdf", drawn_pdf([[*body, text(note, 80, 100, 7, font=WIDE)]]))

    assert extract.text.endswith(shown)


def _page(*rows: tuple[str, float, float]) -> list[SetLine]:
    return [SetLine(words, baseline=height, size=size) for words, height, size in rows]


def test_a_note_stands_at_the_end_of_the_section_that_names_it() -> None:
    body: Sequence[tuple[str, float, float]] = [
        ("Seals", 720, 14),
        ("The seal must be dry.", 700, 10),
        ("Filters", 670, 14),
        *((row, 650 - 12 * number, 10) for number, row in enumerate(paragraph(WORDS * 4))),
    ]
    mark, foot = (
        SetLine("1", 167, 704, 6),
        [SetLine("1", 80, 103, 5), SetLine("A note.", 86, 100, 7)],
    )
    bookmarks = [Bookmark("Seals", 0), Bookmark("Filters", 0)]

    extract = read(
        "pdf", make_pdf([[*_page(*body[:2]), mark, *_page(*body[2:]), *foot]], bookmarks=bookmarks)
    )

    assert extract.text.startswith(
        "Seals\n\nThe seal must be dry.[1]\n\n[1] A note.\n\nFilters\n\nThe seal of the pump"
    )


@each_row("label", [["CHAPTER", "FOUR"], ["Chapter 4"], ["Appendix B"]])
def test_the_number_above_the_title_of_a_chapter_is_a_heading_with_it(label: list[str]) -> None:
    rows = [(words, 740 - 30.0 * number, 16.0) for number, words in enumerate(label)]
    page = _page(*rows, ("Source packages", 660, 20), (WORDS, 620, 10))

    extract = read("pdf", make_pdf([page], bookmarks=[Bookmark("Source packages", 0)]))

    assert headings(extract) == [(1, " ".join(label)), (1, "Source packages")]


def test_a_chapter_that_a_sentence_names_is_no_heading() -> None:
    page = _page(("Chapter 4", 700, 10), ("is about seals.", 640, 10))

    assert read("pdf", make_pdf([page])).headings == ()


def test_the_second_line_of_an_item_belongs_to_it_though_a_sentence_ended_before() -> None:
    item = (
        "• binary target: makes all packages, which is a combination of the other two targets ok."
    )
    rows = [text(item, 72, 700), text("(Required)", 81, 688), text("• other target:", 72, 670)]
    page = [*rows, *lines(paragraph(WORDS * 4, 88), top=640)]

    assert f"{item} (Required)\n" in read("pdf", drawn_pdf([page])).text


def test_code_that_is_set_larger_than_the_prose_around_it_ends_no_paragraph() -> None:
    first = [text("Agents also need", 72, 700, 9), text("apt-get install jdk", 143, 700, 10, CODE)]
    rest = [text("(it has to be a recent release), or a", 261, 700, 9)]
    second = lines(
        ["newer one. You may have to ensure that it is mounted in the target as well, as"],
        top=689,
        size=9,
    )

    extract = read("pdf", drawn_pdf([[*first, *rest, *second]]))

    assert "\n" not in extract.text


def test_a_hyphen_after_the_slash_of_an_address_that_ends_there_goes() -> None:
    rows = [
        "The seal of the pump is described in all its parts at (https://archive.example/-",
        ") too.",
    ]

    assert "(https://archive.example/) too." in read("pdf", drawn_pdf([lines(rows)])).text


def test_an_address_alone_on_a_line_of_code_is_code() -> None:
    rows = ["build:", "    xsltproc \\", "http://archive.example/docbook.xsl\\", "    page.xml"]

    assert read("pdf", drawn_pdf([lines(rows, font=CODE)])).text == "\n".join(rows)


@each_row(
    "end, written",
    [
        ("certificate", "certificate verify failed"),
        ("epel-", "epel-verify failed"),
        ("do(one,", "do(one, verify failed"),
        ("-o rw,hard,", "-o rw,hard,verify failed"),
    ],
)
def test_the_arrow_at_the_end_of_a_line_of_code_that_was_too_long_goes(
    end: str, written: str
) -> None:
    code = lines(["run", end, "  verify failed", "end"], font=CODE)
    arrow = [text("\u2190-", 72 + 6 * len(end) + 12, 688, font=WIDE)]

    assert read("pdf", drawn_pdf([[*code[:2], *arrow, *code[2:]]])).text == f"run\n{written}\nend"


def test_a_blank_line_between_two_lines_of_code_is_seen_by_the_lines_elsewhere() -> None:
    long = lines(["one", "two", "three", "four"], font=CODE)
    short = lines(["cron (3.0) unstable", "", "    No longer included."], font=CODE)

    extract = read("pdf", drawn_pdf([long, [*lines(["Here it is:"], top=730), *short]]))

    assert extract.text.endswith("cron (3.0) unstable\n\n    No longer included.")


def test_dots_in_parentheses_have_no_space_behind_them() -> None:
    assert read("pdf", drawn_pdf([lines(["hubs (. . . ) and more"])])).text == "hubs (...) and more"


def test_a_paragraph_goes_on_in_parentheses_behind_the_note_of_its_page() -> None:
    body = lines(paragraph(WORDS * 3 + " The package is there if it declares that it depends"))
    note = [text("1", 80, 103, 5), text("A note.", 83.5, 100, 7)]
    following = lines(["(particularly in this case). It is."])

    extract = read("pdf", drawn_pdf([[*body, *note], following]))

    assert extract.text.endswith("that it depends (particularly in this case). It is.")


def test_a_hyphen_behind_a_parenthesis_stays_with_its_word() -> None:
    rows = [
        "This is made so as to improve the use for a whole population of Debian(-",
        "based) ones.",
    ]

    assert "Debian(-based) ones." in read("pdf", drawn_pdf([lines(rows)])).text


def test_a_raised_letter_behind_a_name_is_the_mark_of_a_note() -> None:
    page = [text("Dirk Eddel", 72, 700), text("a", 117.8, 704, 6), text("and others.", 125, 700)]

    assert read("pdf", drawn_pdf([page])).text == "Dirk Eddel[a] and others."


def test_the_second_line_of_a_source_that_has_a_label_belongs_to_it() -> None:
    rows = ["[27] Posada, D. and Crandall, K. Selecting the models of substitution by itself:"]
    page = [*lines(rows), *lines(paragraph(f"An application. {WORDS}"), left=92, top=688)]

    assert "\n" not in read("pdf", drawn_pdf([page])).text


def test_notes_in_the_margin_stand_behind_the_text_beside_them() -> None:
    body = WORDS * 4
    note = ["It is done at night, when", "nobody is in the cellar,", "and never by day."]
    rows = lines(paragraph(body, 50))
    aside = [text("3", 400, 688, 5), *lines(note, left=406, top=685, size=7, leading=8)]

    found = read("pdf", drawn_pdf([[*rows[:2], *aside, *rows[2:]]])).text

    assert found == f"{body}\n\n[3] {' '.join(note)}"


def test_cells_in_a_small_font_that_reach_beyond_the_text_are_no_notes() -> None:
    rows = [["Inlet of it all", "Five bar in the season"], ["Outlet of it", "Twelve litres in all"]]
    cells = [
        text(cell, left, 500 - 12 * number, 7)
        for number, row in enumerate(rows * 2)
        for left, cell in zip((72, 420), row, strict=True)
    ]

    found = read("pdf", drawn_pdf([[*lines(paragraph(WORDS * 4, 50)), *cells]])).text

    assert found.endswith("\n".join(map(" | ".join, rows * 2)))


def test_the_end_of_a_long_line_of_small_code_is_no_note() -> None:
    code = [
        "pump --open --wait     --at the-gauge-of-it",
        "seal --open --wait     --at the-gauge-of-it",
    ]
    rows = [text(row[:20].rstrip(), 72, 500 - 8 * n, 7, CODE) for n, row in enumerate(code * 2)]
    rows += [text(row[20:].lstrip(), 400, 500 - 8 * n, 7, CODE) for n, row in enumerate(code * 2)]

    found = read("pdf", drawn_pdf([[*lines(paragraph(WORDS * 4, 50)), *rows]])).text

    assert [" ".join(row.split()) for row in found.splitlines()[-4:]] == [
        " ".join(row.split()) for row in code * 2
    ]


def test_names_of_code_in_the_margin_stand_before_what_is_said_of_them() -> None:
    rows = paragraph(WORDS * 4, 60)
    names = lines(["\\closethevalve", "\\Closethevalve", "\\openthevalve"], 20, 674, 7, CODE)
    body = [*lines(rows[:2], left=140), *lines(rows[2:], left=140, top=674)]

    found = read("pdf", drawn_pdf([[*body, *names]])).text

    names_alone = "\\closethevalve\n\\Closethevalve\n\\openthevalve"
    assert found.split("\n\n")[1:] == [names_alone, " ".join(rows[2:])]


def test_the_mark_of_a_note_in_code_is_no_part_of_a_name() -> None:
    page = [
        *lines(["functor Fill", "  (structure Valve : VALVE"], font=CODE),
        text("64", 72 + 6 * 26, 691.6, 7),
        text(")", 72 + 6 * 26 + 8, 688, font=CODE),
    ]

    assert read("pdf", drawn_pdf([page])).text == "functor Fill\n  (structure Valve : VALVE[64])"
