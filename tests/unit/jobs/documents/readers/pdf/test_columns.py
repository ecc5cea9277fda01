"""Pages in columns are read in the order in which people read them."""

from tests.unit.jobs.documents.readers.pdf.drawn_pages import (
    text_of,
)
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import (
    CODE,
    lines,
    text,
)

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


def test_columns_drawn_one_after_the_other_are_read_so() -> None:
    page = [*lines(LEFT * 2), *lines(RIGHT * 2, left=320)]

    found = text_of(page)

    assert found.index("well.") < found.index("The right column")
    assert "started in the cold season by two people" in found.replace("\n", " ")


def test_code_at_the_head_of_a_column_is_read_after_the_prose_beside_it() -> None:
    code = ["start(pump);", "open(valve);", "close(valve);", "stop(pump);"]
    page = [*lines(LEFT * 2), *lines(code, left=320, font=CODE)]

    found = text_of(page)

    assert found.endswith("\n".join(code))
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


def test_code_beside_what_it_prints_with_rows_of_their_own_is_not_interleaved() -> None:
    grammar = ["statement:", "    assignment", "    call ( arguments )", "    if expression"]
    printed = ["The statement stands first.", "It is a call or a case.", "A call has arguments."]
    page = [
        *lines(["A grammar, and what is said of it."]),
        *lines(grammar, top=640, font=CODE),
        *lines(printed, left=320, top=637, leading=14.5),
    ]

    found = text_of(page)

    assert "\n".join(grammar) in found
    assert " ".join(printed) in found.replace("\n", " ")


def test_code_beside_what_it_prints_on_the_same_rows_is_read_row_by_row() -> None:
    code = ["let x = 1", "x := 2", "x + 3", "print x"]
    printed = ["x is 1 from here on", "x is 2 now", "this is 5", "shows 2 on the screen"]
    page = [*lines(code, top=640, font=CODE), *lines(printed, left=300, top=640)]

    rows = [f"{left} | {right}" for left, right in zip(code, printed, strict=True)]

    assert "\n".join(rows) in text_of(page)


def test_code_at_the_right_of_its_column_stands_beside_what_it_does() -> None:
    code = ["mean(x)", "show(mean(x, 0, 100))", "count(all(pumps))", "show(count(pumps, 1, 9))"]
    told = [
        ["the mean of all that has been seen"],
        ["print how the values of this are", "spread from 0 to 100 in steps"],
        ["how often the pumps have started"],
        ["print how often the pumps of this", "kind have started by now in all"],
    ]
    page, top = [], 700
    for left, right in zip(code, told, strict=True):
        page += [text(left, 240 - 6 * len(left), top, font=CODE), *lines(right, 260, top)]
        top -= 12 * len(right)

    rows = [f"{left} | {' '.join(right)}" for left, right in zip(code, told, strict=True)]

    assert text_of(page).split("\n") == rows
