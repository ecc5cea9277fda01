"""What stands between the lines and the glyphs of a PDF: spaces, hyphens, raised numbers."""

from jobs.documents.readers.pdf.glyphs.page_glyphs import Glyph
from jobs.documents.readers.pdf.glyphs.styles import NO_STYLE
from jobs.documents.readers.pdf.lines.line_text import line_text
from jobs.documents.readers.pdf.lines.runs import page_runs
from tests.rows import each_row
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import (
    CODE,
    WIDE,
    drawn_pdf,
    lines,
    paragraph,
    text,
)
from tests.unit.jobs.documents.readers.reading import read

FILLER = "The pump stands in the cellar and runs by day and by night without a pause at all"


def words_of(rows: list[str], font: str = "F1") -> str:
    """The text of a paragraph of these lines."""
    return read("pdf", drawn_pdf([lines(rows, font=font)])).text


def test_a_power_is_told_from_its_base() -> None:
    page = [text("The gain is 10", 72, 700), text("6", 136, 704, 6), text(" per stage.", 140, 700)]

    assert "10^6 per stage." in read("pdf", drawn_pdf([page])).text


def test_a_raised_number_after_a_word_is_a_note_in_brackets() -> None:
    page = [text("The seal must be dry.", 72, 700), text("12", 168, 704, 6)]

    assert read("pdf", drawn_pdf([page])).text == "The seal must be dry.[12]"


def test_a_lowered_number_stays_in_its_word() -> None:
    page = [text("It is CO", 72, 700), text("2", 105.5, 698, 6), text("that leaks.", 111.8, 700)]

    assert read("pdf", drawn_pdf([page])).text == "It is CO2 that leaks."


@each_row(
    "end, start, joined",
    [
        ("https://example.org/manuals/pump/", "start.html#first", "/pump/start.html#first"),
        ("https://example.org/long-name-of-a-", "page.html", "long-name-of-a-page.html"),
        ("https://www.example.", "org/pump", "www.example.org/pump"),
        ("https://example.org/search?lang=en&", "q=pump", "lang=en&q=pump"),
    ],
)
def test_an_address_over_a_line_end_is_whole(end: str, start: str, joined: str) -> None:
    rows = [f"All about it is told at length to all readers at {end}", f"{start} in full"]

    assert joined in words_of(rows)


@each_row("rest", ["pumps/start.html", "~pumps/start.html"])
def test_a_hyphen_that_divides_a_path_is_left_out(rest: str) -> None:
    rows = [f"{FILLER}, as told at http://example.org/-", f"{rest} in full"]

    assert f"http://example.org/{rest} in full" in words_of(rows)


def test_a_word_after_an_address_is_not_taken_for_a_part_of_it() -> None:
    rows = [f"{FILLER}, see https://example.org/pump/start.html", "which tells all of it."]

    assert "start.html which tells" in words_of(rows)


def test_a_path_in_a_typewriter_font_over_a_line_end_is_whole() -> None:
    page = [
        text("The limits of the pump are read again and again from", 72, 700),
        text("/usr/share/pump/", 310, 700, font=CODE),
        text("limits.conf", 72, 688, font=CODE),
        text(" whenever it starts, as all do.", 138, 688),
    ]

    assert "/usr/share/pump/limits.conf whenever" in read("pdf", drawn_pdf([page])).text


@each_row(
    "end, start, joined",
    [
        ("/usr/lib", "/$(ARCH)/pump.so", "/usr/lib/$(ARCH)/pump.so"),
        ("/usr", "/bin/pump", "/usr/bin/pump"),
        ("/bin/pump", "/etc/pump", "/bin/pump /etc/pump"),
        ("ftp:", "//pump.org/a", "ftp://pump.org/a"),
    ],
)
def test_a_path_that_is_divided_before_a_slash_is_whole(end: str, start: str, joined: str) -> None:
    page = [
        text("All limits of the pump are read again from", 72, 700),
        text(end, 280, 700, font=CODE),
        text(start, 72, 688, font=CODE),
        text("whenever it starts, as all do.", 170, 688),
    ]

    assert f"from {joined} whenever" in read("pdf", drawn_pdf([page])).text


def test_prose_after_a_path_in_a_typewriter_font_is_apart_from_it() -> None:
    page = [
        text("The limits of the pump are read again and again from", 72, 700),
        text("/usr/share/pump/", 310, 700, font=CODE),
        text("whenever it starts, as all do.", 72, 688),
    ]

    assert "/usr/share/pump/ whenever" in read("pdf", drawn_pdf([page])).text


def test_a_soft_hyphen_at_a_line_end_is_left_out() -> None:
    rows = ["The com\xad", "pressor is loud and kept away."]

    assert words_of(rows).startswith("The compressor is")


def test_a_hyphen_between_two_words_of_the_text_is_kept() -> None:
    rows = ["Its heat comes at each run and each time, it is told. It comes at run-", "time alone."]

    assert "at run-time alone" in words_of(rows)


def test_a_word_that_is_whole_elsewhere_is_whole_again() -> None:
    rows = [
        "A database is made of data and a base, as we know. That is why a data-",
        "base grows.",
    ]

    assert "a database grows" in words_of(rows)


def test_a_hyphen_behind_capitals_is_kept_before_a_small_letter() -> None:
    rows = ["The pump has all that is told of here, which is a fnIII-", "domain of it."]

    assert "a fnIII-domain of it." in words_of(rows)


def test_a_hyphen_before_a_word_that_a_verb_of_the_text_makes_is_kept() -> None:
    rows = [f"{FILLER}, for a machine can parse it: its file is machine-", "parseable by all."]

    assert "machine-parseable by all." in words_of(rows)


def test_a_syllable_that_may_be_a_prefix_is_one_of_a_word() -> None:
    assert "taken in exchange for it" in words_of(
        [f"{FILLER}; it is taken in ex-", "change for it."]
    )


@each_row("start", ["D_Shape", "_Shape"])
def test_the_arrow_where_a_name_is_divided_is_no_part_of_it(start: str) -> None:
    page = [text("All B", 72, 700), text("←-", 92.6, 700, font=WIDE), text(start, 72, 688)]

    assert read("pdf", drawn_pdf([page])).text == f"All B{start}"


def test_an_option_keeps_its_hyphen() -> None:
    page = lines(["All of it is read by the command pump --long-", "format as told."], font=CODE)
    page += [text("Prose follows it here.", 72, 640)]

    assert "--long-" in read("pdf", drawn_pdf([page])).text
    assert "--longformat" not in read("pdf", drawn_pdf([page])).text


def test_no_space_stands_between_lines_of_chinese() -> None:
    rows = ["压力应在一分", "钟内升到五巴。然", "后慢慢打开阀门。"]

    assert words_of(rows, WIDE) == "压力应在一分钟内升到五巴。然后慢慢打开阀门。"


def test_hebrew_is_in_the_order_in_which_it_is_read() -> None:
    rows = ["שלום לכל הקוראים של הספר הזה", "וגם לכל האחרים."]
    page = [
        text(row[::-1], 500 - 10 * len(row), 700 - 12 * number, font=WIDE)
        for number, row in enumerate(rows)
    ]

    assert read("pdf", drawn_pdf([page])).text == " ".join(rows)


def test_a_ligature_is_its_letters() -> None:
    assert words_of(["Di\ue000cult"], WIDE) == "Difficult"
    assert words_of(["Di\ufb03cult"], WIDE) == "Difficult"


def test_narrow_spaces_between_words_are_spaces() -> None:
    page = [text("Two", 72, 700), text("words", 92.6, 700), text("here", 121, 700)]

    assert read("pdf", drawn_pdf([page])).text == "Two words here"


def test_room_between_names_in_a_typewriter_font_is_a_space() -> None:
    style = NO_STYLE._replace(size=10.0, is_mono=True)
    glyphs = [
        Glyph(char, left, left + 6, style, is_spaced=False)
        for char, left in zip("fab", (100, 110.7, 117.2), strict=True)
    ]

    assert line_text(page_runs(glyphs)) == "f ab"


def test_letters_that_are_spread_are_words() -> None:
    page = [text("CHAPTER", 72, 700, spread=4), text("ONE", 160, 700, spread=4)]

    assert read("pdf", drawn_pdf([page])).text == "CHAPTER ONE"


def test_letters_of_code_that_are_spread_are_words() -> None:
    page = [text("Standards", 72, 700, font=CODE, spread=1.1)]
    page += [text("-Version:", 137.2, 700, font=CODE, spread=1.1)]
    page += [text("3.8", 208.6, 700, font=CODE, spread=1.1)]

    assert read("pdf", drawn_pdf([page])).text == "Standards-Version: 3.8"


def test_the_words_of_a_title_stand_apart_from_its_number() -> None:
    page = [text("16.1", 72, 700, 14), text("Overview", 100.8, 700, 14)]

    assert read("pdf", drawn_pdf([page])).text == "16.1 Overview"


def test_letters_that_are_spread_word_by_word_are_words() -> None:
    page = [
        text("first", 72, 700, spread=2.2),
        text("argument", 108, 700, spread=0.7),
        text("of checking", 161, 700, spread=0.7),
        text("whether", 226, 700, spread=0.7),
    ]

    assert read("pdf", drawn_pdf([page])).text == "first argument of checking whether"


def test_three_spaced_dots_are_an_ellipsis() -> None:
    assert words_of(["It runs . . . and it stops."]) == "It runs ... and it stops."


def test_a_paragraph_goes_on_past_the_notes_at_the_foot_of_its_page() -> None:
    first = lines(paragraph(f"{FILLER}. {FILLER}, as long as the valve"))
    foot = [text("1 Which it does since spring.", 72, 60, 7)]
    second = lines(paragraph("is open and the lamp is green. Then it stops at once."))

    found = read("pdf", drawn_pdf([[*first, *foot], second]))

    assert "as long as the valve is open and the lamp" in found.text
    assert "1 Which it does since spring." in found.text
    assert found.text[found.page_starts[1] :].startswith("is open")


@each_row("start, is_inner", [("9 and 10.", True), ("9 Valves", False), ("9. and so on.", False)])
def test_a_page_may_begin_with_a_number_of_the_sentence_before(start: str, is_inner: bool) -> None:
    first = lines([f"{FILLER}.", f"{FILLER} with the valves"])
    second = lines([start, "The lamp is green."], leading=40)

    found = read("pdf", drawn_pdf([first, second])).text

    assert ("with the valves 9 and 10." in found) == is_inner
    assert (f"\n{start}" in found) != is_inner


def test_numbered_titles_far_below_each_other_are_apart() -> None:
    titles = ["3.1 circuits", "3.2 genmodel", "3 gensymm", "4 graver"]

    assert read("pdf", drawn_pdf([lines(titles, leading=60)])).text == "\n\n".join(titles)


def test_notes_at_a_foot_are_told_from_text_under_a_large_title() -> None:
    title = text("A title in large letters", 72, 740, 20)
    first = lines(paragraph(f"{FILLER}. {FILLER}, as long as the valve"))
    foot = [text("1 Which it does since spring.", 72, 60, 8)]
    second = lines(paragraph("is open and the lamp is green. Then it stops at once."))

    found = read("pdf", drawn_pdf([[title, *first, *foot], second]))

    assert "as long as the valve is open and the lamp" in found.text


def test_an_address_goes_on_past_the_end_of_its_page() -> None:
    first = lines(paragraph(f"{FILLER}. {FILLER}, see https://pumps.example.org/branches/"))
    second = lines(["R-x-branch/ for more of it, and for the lamp."])

    found = read("pdf", drawn_pdf([first, second]))

    assert "https://pumps.example.org/branches/R-x-branch/ for more" in found.text


def test_a_comment_after_an_address_is_none_of_it() -> None:
    rows = ["# download it", "# http://pumps.example.org/manuals/index.html", "# and this too"]

    assert "index.html# and" not in words_of(rows)


def test_a_name_with_a_capital_in_its_midst_is_put_together_again() -> None:
    rows = ["LilyPond sets the notes, and what LilyPond sets is printed by Lily-", "Pond itself."]

    assert "Lily-Pond" not in words_of(rows)
