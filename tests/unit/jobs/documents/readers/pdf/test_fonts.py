"""What the fonts of a PDF do not say: that they are of a typewriter, which signs they have."""

from jobs.documents.readers.pdf.glyphs.bitmap_fonts import with_sizes
from jobs.documents.readers.pdf.glyphs.page_glyphs import Glyph
from jobs.documents.readers.pdf.glyphs.styles import NO_STYLE, FontStyles
from tests.unit.jobs.documents.readers.pdf.drawn_pages import CLASS, PROSE, text_of
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import (
    BITMAP,
    CODE,
    CORNERS,
    EVEN,
    WIDE,
    drawn_pdf,
    lines,
    paragraph,
    rule,
    text,
)
from tests.unit.jobs.documents.readers.reading import read

BOX = "the pump starts only while the valve is closed, and the operator watches the gauge there"


def test_a_font_of_any_name_whose_letters_are_equally_wide_is_code() -> None:
    page = [*lines(["It is defined so:"], top=730), *lines(CLASS, font=EVEN)]

    assert text_of(page) == "It is defined so:\n\n" + "\n".join(CLASS)


def test_slanted_typewriter_fonts_of_tex_are_code() -> None:
    page = [text("open(3) {", 72, 700), text("open(2)", 84, 688), text("}", 72, 676)]
    data = drawn_pdf([page]).replace(b"/Helvetica", b"/+SFST1000")

    assert read("pdf", data).text == "open(3) {\n  open(2)\n}"


def test_digits_and_capitals_alone_tell_no_typewriter_font() -> None:
    assert text_of([text("2026-11-30 08:05", 72, 700), text("More.", 72, 640)]) == (
        "2026-11-30 08:05\n\nMore."
    )


def test_a_large_icon_beside_a_paragraph_does_not_part_its_lines() -> None:
    icon = text("\uf071", 72, 690, 24, WIDE)
    page = [*lines(paragraph(PROSE, 70), left=120, top=700), icon]

    assert text_of(page) == PROSE.strip()


def test_a_sign_without_a_name_before_a_text_is_a_bullet() -> None:
    page = [
        drawn
        for at, words in enumerate(["Open the valve.", "Close the valve."])
        for drawn in (text("\uf0a7", 72, 700 - 14 * at, font=WIDE), text(words, 90, 700 - 14 * at))
    ]

    assert text_of(page) == "• Open the valve.\n• Close the valve."


def test_the_corners_of_a_frame_are_no_text() -> None:
    page = [
        text("\u261b\u271f", 72, 715, font=CORNERS),
        *lines(["start pump"], font=CODE),
        text("\u2721\u2720", 72, 690, font=CORNERS),
    ]

    assert text_of(page) == "start pump"


def test_an_accent_that_is_drawn_long_after_its_letter_is_in_it() -> None:
    page = [
        text("Ubersetzung der Anmerkung", 72, 700),
        text("¨", 74, 702.5),
        text("hier.", 200, 700),
    ]

    assert text_of(page) == "Übersetzung der Anmerkung hier."


def test_an_accent_a_little_below_the_baseline_is_in_its_letter() -> None:
    page = [
        text("ubung macht den Meister", 72, 700),
        text("¨", 73.5, 699.6),
        text("hier.", 200, 700),
    ]

    assert text_of(page) == "übung macht den Meister hier."


def test_a_line_of_dots_that_says_what_is_left_out_is_kept() -> None:
    page = lines(["First it opens the valve of the pump.", "...", "Then it closes it again."])

    assert text_of(page) == ("First it opens the valve of the pump.\n...\nThen it closes it again.")


def test_two_long_lines_that_end_alike_are_full_though_others_are_longer() -> None:
    wide = lines(paragraph(PROSE, 95), left=100, top=740)
    box = [text(words, 110, 640 - 12 * at, 9) for at, words in enumerate([BOX, BOX, "it."])]

    assert text_of([*wide, *box]).endswith(f"{BOX} {BOX} it.")


def test_a_sign_of_another_font_in_code_makes_no_blank_line() -> None:
    rows = ["/* A short", "*", "* More text.", "*/", "int x;", "int y;", "int z;"]
    heights = [700, 692, 682.8, 676, 668, 660, 652]
    page = [text(row, 72, at, 7, CODE) for row, at in zip(rows, heights, strict=True)]

    assert text_of(page) == "\n".join(rows)


def test_bullets_far_from_their_items_are_no_cells() -> None:
    page = [
        drawn
        for at, words in enumerate(["Rect", "Circle", "Wedge (a slice)", "Polygon", "Line"])
        for drawn in (text("•", 90, 700 - 12 * at), text(words, 126, 700 - 12 * at))
    ]

    assert text_of(page) == "• Rect\n• Circle\n• Wedge (a slice)\n• Polygon\n• Line"


def test_no_note_has_the_number_nought() -> None:
    page = [text("A binding has a pat", 72, 700), text("0", 154.8, 704, 6)]

    assert text_of(page) == "A binding has a pat^0"


def test_a_bracket_behind_an_index_is_not_apart_from_it() -> None:
    page = [text("It is S(t", 72, 700), text("n", 103.2, 698, 6), text(") again.", 108, 700)]

    assert text_of(page) == "It is S(t_n) again."


def test_a_line_of_code_whose_last_word_is_prose_goes_on_in_the_next_one() -> None:
    code = "var/1, nonvar/1, atom/1, integer/1, float/1, list_of_atoms_or_partial_list_of_atoms/1,"
    page = [
        text(code, 72, 700, font=CODE),
        text("and", 72 + 6 * len(code) + 3, 700),
        text("ground/1", 72, 688, font=CODE),
        text("are predicates.", 124, 688),
    ]

    assert text_of(page) == f"{code} and ground/1 are predicates."


def test_underscores_that_are_drawn_at_both_ends_of_a_line_are_read() -> None:
    first, second = "The names are HYDRA", "PORT and those that begin with"
    page = [text(first, 72, 700), text(second, 72, 688), text("init.", 83, 676)]
    page += [rule(72 + 5.84 * len(first) - 5, 700, 72 + 5.84 * len(first) - 1, 700)]
    page += [rule(77.5, 676, 82.5, 676), rule(72.2, 676, 77.2, 676)]

    assert text_of(page) == "The names are HYDRA_PORT and those that begin with __init."


def test_underscores_that_are_drawn_for_names_stand_apart() -> None:
    page = [
        text("zip", 72, 700),
        text("= all", 150, 700),
        text("q :", 72, 660),
        text("= x", 96, 660),
    ]
    page += [rule(left, 700, left + 5, 700) for left in (92, 102, 112)]
    page += [rule(87, 660, 92, 660), text("C-c", 72, 620), rule(93, 620, 98, 620)]

    shown = ["zip", "_", "_", "_", "=", "all", "q", ":", "_", "=", "x", "C-c", "_"]
    assert text_of(page).split() == shown


def test_a_line_that_begins_with_a_number_and_a_word_is_no_page_number() -> None:
    pages = [
        [*lines(paragraph(f"{PROSE}It is {at}.", 70), top=740), text(f"{at}", 300, 60)]
        for at in range(3, 11)
    ]
    note = [text("It was supported under Contract DE-AC02-", 72, 92), text("06CH11357.", 72, 80)]

    assert "DE-AC02-06CH11357." in text_of(*pages[:3], [*pages[3], *note], *pages[4:])


def test_what_is_drawn_below_the_pages_does_not_keep_their_numbers() -> None:
    pages = [
        [
            *lines(paragraph(f"{PROSE}It is {word}.", 70), top=740),
            text(f"{at}", 300, 40),
            text(f"Note {word}", 300, -67),
        ]
        for at, word in enumerate(["red", "blue", "green", "white", "black", "grey"], start=41)
    ]

    assert "43" not in text_of(*pages)


def test_words_in_letters_that_are_pictures_are_whole() -> None:
    words = {"the": 72, "probe": 92, "runs": 125}
    page = [
        text(word, left, 700, 1, BITMAP, matrix="0.1 0 0 0.1", spread=3)
        for word, left in words.items()
    ]

    assert text_of(page) == " ".join(words)


def test_a_space_without_room_between_letters_that_are_pictures_is_none() -> None:
    style = NO_STYLE._replace(size=0.1)
    edges = [5.0, 10.0, 15.6, 18.7, 23.1, 27.5, 31.4]
    glyphs = [
        Glyph(char, left, right, style, is_spaced=char in "oj")
        for char, left, right in zip("object", edges[:-1], edges[1:], strict=True)
    ]

    found = with_sizes(glyphs, [FontStyles(is_nameless=True, styles=[style])])

    assert [glyph.is_spaced for glyph in found] == [True, False, False, False, False, False]
    assert {glyph.style.size for glyph in found} == {10.0}
