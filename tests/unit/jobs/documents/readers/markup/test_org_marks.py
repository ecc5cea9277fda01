from jobs.documents.readers.markup.org_marks import without_open_marks
from tests.rows import each_row

SIGNS = set("*/_+[")


@each_row(
    "page",
    [
        "begin " + "*a " * 20,
        "begin " + "*a /b _c +d " * 20,
        "begin " + "[fn:: a " * 20,
        "begin " + "*a " * 20 + "a*",
        "| " + "*a " * 20 + "|\n|---+---|",
    ],
)
def test_marks_that_nothing_ends_are_no_marks_until_the_page_is_made(page: str) -> None:
    plain = without_open_marks(page)

    assert sum(map(plain.text.count, SIGNS)) <= sum(map(page.count, SIGNS)) - 18
    assert plain.shown(plain.text) == page


@each_row(
    "page",
    [
        "*b* /i/ _u_ +s+ =c= ~v~ a_b 2*3 [fn:: a note [with brackets]] [[a][b]]",
        "*One* and *two words*,\nand /more\nof/ them. (*This*) '/that/' -*so*-.",
        "One /path and *a star.\n\nAnother /path and *a star.\n\n* A head /path *a",
        "| a | *b* |\n|----+-----|\n| 1 | 2 |",
    ],
)
def test_marks_that_are_ended_or_few_stay(page: str) -> None:
    assert without_open_marks(page).text == page


def test_signs_for_private_use_stay_what_they_are() -> None:
    page = "\ue000 and \ue002 " + "*a " * 20

    plain = without_open_marks(page)

    assert plain.text.startswith("\ue000 and \ue002 ")
    assert plain.shown(plain.text) == page


def test_page_that_uses_all_signs_for_private_use_is_left_as_it_is() -> None:
    page = "".join(map(chr, range(0xE000, 0xF900))) + " *a" * 20

    plain = without_open_marks(page)

    assert plain.text == plain.shown(plain.text) == page
