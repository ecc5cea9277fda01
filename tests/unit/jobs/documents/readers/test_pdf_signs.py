"""What typesetting programs do to single signs: accents, ligatures, symbols, minus, numbers."""

import pytest

from tests.unit.jobs.documents.readers.drawn_pdf import (
    CODE,
    NAMELESS,
    SYMBOLS,
    WIDE,
    drawn_pdf,
    lines,
    text,
)
from tests.unit.jobs.documents.readers.reading import read


def text_of(*pages: list[bytes]) -> str:
    """The text of a PDF of these pages."""
    return read("pdf", drawn_pdf(pages)).text


def test_an_exponent_of_letters_is_told_from_its_base() -> None:
    page = [text("It is x", 72, 700), text("n-1", 95.5, 704, 6), text("and f(2)", 107, 700)]
    page += [text("k", 141.6, 704, 6), text("in all.", 148, 700)]

    assert text_of(page) == "It is x^(n-1) and f(2)^k in all."


def test_an_index_of_letters_is_told_from_its_name() -> None:
    page = [text("It is x", 72, 700), text("n", 95.5, 698, 6), text("of the row.", 102, 700)]

    assert text_of(page) == "It is x_n of the row."


def test_ordinals_keep_their_letters() -> None:
    page = [text("On the 4", 72, 700), text("th", 111, 704, 6), text("day.", 120, 700)]

    assert text_of(page) == "On the 4th day."


def test_brackets_of_a_formula_font_are_brackets() -> None:
    page = [text("useGrids", 72, 700), text("h", 115, 700, font=SYMBOLS)]
    page += [text("Interpolate", 120.6, 700), text("i", 170, 700, font=SYMBOLS)]

    assert text_of(page).replace(" ", "") == "useGrids⟨Interpolate⟩"


def test_a_font_without_a_name_whose_characters_are_equally_wide_is_code() -> None:
    rows = ["gap> gens := Generators(R);", ">    function(x)", "[ <object> ]"]
    page = [text(row, 72, 700 - 12 * at, font=NAMELESS) for at, row in enumerate(rows)]

    assert text_of(page) == "\n".join(rows)


@pytest.mark.parametrize("is_accent_first", [True, False])
def test_an_accent_that_is_drawn_over_a_letter_is_in_it(*, is_accent_first: bool) -> None:
    drawn = [text("A", 111, 700), text("¨", 112.7, 702)]
    page = [text("It is 5", 72, 700), *(reversed(drawn) if is_accent_first else drawn)]

    assert text_of(page) == "It is 5 Ä"


def test_small_numbers_before_lines_of_code_are_left_out() -> None:
    rows = ["border(ib, t_min, t_max)", "  begin", "    x := f(t);"]
    numbers = [text(f"{at}", 64, 700 - 12 * at + 12, 5) for at in (1, 2, 3)]

    found = text_of(
        [*(drawn for pair in zip(numbers, lines(rows, font=CODE), strict=True) for drawn in pair)]
    )

    assert found == "\n".join(rows)


def test_numbers_with_zeros_before_lines_of_code_are_left_out() -> None:
    rows = ["00001 int main() {", "00002   return pump();", "00003 }", "00005 // the end"]
    page = [text(row, 72, 700 - 12 * at, font=CODE) for at, row in enumerate(rows)]

    assert text_of(page) == "int main() {\n  return pump();\n}\n// the end"


def test_ligatures_of_a_font_that_names_no_letters_are_kept() -> None:
    assert text_of([text("It is de\x0cned here.", 72, 700)]) == "It is defined here."


def test_the_minus_before_an_option_is_a_hyphen() -> None:
    page = [text("Use 5 \u2212 3 or \u2212\u2212port.", 72, 700, font=WIDE)]

    assert text_of(page) == "Use 5 \u2212 3 or --port."


def test_addresses_with_zeros_in_a_listing_are_kept() -> None:
    rows = ["00011 E5*01   mov  a,(_gint + 1)", "00013 33      rlc  a", "00014 92*00   mov  c"]

    assert text_of([text(row, 72, 700 - 12 * at, font=CODE) for at, row in enumerate(rows)]) == (
        "\n".join(rows)
    )
