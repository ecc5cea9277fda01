"""Pages in the storage format of Confluence, and such that nest deeper than any browser shows."""

from jobs.documents.readers.html.source import MAX_DEPTH, MIN_TAGS, limit_depth
from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import read

FILLER = f"<!--{'<' * MIN_TAGS}-->"  # what counts is the sign that a tag begins with
CODE = (
    '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">bash</ac:parameter>'
    "<ac:plain-text-body><![CDATA[if [ 1 -lt 2 ]; then\n  ac:make <ac:all>\nfi]]>"
    "</ac:plain-text-body></ac:structured-macro>"
)


@each_row(
    "page, text",
    [
        (f"<p>Run it:</p>{CODE}", "Run it:\n\nif [ 1 -lt 2 ]; then\n  ac:make <ac:all>\nfi"),
        (
            '<ac:structured-macro ac:name="info"><ac:parameter ac:name="icon">false</ac:parameter>'
            '<ac:parameter ac:name="title">Hot pipe</ac:parameter><ac:rich-text-body><p>Wait.</p>'
            "</ac:rich-text-body></ac:structured-macro><p>Then go.</p>",
            "Hot pipe\n\nWait.\n\nThen go.",
        ),
        (
            '<p>See <ac:link><ri:page ri:content-title="Pumps" /></ac:link> and <ac:link>'
            '<ri:page ri:content-title="Valves" /><ac:plain-text-link-body><![CDATA[those]]>'
            "</ac:plain-text-link-body></ac:link>.</p>",
            "See Pumps and those.",
        ),
        (
            "<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete"
            "</ac:task-status><ac:task-body>Drain it.</ac:task-body></ac:task><ac:task>"
            "<ac:task-id>2</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>"
            "Fill it.</ac:task-body></ac:task></ac:task-list>",
            "- [x] Drain it.\n- [ ] Fill it.",
        ),
        ('<p>Done <ac:emoticon ac:name="x" ac:emoji-fallback="\u2705" />.</p>', "Done \u2705."),
    ],
)
def test_macros_are_what_they_show(page: str, text: str) -> None:
    assert read("html", page).text == text


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
