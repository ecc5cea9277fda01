"""Pages that nest deeper than any browser shows."""

from jobs.documents.readers.html.nesting import MAX_DEPTH, MIN_TAGS, limit_depth
from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import read

FILLER = "<b></b>" * (MIN_TAGS // 2)


@each_row("unit", ["<div>", "<DIV class='a'>", "<section>", "<ul>"])
def test_what_stands_too_deep_is_apart_and_its_text_is_kept(unit: str) -> None:
    depth = 2 * MAX_DEPTH
    page = "".join(f"{unit}Kiln {number}." for number in range(depth)) + FILLER

    limited = limit_depth(page)

    assert limited.count(unit) == MAX_DEPTH
    lines = read("html", page).text.split("\n\n")
    assert lines == [f"Kiln {number}." for number in range(depth)]


@each_row(
    "page",
    [
        "<div>" * MIN_TAGS,
        "<div><p>Kiln.</p></div>" * MIN_TAGS,
        "<p>Kiln." * MIN_TAGS,
        "<div>" * MAX_DEPTH + "<li>Kiln." * MIN_TAGS,
        "</div>" * MIN_TAGS + "<div>Kiln.</div>",
        "<divider>" * MIN_TAGS,
    ],
)
def test_only_the_depth_counts(page: str) -> None:
    is_deep = page == "<div>" * MIN_TAGS

    assert (limit_depth(page) != page) == is_deep


def test_a_small_page_is_parsed_as_it_is() -> None:
    page = "<div>" * (MIN_TAGS - 1)

    assert limit_depth(page) == page
