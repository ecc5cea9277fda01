"""A page is searched only for classes that it has, and for all where these cannot be told."""

from jobs.documents.readers.html.searches import classes_of, selector_of
from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import read

SEARCHES = {"nav": "", '[class*="menu"]': "menu", ".ln": "ln"}


def test_only_classes_that_the_page_has_are_searched_for() -> None:
    classes = classes_of(b"<body><NAV CLASS='Side-Menu x'>ln</nav><p class=\"y\">")

    assert selector_of(SEARCHES, classes) == 'nav, [class*="menu"]'


@each_row(
    "page",
    [b"<p class=menu>", b'<p class = "menu">', b'<p class="m&#101;nu">'],
)
def test_all_is_searched_for_where_classes_cannot_be_told(page: bytes) -> None:
    assert selector_of(SEARCHES, classes_of(page)) == ", ".join(SEARCHES)


@each_row(
    "menu",
    [
        '<div title="1 > 0" class="navfooter"><a href=a>Next</a></div>',
        "<div title='a\">b' class='navfooter'><a href=a>Next</a></div>",
        '<div class="n&#97;vfooter"><a href=a>Next</a></div>',
        '<DIV CLASS="navfooter"><a href=a>Next</a></DIV>',
        "<div\nclass=navfooter\n><a href=a>Next</a></div>",
    ],
)
def test_a_menu_goes_however_its_tag_is_written(menu: str) -> None:
    assert read("html", f"<body><p>Text.</p>{menu}").text == "Text."
