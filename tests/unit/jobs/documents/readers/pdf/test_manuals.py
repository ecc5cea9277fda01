"""What manuals show: tables of many entries, figures within text, notes, letters drawn twice.

After manuals that TeX, Texinfo, groff, Typst and Chromium have made.
"""

from jobs.documents.readers.pdf.glyphs.page_glyphs import Glyph
from jobs.documents.readers.pdf.glyphs.styles import Style
from jobs.documents.readers.pdf.glyphs.twice import drawn_once
from tests.rows import each_row
from tests.unit.jobs.documents.readers.pdf.drawn_pages import PROSE, text_of
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import (
    CODE,
    WIDE,
    drawn_pdf,
    lines,
    paragraph,
    rule,
    text,
)
from tests.unit.jobs.documents.readers.reading import read

ENTRIES = [
    ("fixedsize", "false", "the label has no effect"),
    ("font", "Times", "its family"),
    ("group", "", "the name of a group"),
    ("height", "0.5", "in inches"),
]


def _grid(columns: list[float], bottom: float, top: float) -> list[bytes]:
    rules = [rule(left, bottom, left, top) for left in columns]
    return [*rules, *(rule(columns[0], height, columns[-1], height) for height in (bottom, top))]


def test_each_entry_of_a_table_without_rules_between_rows_is_a_row() -> None:
    cells = [
        text(words, left, 690 - 12 * number)
        for number, entry in enumerate(ENTRIES)
        for words, left in zip(entry, (74, 154, 214), strict=True)
        if words
    ]

    shown = text_of([*_grid([70, 150, 210, 400], 645, 702), *cells])

    assert shown.split("\n") == [" | ".join(entry) for entry in ENTRIES]


def test_the_lines_of_long_cells_side_by_side_are_one_row() -> None:
    left = paragraph(PROSE[:160], width=28)
    right = paragraph(PROSE[80:240], width=28)
    cells = [*lines(left, 74, 690), *lines(right, 264, 690)]

    shown = text_of([*_grid([70, 260, 460], 600, 702), *cells])

    assert shown == f"{' '.join(left)} | {' '.join(right)}"


@each_row("name", ["pump", "Pump"])
def test_a_paragraph_goes_on_behind_the_caption_of_a_figure(name: str) -> None:
    rows = paragraph(PROSE.replace("pump", name))
    caption = text("Figure 4: The tab of labels.", 220, 500)

    shown = text_of(lines(rows[:1], top=300), [caption, *lines(rows[1:], top=460)])

    assert rows[0].endswith(" The")
    assert shown == " ".join(rows) + "\n\nFigure 4: The tab of labels."


def test_a_paragraph_that_has_ended_does_not_go_on_behind_a_caption() -> None:
    pages = [
        lines([*paragraph(PROSE), "It ends here."], top=300),
        [text("Figure 4: The tab.", 220, 500), *lines(["so it begins.", "x."], top=460)],
    ]

    assert "Figure 4: The tab.\n\nso it begins." in text_of(*pages)


def _glyph(char: str, left: float, right: float, baseline: float) -> Glyph:
    style = Style(baseline, 21.6, is_mono=False, is_pale=False, turns=0)
    return Glyph(char, left, right, style, is_spaced=False)


def test_letters_of_a_ligature_that_are_drawn_twice_are_read_once() -> None:
    ligature = [("f", 286.0, 290.2), ("i", 290.2, 294.3)]
    twice = [_glyph(*place, baseline) for baseline in (214.5, 215.25) for place in ligature]

    found = drawn_once([*twice, _glyph("l", 295.8, 300.3, 214.5), _glyph("l", 300.3, 304.8, 214.5)])

    assert "".join(glyph.char for glyph in found) == "fill"


def test_notes_with_their_numbers_before_them_are_no_table() -> None:
    notes = [
        drawn
        for number, words in enumerate(["called so", "at least five bar", "see below", "or less"])
        for drawn in (
            text(str(number + 6), 74, 103 - 12 * number, size=5),
            text(f"{words} of them, as the maker says.", 84, 100 - 12 * number, size=8),
        )
    ]

    shown = text_of([*lines(paragraph(PROSE * 2), top=700), *notes])

    assert "|" not in shown
    assert "[7] at least five bar of them, as the maker says." in shown


def test_a_note_at_a_page_end_does_not_stand_in_code_that_goes_on() -> None:
    code = [f"STEP{number} = {number}" for number in range(6)]
    note = [text("1", 74, 63, size=5), text("Or less, as the maker says.", 84, 60, size=8)]
    pages = [
        [*lines(paragraph(PROSE), top=700), *lines(code[:3], top=120, font=CODE), *note],
        [*lines(code[3:], top=700, font=CODE), *lines(paragraph(PROSE), top=600)],
    ]

    assert "\n".join(code) in text_of(*pages)


def test_signs_far_from_what_they_mean_are_cells() -> None:
    rows = [("-", "Minus, of one or two"), ("!", "Not"), ("~", "Tilde, of models"), ("?", "Help")]
    drawn = [
        text(words, left, 700 - 12 * number)
        for number, row in enumerate(rows)
        for words, left in zip(row, (80, 140), strict=True)
    ]

    assert text_of(drawn).split("\n") == [" | ".join(row) for row in rows]


def test_declarations_in_a_proportional_font_are_no_table() -> None:
    rows = [("pump_t", "*start(int bar);"), ("valve_t", "*close(int side);")]
    drawn = [
        text(words, left, 700 - 12 * number)
        for number, row in enumerate(rows)
        for words, left in zip(row, (80, 160), strict=True)
    ]

    assert "|" not in text_of(drawn)


def test_the_tail_of_an_item_is_in_it_though_it_is_code_behind_a_colon() -> None:
    first = "- Say briefly what is new, and close the bugs that are mended by adding what follows:"
    rows = lines([first, "- Another item."], left=80, top=700, leading=24)
    pages = [*rows, text("#number.", 90, 688, font=CODE), *lines(paragraph(PROSE), top=640)]

    assert f"{first} #number.\n" in text_of(pages)


@each_row(
    "first, second, word",
    [
        ("casual re-", "sources- names and room", "resources- names"),
        ("up-", "to-date", "up-to-date"),
    ],
)
def test_a_syllable_before_a_word_with_a_hyphen_is_no_word(
    first: str, second: str, word: str
) -> None:
    rows = ["The store holds whatever is needed up to now, and of what it holds are " + first]

    assert word in text_of(lines([*rows, f"{second} that are there, re: all that is said."]))


def test_the_arrow_of_a_graph_is_as_it_is_typed() -> None:
    row = text("a \u2212> b \u2212\u2212 c \u2212x; 3 \u2212 2", 72, 700, font=WIDE)

    assert text_of([row]) == "a -> b -- c -x; 3 \u2212 2"


def test_a_letter_of_a_font_that_is_not_at_hand_is_read_where_it_stands_alone() -> None:
    rows = [text("\u3092\u53c2", 72, 700, font=WIDE), text("\u7167", 72, 688, font=WIDE)]

    assert read("pdf", drawn_pdf([rows])).text == "\u3092\u53c2\u7167"


def test_a_page_number_that_a_long_title_has_run_into_is_left_out() -> None:
    feet = ["2    Chapter 1. Pumps", "4    Chapter 2. Valves", "6    Chapter 3. Seals"]
    rows = paragraph(PROSE)
    pages = [
        [*lines(rows, top=700), text(foot[0], 72, 40), text(foot[5:], 380, 40)] for foot in feet
    ]
    pages.insert(3, [*lines(rows, top=700), text("8Chapter 4. Whatever else there is", 72, 40)])
    blank = [lines(rows, top=700) for _ in pages]

    shown = text_of(*[page for pair in zip(pages, blank, strict=True) for page in pair])

    assert "Chapter" not in shown
