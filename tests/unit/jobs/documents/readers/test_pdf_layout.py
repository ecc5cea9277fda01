"""Where things stand on the pages of a PDF: columns, tables, code, heads, watermarks."""

from tests.unit.jobs.documents.readers.drawn_pdf import (
    CODE,
    drawn_pdf,
    lines,
    paragraph,
    rule,
    text,
)
from tests.unit.jobs.documents.readers.reading import read

PROSE = "The pump starts only while the valve is closed, and the operator watches the gauge. " * 4
LEFT = [
    "The left column tells how the",
    "pump is started in the cold",
    "season by two people",
    "well.",
]
RIGHT = [
    "The right column tells how it",
    "is stopped again when the tank",
    "is full and the lamp",
    "on.",
]
CLASS = [
    "class Pump:",
    "    def start(self, x):",
    "        if x:",
    "            return 1",
    "",
    "    size = 2",
]
MODELS = [
    ["Model", "Pressure", "Flow"],
    ["Alpha 100", "5 bar", "12 l/min"],
    ["Beta 200", "7 bar", "18 l/min"],
    ["Gamma 300", "9 bar", "25 l/min"],
]
MODEL_LINES = "\n".join(map(" | ".join, MODELS))


def text_of(*pages: list[bytes]) -> str:
    """The text of a PDF of these pages."""
    return read("pdf", drawn_pdf(pages)).text


def table(rows: list[list[str]], lefts: list[float], top: float = 700) -> list[bytes]:
    """The cells of a table, row by row."""
    return [
        text(cell, left, top - 14 * number)
        for number, row in enumerate(rows)
        for left, cell in zip(lefts, row, strict=True)
        if cell
    ]


def test_columns_drawn_one_after_the_other_are_read_so() -> None:
    page = [*lines(LEFT * 2), *lines(RIGHT * 2, left=320)]

    found = text_of(page)

    assert found.index("well.") < found.index("The right column")
    assert "started in the cold season by two people" in found.replace("\n", " ")


def test_columns_drawn_line_by_line_across_are_read_one_after_the_other() -> None:
    page = [
        drawn
        for number, (left, right) in enumerate(zip(LEFT * 2, RIGHT * 2, strict=True))
        for drawn in (
            text(left, 72, 700 - 12 * number),
            text(right, 320, 700 - 12 * number),
        )
    ]

    found = text_of(page)

    assert "how the pump is started" in found
    assert found.index("well.") < found.index("The right column")


def test_three_columns_are_read_one_after_the_other() -> None:
    page = [
        drawn
        for number, left in enumerate((40, 230, 420))
        for drawn in lines([f"Column {number} says what it says", *RIGHT[1:], *RIGHT], left=left)
    ]

    found = text_of(page)

    assert found.index("Column 0") < found.index("Column 1") < found.index("Column 2")
    assert found.replace("\n", " ").count("is full and the lamp on.") == 6


def test_three_columns_drawn_across_are_read_one_after_the_other() -> None:
    page = [
        text(f"{row} of {number}" if row == RIGHT[0] else row, left, 700 - 12 * place)
        for place, row in enumerate([*RIGHT[:3]] * 3)
        for number, left in enumerate((40, 230, 420))
    ]

    found = text_of(page)

    assert [found.index(f"how it of {number}") for number in range(3)] == sorted(
        found.index(f"how it of {number}") for number in range(3)
    )
    assert "|" not in found


def test_two_columns_of_long_cells_are_a_table_and_no_prose() -> None:
    rows = [
        ["Pressure at the inlet", "Five bar in the cold season"],
        ["Flow at the outlet of it", "Twelve litres"],
        ["Temperature of the oil", "Eighty degrees at most, always"],
        ["Weight of it all, dry", "Twelve kilograms"],
    ]

    assert text_of(table(rows, [72, 260])) == "\n".join(map(" | ".join, rows))


def test_the_cells_of_a_ruled_table_are_apart() -> None:
    rules = [rule(60, y, 400, y) for y in (714, 696, 682, 668, 654)]
    rules += [rule(x, 654, x, 714) for x in (60, 150, 250, 400)]

    assert text_of([*rules, *table(MODELS, [64, 154, 254])]) == MODEL_LINES


def test_a_second_border_around_a_ruled_table_is_no_column() -> None:
    rules = [rule(60, y, 400, y) for y in (714, 696, 682, 668, 654)]
    rules += [rule(x, 654, x, 714) for x in (50, 60, 150, 250, 400, 410)]
    rules += [rule(50, y, 410, y) for y in (714, 654)]

    assert text_of([*rules, *table(MODELS, [64, 154, 254])]) == MODEL_LINES


def test_the_lines_of_a_cell_of_a_ruled_table_are_joined() -> None:
    rules = [rule(60, y, 400, y) for y in (714, 670, 640)]
    rules += [rule(x, 640, x, 714) for x in (60, 150, 400)]
    cells = [
        *lines(["Valve"], left=64),
        *lines(["Opens when the pressure", "is higher than five bar."], left=154),
        *lines(["Lamp"], left=64, top=656),
        *lines(["Is green."], left=154, top=656),
    ]

    found = text_of([*rules, *cells])

    assert found == "Valve | Opens when the pressure is higher than five bar.\nLamp | Is green."


def test_an_empty_cell_of_a_ruled_table_keeps_its_place() -> None:
    rules = [rule(60, y, 400, y) for y in (714, 696, 682)]
    rules += [rule(x, 682, x, 714) for x in (60, 150, 250, 400)]

    found = text_of([*rules, *table([MODELS[0], ["Delta", "", "4"]], [64, 154, 254])])

    assert found == "Model | Pressure | Flow\nDelta |  | 4"


def test_cells_that_gaps_align_over_rows_are_apart() -> None:
    page = [*lines(["The limits are these:"], top=740), *table(MODELS, [72, 160, 260])]

    assert text_of(page) == f"The limits are these:\n\n{MODEL_LINES}"


def test_numbers_that_are_aligned_at_their_right_are_cells() -> None:
    rows = [["Part", "Count"], ["Bolts", "1200"], ["Nuts", "80"], ["Seals", "5"]]
    page = [
        drawn
        for number, (name, count) in enumerate(rows)
        for drawn in (
            text(name, 72, 700 - 14 * number),
            text(count, 240 - 5.56 * len(count), 700 - 14 * number),
        )
    ]

    assert text_of(page) == "\n".join(map(" | ".join, rows))


def test_the_second_line_of_an_aligned_cell_belongs_to_its_row() -> None:
    page = [
        *table([["Valve", "Opens when the pressure is high"]], [72, 200], top=700),
        text("and closes after it.", 200, 688),
        *table([["Lamp", "Is green."], ["Horn", "Is loud."]], [72, 200], top=668),
    ]

    found = text_of(page)

    assert "Valve | Opens when the pressure is high and closes after it." in found.split("\n")


def test_prose_with_wide_gaps_is_no_table() -> None:
    rows = [
        "The pump     starts only while",
        "the valve is       closed, and the",
        "operator watches the   gauge.",
    ]

    assert "|" not in text_of(lines(rows))


def test_a_list_with_numbers_set_apart_is_no_table() -> None:
    page = [
        drawn
        for number in range(5)
        for drawn in (
            text(f"{number + 1}.", 72, 700 - 12 * number),
            text("Open the valve slowly.", 95, 700 - 12 * number),
        )
    ]

    rows = text_of(page).split("\n")

    assert rows == [f"{number}. Open the valve slowly." for number in range(1, 6)]


def test_a_table_goes_on_over_a_page_without_its_head_again() -> None:
    lefts = [72.0, 160.0, 260.0]
    first = [*lines(paragraph(PROSE), top=760), *table(MODELS, lefts, top=120)]
    more = [MODELS[0], ["Delta 400", "2 bar", "8 l/min"], ["Eta 500", "3 bar", "9 l/min"]]

    found = text_of(first, table(more, lefts))

    assert found.endswith(MODEL_LINES + "\n" + "\n".join(map(" | ".join, more[1:])))


def test_code_keeps_its_indents_and_blank_lines() -> None:
    page = [*lines(["Run this:"], top=740), *lines(CLASS, font=CODE), *lines(["Go on."], top=600)]

    assert text_of(page) == "Run this:\n\n" + "\n".join(CLASS) + "\n\nGo on."


def test_code_over_a_page_end_keeps_its_indents() -> None:
    first = [
        *lines(paragraph(PROSE), top=760),
        *lines(["def f(x):", "    if x:"], 90, 90, font=CODE),
    ]
    second = [*lines(["        return 1"], 90, 700, font=CODE), *lines(paragraph(PROSE), top=660)]

    assert "def f(x):\n    if x:\n        return 1\n\nThe pump" in text_of(first, second)


def test_columns_of_spaces_in_code_are_kept() -> None:
    page = lines(["a = 1      # first", "bcd = 2    # second"], font=CODE)

    assert text_of(page) == "a = 1      # first\nbcd = 2    # second"


def test_a_paragraph_line_all_in_a_typewriter_font_does_not_end_the_paragraph() -> None:
    page = [
        *lines(["To read the limits again it is enough to ask for the file that is at the place"]),
        text("/etc/pump/limits.d/cold-season-and-warm-season.conf", 72, 688, font=CODE),
        text("whose lines are the limits of each season, one after the other.", 72, 676),
    ]

    assert "\n" not in text_of(page)


def test_titles_that_are_numbered_as_the_pages_are_kept() -> None:
    titles = ["Drain the tank", "Remove the filter", "Clean the filter", "Insert it", "Refill"]
    pages = [
        [text(f"Step {number} {title}", 72, 700, 14), *lines(["Do it with care."], top=640)]
        for number, title in enumerate(titles, start=1)
    ]

    found = text_of(*pages)

    assert all(f"Step {number} {title}" in found for number, title in enumerate(titles, start=1))


def test_feet_that_change_with_each_chapter_are_left_out() -> None:
    pages = []
    for number in range(1, 9):
        words = [(72, f"{number}"), (400, f"Chapter {number // 3}. Of pumps")]
        words = words if number % 2 else [(72, f"{number // 3}.1. Of valves"), (530, f"{number}")]
        foot = [text(word, left, 40) for left, word in words]
        pages.append([*lines(paragraph(f"{PROSE} Page {number} ends.")), *foot])

    found = text_of(*pages)

    assert "Of pumps" not in found
    assert "Of valves" not in found


def test_a_data_sheet_with_dots_is_no_table_of_contents() -> None:
    rows = ["Weight ............... 12", "Voltage .............. 230", "Colour .......... red"]

    found = text_of(lines(rows))

    assert found == "Weight ... 12\nVoltage ... 230\nColour ... red"


def test_a_watermark_that_is_aslant_is_left_out() -> None:
    mark = text("DRAFT COPY", 150, 300, 60, matrix="0.7 0.7 -0.7 0.7")
    pages = [[mark, *lines(paragraph(PROSE))] for _ in range(3)]

    assert "DRAFT" not in text_of(*pages)


def test_a_pale_watermark_is_left_out_and_black_text_that_repeats_is_kept() -> None:
    mark = text("CONFIDENTIAL", 150, 500, 40, grey=0.85)
    rows = paragraph(PROSE)
    pages = [[mark, *lines([*rows, "Warning of heat.", *rows, *rows])] for _ in range(3)]

    found = text_of(*pages)

    assert "CONFIDENTIAL" not in found
    assert found.count("Warning of heat.") == 3


def test_a_large_pale_title_of_one_page_is_kept() -> None:
    page = [text("Pumps of today", 72, 740, 24, grey=0.8), *lines(paragraph(PROSE))]

    assert "Pumps of today" in text_of(page, lines(paragraph(PROSE)))


def test_a_paragraph_goes_on_past_words_at_the_side_of_its_page() -> None:
    side = text("Printed in 2024", 30, 300, matrix="0 1 -1 0")
    first = [*lines(paragraph("The pump runs as long as the valve that leads to the tank")), side]

    assert "to the tank is open." in text_of(first, lines(["is open."]))


def test_words_at_the_side_of_a_page_do_not_part_its_lines() -> None:
    side = text("Printed in 2024", 30, 300, matrix="0 1 -1 0")
    page = [*lines(paragraph(PROSE)[:2]), side, *lines(paragraph(PROSE)[2:], top=676)]

    found = text_of(page)

    assert " ".join(paragraph(PROSE)) in found.replace("\n", " ")
    assert "Printed in 2024" in found


def test_a_page_that_is_turned_is_read_as_it_is_shown() -> None:
    rows = ["The pump starts only while", "the valve is closed."]
    page = [text(row, 300 + 12 * number, 72, matrix="0 1 -1 0") for number, row in enumerate(rows)]

    assert read("pdf", drawn_pdf([page], turn=90)).text == " ".join(rows)


def test_a_foot_that_is_drawn_first_is_not_read_first() -> None:
    page = [text("Printed on paper.", 72, 40), *lines(paragraph(PROSE))]

    assert text_of(page).endswith("Printed on paper.")


def test_an_underscore_that_is_drawn_as_a_rule_is_one() -> None:
    page = [
        *(
            text("Call error", 72, 700),
            text("desc of it.", 118, 700),
            rule(114, 699.8, 117.2, 699.8),
        ),
        *(text("Two", 72, 660), text("words", 122, 660), rule(72, 658, 180, 658)),
    ]

    found = text_of(page)

    assert "error_desc of it." in found
    assert "Two" in found
    assert "Two_" not in found


def test_what_texinfo_sets_at_the_margin_of_a_definition_goes_first() -> None:
    page = [
        *(text("int read_it (const char * file, node *", 72, 700), text("[Function]", 480, 700)),
        text("definitions, char * error)", 112, 688),
        *lines(paragraph(PROSE), top=660),
    ]

    found = text_of(page)

    assert found.startswith("[Function] int read_it (const char * file, node * definitions,")
