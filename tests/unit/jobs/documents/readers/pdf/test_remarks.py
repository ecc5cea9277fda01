"""Code of a PDF whose comments and remarks are set as prose is, as Texinfo sets them."""

from tests.rows import each_row
from tests.unit.jobs.documents.readers.pdf.drawn_pages import PROSE as TEXT
from tests.unit.jobs.documents.readers.pdf.drawn_pages import text_of
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import CODE, PROSE, lines, paragraph, text


def _code(row: str, baseline: float, comment: str = "", sign: str = "# ") -> list[bytes]:
    indent = len(row) - len(row.lstrip())
    page = [text(row.lstrip() + sign * bool(comment), 90 + 6 * indent, baseline, font=CODE)]
    return [*page, text(comment, 90 + 6 * len(row + sign), baseline)] if comment else page


@each_row("sign", ["# ", "// ", "; "])
def test_lines_of_code_end_in_comments_of_another_font(sign: str) -> None:
    page = [
        *_code("pump <- function() {", 700),
        *_code("  start(pump)          ", 688, "it is closed", sign),
        *_code("  shut(valve, 2)       ", 676, "the valve", sign),
        *_code("}", 664),
    ]

    assert text_of(page).split("\n") == [
        "pump <- function() {",
        f"  start(pump)          {sign}it is closed",
        f"  shut(valve, 2)       {sign}the valve",
        "}",
    ]


def test_a_comment_of_another_font_is_a_line_of_its_code() -> None:
    page = [
        *_code("pump <- function() {", 700),
        *_code("  ", 688, "the valve is only seen in here"),
        *_code("  shut(valve)", 676),
        *_code("}", 664),
    ]

    assert text_of(page).split("\n")[1] == "  # the valve is only seen in here"


def test_what_an_author_has_left_out_of_code_is_said_in_it() -> None:
    page = [
        *_code("pump <- function() {", 700),
        text("[other lines]", 102, 688, font=PROSE),
        *_code("  shut(valve)", 676),
        *_code("}", 664),
    ]

    shown = text_of(page)

    assert shown == "pump <- function() {\n  [other lines]\n  shut(valve)\n}"


def test_prose_between_two_blocks_of_code_is_none() -> None:
    page = [
        *lines(paragraph(TEXT), top=780),
        *_code("shut(valve)", 700),
        *lines(["(The valve is shut by hand.)"], left=90, top=680),
        *_code("start(pump)", 660),
    ]

    assert text_of(page).endswith("shut(valve)\n\n(The valve is shut by hand.)\n\nstart(pump)")


def test_the_head_of_columns_of_code_below_a_ragged_list_is_no_part_of_it() -> None:
    page = [
        *lines(["The models T700, T1000, T1500, T1500j, T700h, T1000h, T1500h and R1500,"]),
        *lines(["R3000j, R3000h, R3000h-International, R6000h-NA, R6000i, R6000j."], top=688),
        text("UPS         PC  9 pin connector", 72, 670, font=CODE),
        *lines(["1 --------- 3", "2 --------- 2"], top=646, font=CODE, leading=18),
    ]

    assert "R6000j.\n\nUPS         PC  9 pin connector\n" in text_of(page)


def test_lines_of_code_that_are_set_as_prose_is_stay_lines() -> None:
    code = ["BEGIN { int n, e; int sum = 0; }", "RUN {", "n = count(pumps);", "sum += n;", "}"]
    page = [*lines(paragraph(TEXT), top=780), *lines(code, left=100, top=700)]

    assert "\n".join(code) in text_of(page)
