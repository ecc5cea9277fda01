"""Where things stand on the pages of a PDF: columns, tables, code, heads, watermarks."""

from tests.unit.jobs.documents.readers.pdf.drawn_pages import (
    CLASS,
    PROSE,
    text_of,
)
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import (
    CODE,
    drawn_pdf,
    lines,
    paragraph,
    rule,
    text,
)
from tests.unit.jobs.documents.readers.reading import read


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


def test_code_after_a_page_without_prose_keeps_its_indents() -> None:
    first = lines(["def f(x):", "    if x:", "        return 1"], 76, 90, font=CODE)
    second = [
        *lines(["    else:", "        return 2"], 76, 700, font=CODE),
        *lines(paragraph(PROSE), 72, 660),
    ]

    assert "        return 1\n    else:\n        return 2\n\nThe pump" in text_of(first, second)


def test_code_over_pages_without_prose_is_as_deep_as_it_is_printed() -> None:
    deep = ["        fill()", "        close()"]

    found = text_of(lines(["while True:", *deep], font=CODE), lines(deep, font=CODE))

    assert found == "\n".join(["while True:", *deep, *deep])


def test_code_over_pages_without_prose_follows_the_margins_of_a_book() -> None:
    left, right = (lines(paragraph(PROSE), at, 760) for at in (72, 102))
    code = ["while True:", "    fill()", "    close()"]

    found = text_of(
        left, right, [*left, *lines(code[:2], 72, 90, font=CODE)], lines(code[2:], 102, font=CODE)
    )

    assert found.endswith("\n".join(code))


def test_a_larger_name_below_code_does_not_indent_it() -> None:
    names = [text(f"fetch{n}()", 50, 222 - 28 * n, 11.4, CODE) for n in range(5)]
    page = [
        *lines(["Example:"], 72, 280),
        *lines(["def f(x):", "    return x"], 90, 262, font=CODE),
    ]

    assert "Example:\n\ndef f(x):\n    return x\n\nfetch0()" in text_of([*page, *names])


def test_dots_of_code_are_no_leaders() -> None:
    drawing = ["*---*---*-..........-*--*  topic", "         *"]

    assert text_of(lines(drawing, font=CODE)) == "\n".join(drawing)


def test_dots_to_a_page_number_are_leaders_in_any_font() -> None:
    rows = ["1 Pumps ........................ 9", "2 Valves ....................... 3"]

    assert "1 Pumps ... 9" in text_of(lines(rows, font=CODE))


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


def test_what_begins_far_to_the_left_of_a_title_in_the_middle_is_none_of_it() -> None:
    page = [text("Static Semantics", 220, 712), *lines(["7.1/1", *paragraph(PROSE)])]

    assert text_of(page).startswith("Static Semantics\n\n7.1/1")


def test_a_little_more_room_below_the_end_of_a_sentence_ends_a_paragraph() -> None:
    rows = paragraph(PROSE, 84)
    last = "The last one of all the pumps that there are stands there now in the cellar by itself."
    heights = [700 - 12 * n for n in range(len(rows))]
    page = [text(row, 72, height) for row, height in zip(rows, heights, strict=True)]
    page += [text(last, 72, heights[-1] - 12)]
    page += [text(row, 72, heights[-1] - 26 - 12 * n) for n, row in enumerate(rows[:2])]

    found = text_of(page)

    assert found.count("\n\n") == 1
    assert f"{last}\n\nThe pump" in found


def test_code_is_not_indented_for_a_name_farther_left_that_follows_it() -> None:
    page = [
        *lines(["Example:"], 90, 712),
        *lines(["open(3)", "close(3)"], 110, 700, font=CODE),
        *lines(["Method: fill(x)"], 72, 664, font=CODE),
    ]

    assert text_of(page) == "Example:\n\nopen(3)\nclose(3)\n\nMethod: fill(x)"
