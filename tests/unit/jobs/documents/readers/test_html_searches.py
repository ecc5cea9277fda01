"""A page is searched only for what its tags name, and for all where that cannot be told."""

import pytest

from jobs.documents.readers.html.searches import selector_of, tags_of
from tests.unit.jobs.documents.readers.reading import read

SEARCHES = {"nav": ("<nav",), '[class*="menu"]': ("menu",), "pre code": ("<pre", "<code")}


def test_only_what_the_tags_name_is_searched_for() -> None:
    tags = tags_of(b"<body><NAV id=x>menu</nav><pre>")

    assert selector_of(SEARCHES, tags) == "nav"


@pytest.mark.parametrize(
    "page",
    [
        b'<p title="a > b" class="menu">',
        b"<p title='a > b' class=menu>",
        b'<p class="m&#101;nu">',
    ],
)
def test_all_is_searched_for_where_tags_cannot_be_told(page: bytes) -> None:
    found = selector_of(SEARCHES, tags_of(page))

    assert '[class*="menu"]' in found


@pytest.mark.parametrize(
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


def test_a_page_without_any_of_it_is_read() -> None:
    assert selector_of(SEARCHES, tags_of(b"<p>Text.")) == ""
    assert read("html", "<p>Text.").text == "Text."
