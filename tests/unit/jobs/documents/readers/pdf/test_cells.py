"""Tables of PDF pages, ruled or aligned, and what only looks like one."""

from tests.unit.jobs.documents.readers.pdf.drawn_pages import (
    CLASS,
    PROSE,
    text_of,
)
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import (
    CODE,
    lines,
    paragraph,
    rule,
    text,
    thin_picture,
)

MODELS = [
    ["Model", "Pressure", "Flow"],
    ["Alpha 100", "5 bar", "12 l/min"],
    ["Beta 200", "7 bar", "18 l/min"],
    ["Gamma 300", "9 bar", "25 l/min"],
]


MODEL_LINES = "\n".join(map(" | ".join, MODELS))


def table(rows: list[list[str]], lefts: list[float], top: float = 700) -> list[bytes]:
    """The cells of a table, row by row."""
    return [
        text(cell, left, top - 14 * number)
        for number, row in enumerate(rows)
        for left, cell in zip(lefts, row, strict=True)
        if cell
    ]


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


def test_a_bar_over_the_frame_of_code_makes_no_columns_of_it() -> None:
    frame = [rule(70, y, 540, y) for y in (560, 764)] + [rule(x, 560, x, 764) for x in (70, 540)]
    bar = [rule(25, y, 585, y) for y in (732, 766)]
    bar += [rule(x, 732, x, 766) for x in (25, 95, 585)]
    code = lines(CLASS, top=700, font=CODE)

    assert text_of([*frame, *bar, *code]) == "\n".join(CLASS)


def test_a_scroll_bar_below_code_makes_no_columns_of_it() -> None:
    rules = [rule(70, y, 540, y) for y in (610, 621, 720)]
    rules += [rule(x, 610, x, 621) for x in (84, 526)] + [rule(x, 610, x, 720) for x in (70, 540)]

    assert text_of([*rules, *lines(CLASS, top=700, font=CODE)]) == "\n".join(CLASS)


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


def test_rules_may_be_thin_pictures() -> None:
    rules = [thin_picture(60, y, 400, y) for y in (714, 696, 682, 668)]
    rules += [thin_picture(x, 668, x, 714) for x in (60, 150, 400)]
    rows = [["SLEEP", "Enter the mode"], ["OPTION", ""], ["TRIS", "Set the port"]]

    found = text_of([*rules, *table(rows, [64, 154])])

    assert found == "SLEEP | Enter the mode\nOPTION | \nTRIS | Set the port"


def test_boxes_in_two_columns_are_no_table() -> None:
    rules = [rule(left, y, left + 200, y) for left in (60, 280) for y in (710, 650)]
    rules += [rule(x, 650, x, 710) for x in (60, 260, 280, 480)]
    left = lines(["Open the valve first,", "then start the pump,", "and wait for it."], 64, 698)
    right = lines(["Close it behind you,", "as the pump runs on", "for a while more."], 284, 694)

    found = text_of([*rules, *left, *right])

    assert "|" not in found


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
