"""Where titles, tables, notes and page numbers are put, and what only looks like one of them."""

from tests.unit.jobs.documents.readers.pdf.drawn_pages import PROSE, text_of
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import (
    CODE,
    CORNERS,
    drawn_pdf,
    lines,
    paragraph,
    text,
)
from tests.unit.jobs.documents.readers.reading import read


def test_titles_of_two_levels_are_no_table() -> None:
    page = [
        *[text("3.7", 72, 720, 12), text("Menus of it", 105, 720, 12)],
        *[text("3.7.1", 72, 694), text("Properties of it", 105, 694)],
        *lines(["The displayed ones are these."], top=660),
    ]

    assert text_of(page).startswith("3.7 Menus of it\n\n3.7.1 Properties of it\n\n")


def test_a_page_number_between_dashes_is_left_out() -> None:
    pages = [
        [*lines(paragraph(f"{PROSE}So it is.", 70), top=740), text(f"-{at}-", 300, 40)]
        for at in range(1, 7)
    ]

    assert "-3-" not in text_of(*pages)


def test_a_full_line_before_a_title_that_is_set_a_little_larger_ends_its_paragraph() -> None:
    parts = [paragraph(f"{word} " * 30 + PROSE * 5, 80)[:20] for word in ("red", "blue", "green")]
    pages = [
        [
            *lines(rows, top=740, size=10.5),
            text("1. Levels of it", 72, 486, 10.8),
            *lines(rows[:4], top=469, size=10.5),
        ]
        for rows in parts
    ]

    assert f"{' '.join(parts[1])}\n\n1. Levels of it\n" in text_of(*pages)


def test_a_paragraph_goes_on_behind_a_table_with_a_title_and_a_caption() -> None:
    rows = paragraph(PROSE, 80)
    table = [
        text(words, left, 720 - 14 * at)
        for at, row in enumerate([("Option", "bibtex"), ("align", "yes"), ("indent", "no")])
        for left, words in zip((72, 200), row, strict=True)
    ]
    page = [text("Output format", 100, 750), *table, text("Table 5: All of it.", 100, 660)]

    shown = text_of(lines(rows[:2], top=300), [*page, *lines(rows[2:], top=600)])

    assert shown.startswith(" ".join(rows) + "\n\nOutput format\n\nOption | bibtex\n")


def test_two_hyphens_before_an_option_are_not_apart() -> None:
    page = [*lines(["It is -"]), text("-", 95.3, 700), text("port", 98.7, 700, font=CODE)]

    assert text_of(page) == "It is --port"


def test_small_text_of_a_later_page_is_no_part_of_a_note_that_was_placed_before() -> None:
    mark = [text("The flag is set", 72, 740), text("1", 134.3, 744, 6)]
    first = [*mark, *lines(paragraph(PROSE), top=716), text("2. Other title", 72, 600, 14)]
    first += [*lines(paragraph(PROSE), top=570), text("1", 80, 103, 5), text("A note.", 86, 100, 7)]
    other = [*lines(paragraph(PROSE), top=740), text("25 } of it", 72, 150, 7)]
    last = [*lines(paragraph(PROSE), top=740), text("31 } at the foot", 72, 100, 7)]

    found = read("pdf", drawn_pdf([first, other, last]))

    assert list(found.page_starts) == sorted(set(found.page_starts))
    assert found.text.endswith("31 } at the foot")


def test_justified_lines_with_a_wide_gap_each_are_no_table() -> None:
    page = [
        drawn
        for at in range(4)
        for drawn in (
            text("The string consists of a set of fields, separated", 72, 700 - 12 * at),
            text("by colons and a sign", 286, 700 - 12 * at),
        )
    ]

    assert " | " not in text_of(page)


def test_notes_of_music_are_no_table() -> None:
    page = [
        *lines(["The voice is set so:"], top=740),
        *(
            text("h", 72 + 40 * column + 3 * row, 700 - 12 * row, font=CORNERS)
            for row in range(4)
            for column in range(5)
        ),
    ]

    assert text_of(page) == "The voice is set so:"


def test_names_below_each_other_are_no_narrow_column() -> None:
    names = ["SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512"]
    page = [*lines(paragraph(PROSE), top=740), *lines(names, top=640)]

    assert text_of(page).endswith("\n\n" + "\n".join(names))


def test_a_head_in_a_typewriter_font_is_left_out_if_it_is_on_most_pages() -> None:
    pages = [
        [
            text("UNCLASSIFIED", 250, 760, 13, CODE),
            *lines(paragraph(f"{PROSE}So it is at {at}.", 70), top=740),
            text("make pump" if at < 4 else "", 72, 60, font=CODE),
        ]
        for at in range(8)
    ]

    found = text_of(*pages)

    assert "UNCLASSIFIED" not in found
    assert found.count("make pump") == 4


def test_numbers_before_lines_of_code_are_no_cells_and_no_lines() -> None:
    code = ["with Pumps;    use Pumps;", "with Valves;   use Valves;", "", "procedure Run is"]
    page = [text("The code is this:", 72, 720)]
    for at, row in enumerate(code):
        page.append(text(str(at + 9), 62 - 2.2 * len(str(at + 9)), 700 - 12 * at, 4))
        page += [
            text(part, 72 + 6 * row.index(part), 700 - 12 * at, font=CODE)
            for part in filter(None, row.split("   "))
        ]

    assert text_of(page).endswith("\n".join(code))
