"""Which lines at head and tail of a document are left out once others share them."""

from jobs.documents.whole_corpus.edge_lines import (
    MAX_EDGE_LINES,
    cut_out,
    find_edges,
    find_shared,
    spans_of,
)
from tests.rows import each_row

BODY = "Clay is dried before it is fired, as water would burst it in the kiln.\n\nIt shrinks."
LONG = "This paragraph stands at the head of every page, and it is text that people came to read."


def left_of(text: str, *others: str) -> str:
    """What is left of a text whose edges are compared with those of others."""
    shared: set[int] = set().union(*(find_edges(other).keys() for other in others))
    return cut_out(text, spans_of(text, find_shared(text, find_edges(text), shared))).strip()


def test_menu_and_footer_go_and_the_text_between_stays() -> None:
    page = "Home\nAbout\n\nKilns\n\n{}\n\nAll prices in euro"
    other = page.format("Looms are made of wood.").replace("Kilns", "Looms")

    left = left_of(page.format(BODY), other)

    assert left == f"Kilns\n\n{BODY}"


@each_row(
    "one, other",
    [
        ("This page last modified on 2020-06-18 21:18:56 UTC", "This page last modified on 2023"),
        ("Last updated on Aug 21, 2023.", "Last updated on December 1, 2021."),
        ("© 2001-2023 The Potters", "© 2024 The Potters"),
        ("page 3 of 12", "Page 7 of 9"),
        ("Last updated on 2024-01-10 by Ada Ash", "Last updated on 2024-03-11 by Bo Birch"),
        ("Zuletzt geändert © 2024 von Ada", "Zuletzt geändert © 2023 von Bo"),
    ],
)
def test_notices_are_the_same_but_for_their_date(one: str, other: str) -> None:
    left = left_of(f"{BODY}\n\n{one}", f"Looms.\n\n{other}")

    assert left == BODY


def test_sums_and_chapter_numbers_are_no_dates() -> None:
    text = f"Chapter 3\n\n{BODY}\n\nTotal: 42 EUR"

    left = left_of(text, "Chapter 4\n\nLooms.\n\nTotal: 17 EUR")

    assert left == text


@each_row("paragraph", [LONG, LONG.replace("page, ", "single page\n")])
def test_long_paragraph_is_text_and_so_is_what_lies_further_in(paragraph: str) -> None:
    left = left_of(f"Home\n{paragraph}\n\nUse\n\n{BODY}", f"Home\n{paragraph}\n\nUse\n\nLooms.")

    assert left == f"{paragraph}\n\nUse\n\n{BODY}"


@each_row(
    "line",
    [
        "Copyright 2023 The Potters of the Valley. Printed with their permission, for schools.",
        "Home | About us | Documentation | Download | License | Support | Purchase | Search here",
    ],
)
def test_long_notices_and_menus_in_one_line_go(line: str) -> None:
    assert len(line) > 80

    assert left_of(f"{BODY}\n\n{line}", f"Looms.\n\n{line}") == BODY


def test_menu_goes_on_after_one_line_of_the_pages_own() -> None:
    menu = "- Home\n- About\n- Search\n\n"

    left = left_of(f"Guide > Kilns\n{menu}{BODY}", f"Guide > Looms\n{menu}Looms.")

    assert left.split() == ["Guide", ">", "Kilns", *BODY.split()]


def test_the_entry_of_the_page_itself_is_marked_in_its_menu() -> None:
    left = left_of(f"» Home\nAbout\n\n{BODY}", "Home\n» About\n\nLooms.")

    assert left == BODY


def test_a_heading_that_pages_share_further_in_stays() -> None:
    text = f"Kilns\n\nDescription\n\n{BODY}"

    assert left_of(text, "Looms\n\nDescription\n\nMade of wood.") == text


def test_rules_go_with_the_footer_and_stay_without_it() -> None:
    footer = "\n\n----\n\nThe Potters"

    assert left_of(BODY + footer, "Looms." + footer) == BODY
    assert left_of(f"{BODY}\n\n----", "Looms.\n\n----") == f"{BODY}\n\n----"


def test_ends_of_code_stay() -> None:
    text = f"{BODY}\n\n    return 0;\n}}"

    assert left_of(text, "Looms.\n\n    return 0;\n}") == text


def test_copies_are_no_menus() -> None:
    short, long = "Home\nAbout", "\n".join(f"Entry {n}" for n in range(3 * MAX_EDGE_LINES))

    assert left_of(short, short) == short
    assert left_of(long, long) == long


def test_text_of_a_mebibyte_is_looked_at_near_its_ends_alone() -> None:
    line = "A line of forty characters, as it seems.\n"
    text = "Home\n" + line * 26_000 + "The end"

    edges = find_edges(text)

    assert len(edges.head) == len(edges.tail) == MAX_EDGE_LINES
    assert text[edges.head[0].start_char : edges.head[0].end_char] == "Home"
    assert text[edges.tail[0].start_char : edges.tail[0].end_char] == "The end"
